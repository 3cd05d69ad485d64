using DatasetDistillation.Data;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// The case that is solved in closed form (Wang et al. 2018, section 3.3): a linear model x·θ with the squared
/// error, trained by one step of gradient descent on M images, from weights θ_0 ~ N(0, σ²) that are not known.
/// </summary>
/// <remarks>
/// With images X̃ [M, D], labels Ỹ and a rate of 1, the step is θ_1 = (I − A)·θ_0 + X̃ᵀỸ/M where A = X̃ᵀX̃/M. Its rank is at most M, so
/// that with M &lt; D there are directions in which θ_0 stays as it was. What stays of it costs least if A projects on the M first
/// eigenvectors of the real images' second moments Σ (Eckart and Young 1936); then X̃ are these eigenvectors, √M long, and Ỹ what
/// the solution θ* says of them. Everything is computed in Float64.
/// </remarks>
public sealed class LinearCase : IDisposable
{
    private readonly Tensor moments; // Σ, [D, D]
    private readonly Tensor values; // eigenvalues of Σ, the greatest first, [D]
    private readonly Tensor vectors; // eigenvectors in the same order, in columns, [D, D]
    private readonly Tensor solution; // θ*, [D, C]

    /// <summary>The problem of telling the classes of images apart from their coarse pixels.</summary>
    /// <param name="data">The real images, square and of one channel.</param>
    /// <param name="side">Images are averaged down to side × side pixels; it divides their width.</param>
    /// <param name="deviation">σ, the standard deviation of a first weight.</param>
    /// <exception cref="ArgumentException">
    /// The images do not divide into so many pixels, or Σ is singular: fewer pixels are needed.
    /// </exception>
    public LinearCase(ImageDataset data, int side = 7, double deviation = 0.1)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Channels != 1 || data.Height != data.Width || side < 1 || data.Width % side != 0)
            throw new ArgumentException(
                $"Images of one channel, square and divisible into {side} pixels, are wanted; "
                + $"{data.Name} has {data.Channels}×{data.Height}×{data.Width}.", nameof(side));
        using var scope = NewDisposeScope();
        var pixels = nn.functional.avg_pool2d(data.Images, data.Width / side).reshape(data.Count, -1).to(ScalarType.Float64);
        var targets = nn.functional.one_hot(data.Labels, data.ClassCount).to(ScalarType.Float64).Minus(1.0 / data.ClassCount);
        moments = pixels.mT.mm(pixels).Over(data.Count);
        var (ascending, columns) = linalg.eigh(moments);
        var order = Arithmetic.Range(ascending.shape[0], device: ascending.device).flip(0);
        (values, vectors) = (ascending.index_select(0, order), columns.index_select(1, order));
        var (greatest, least) = (values[0].Number(), values[-1].Number());
        if (!(least > 1e-12 * greatest))
            throw new ArgumentException(
                $"The {values.shape[0]} pixels of {data.Name} depend on one another: "
                + $"eigenvalues go from {greatest:G3} to {least:G3}. Take a smaller side.", nameof(side));
        solution = linalg.solve(moments, pixels.mT.mm(targets).Over(data.Count));
        Deviation = deviation;
        foreach (var kept in (Tensor[])[moments, values, vectors, solution])
            kept.DetachFromDisposeScope();
    }

    /// <summary>D, the number of pixels.</summary>
    public int Dimension => (int)values.shape[0];

    /// <summary>σ, the standard deviation of a first weight.</summary>
    public double Deviation { get; }

    /// <summary>The M images that undo an unknown θ_0 best, and their labels.</summary>
    /// <param name="count">M, from 1 to D.</param>
    /// <returns>Images Float64 [M, D] and labels Float64 [M, classes].</returns>
    public (Tensor Images, Tensor Labels) Images(int count)
    {
        RequireCount(count);
        using var scope = NewDisposeScope();
        var images = vectors.narrow(1, 0, count).mT.Times(Math.Sqrt(count));
        return (images.MoveToOuterDisposeScope(), images.mm(solution).MoveToOuterDisposeScope());
    }

    /// <summary>
    /// The excess of the expected loss after the step on M images over that of θ*:
    /// ½·Σ_{j>M} λ_j·(C·σ² + |u_jᵀθ*|²) with the eigenvalues λ and eigenvectors u of Σ.
    /// </summary>
    /// <param name="count">M, from 1 to D.</param>
    public double ExpectedError(int count)
    {
        RequireCount(count);
        if (count == Dimension)
            return 0;
        using var scope = NewDisposeScope();
        var (left, rest) = (values.narrow(0, count, Dimension - count), vectors.narrow(1, count, Dimension - count));
        var known = rest.mT.mm(solution).Squared().sum(dim: 1);
        return 0.5 * left.mul(known.Plus(solution.shape[1] * Deviation * Deviation)).sum().Number();
    }

    /// <summary>The same excess, measured: models are drawn and take the step.</summary>
    /// <param name="count">M, from 1 to D.</param>
    /// <param name="models">How many models are drawn.</param>
    /// <param name="seed">Model i is drawn with seed + i.</param>
    public Spread MeasuredError(int count, int models = 20, long seed = 0)
    {
        using var scope = NewDisposeScope();
        var (images, labels) = Images(count);
        return Spread.Over(Enumerable.Range(0, models).Select(i => seed + i), s =>
        {
            using var inner = NewDisposeScope();
            var theta0 = randn(solution.shape, ScalarType.Float64, generator: new Generator((ulong)s)).to(solution.device).Times(Deviation);
            var theta1 = theta0 - images.mT.mm(images.mm(theta0) - labels).Over(count);
            var difference = theta1 - solution;
            return 0.5 * difference.mul(moments.mm(difference)).sum().Number();
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in (Tensor[])[moments, values, vectors, solution])
            tensor.Dispose();
    }

    private void RequireCount(int count)
    {
        if (count < 1 || count > Dimension)
            throw new ArgumentOutOfRangeException(nameof(count), count,
                $"From 1 to {Dimension} images are wanted, as many as there are pixels at most.");
    }
}
