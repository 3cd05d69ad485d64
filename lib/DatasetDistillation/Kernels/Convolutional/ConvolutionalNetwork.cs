namespace DatasetDistillation.Kernels;

/// <summary>
/// A convolutional ReLU network of infinite width, as its kernel sees it: 3×3 convolutions over an image with zeros around it, each
/// followed by ReLU, one average pooling of stride 1, a dense layer.
/// </summary>
/// <param name="Limit">Which kernel.</param>
/// <param name="Depth">Convolutions.</param>
/// <param name="PoolRadius">r: windows of (r + 1)×(r + 1), all that touch the image; 0: no pooling.</param>
/// <param name="WeightVariance">σ_w².</param>
/// <param name="BiasVariance">σ_b².</param>
internal readonly record struct ConvolutionalNetwork(WideLimit Limit, int Depth, int PoolRadius, double WeightVariance, double BiasVariance)
{
    /// <summary>Added to variances, so that the pixels of an empty image without biases have a finite inverse deviation.</summary>
    public const double SmallestVariance = 1e-36;

    /// <summary>What a neighbor's covariance counts in a convolution: σ_w²/9.</summary>
    public double NeighborWeight => WeightVariance / 9;

    /// <summary>
    /// The diagonals p′ − p = δ of the covariance that the pooled output depends on, |δ| ≤ r in both directions. As many windows cover
    /// both p and p + δ, wherever p is.
    /// </summary>
    public IReadOnlyList<Diagonal> Diagonals(int height, int width)
    {
        var diagonals = new List<Diagonal>();
        int side = PoolRadius + 1;
        double unit = WeightVariance / ((double)side * side * side * side * (height + PoolRadius) * (width + PoolRadius));
        for (int down = -Math.Min(PoolRadius, height - 1); down <= Math.Min(PoolRadius, height - 1); down++)
        {
            for (int right = -Math.Min(PoolRadius, width - 1); right <= Math.Min(PoolRadius, width - 1); right++)
                diagonals.Add(new Diagonal(height, width, down, right, unit * (side - Math.Abs(down)) * (side - Math.Abs(right))));
        }
        return diagonals;
    }
}

/// <summary>The pairs of positions p and p′ = p + δ that lie in the image, and what their covariance counts in the kernel.</summary>
internal readonly record struct Diagonal
{
    public Diagonal(int height, int width, int down, int right, double weight)
    {
        (Down, Right, Weight) = (down, right, weight);
        (Rows, Columns) = (height - Math.Abs(down), width - Math.Abs(right));
        (Top, Left) = (Math.Max(0, -down), Math.Max(0, -right));
        Edge = [.. Edges(height, width)];
    }

    /// <summary>δ.</summary>
    public int Down { get; }

    /// <inheritdoc cref="Down"/>
    public int Right { get; }

    /// <summary>∏(s − |δ_i|)/s⁴ over the number of windows, times σ_w² of the dense layer; s = r + 1.</summary>
    public double Weight { get; }

    /// <summary>How many p there are.</summary>
    public int Rows { get; }

    /// <inheritdoc cref="Rows"/>
    public int Columns { get; }

    /// <summary>The first p.</summary>
    public int Top { get; }

    /// <inheritdoc cref="Top"/>
    public int Left { get; }

    /// <summary>The place of the first p of a row, in an image.</summary>
    public int From(int row, int width) => (Top + row) * width + Left;

    /// <summary>The place of its partner p′.</summary>
    public int To(int row, int width) => (Top + Down + row) * width + Left + Right;

    /// <summary>Whether p′ = p.</summary>
    public bool IsMain => Down == 0 && Right == 0;

    /// <summary>The pairs beside these of which only one position lies in the image.</summary>
    public IReadOnlyList<Edge> Edge { get; }

    private IEnumerable<Edge> Edges(int height, int width)
    {
        for (int i = -1; i <= Rows; i++)
        {
            for (int j = -1; j <= Columns; j++)
            {
                var (from, to) = (Place(Top + i, Left + j), Place(Top + Down + i, Left + Right + j));
                if (from >= 0 != to >= 0)
                    yield return new Edge(i, j, Math.Max(from, to), to >= 0);
            }
        }

        int Place(int row, int column) => row >= 0 && row < height && column >= 0 && column < width ? row * width + column : -1;
    }
}

/// <summary>A pair p, p + δ beside those of a diagonal, of which one lies in the image.</summary>
/// <param name="Row">Its row among the diagonal's, from −1.</param>
/// <param name="Column">Its column, from −1.</param>
/// <param name="Place">Where the one is in the image.</param>
/// <param name="IsPartner">Whether that is p + δ.</param>
internal readonly record struct Edge(int Row, int Column, int Place, bool IsPartner);
