using DatasetDistillation.Kernels;

namespace DatasetDistillation.Tests.Kernels;

/// <summary>
/// The kernel of an infinitely wide convolutional network by its definition, with the covariances of all pairs of positions: a
/// reference without a shortcut.
/// </summary>
internal sealed class LiteralConvolutionalKernel(int depth, WideLimit limit, int radius, double weightVariance, double biasVariance)
{
    /// <param name="x">[channels][height, width].</param>
    /// <param name="y">Another of that size, or the same.</param>
    public double Evaluate(double[][,] x, double[][,] y)
    {
        var (xx, yy, xy) = (Products(x, x), Products(y, y), Products(x, y));
        var tangent = Map(xy, static _ => 0);
        for (int l = 0; l < depth; l++)
        {
            (xx, yy, xy) = (Convolve(xx, biasVariance), Convolve(yy, biasVariance), Convolve(xy, biasVariance));
            tangent = Add(xy, Convolve(tangent, 0));
            (xy, tangent) = Relu(xx, yy, xy, tangent, isSame: ReferenceEquals(x, y));
            (xx, yy) = (Relu(xx, xx, xx, xx, true).Value, Relu(yy, yy, yy, yy, true).Value);
        }
        double nngp = weightVariance * MeanOfDiagonal(Pool(xy)) + biasVariance;
        return limit == WideLimit.Nngp ? nngp : nngp + weightVariance * MeanOfDiagonal(Pool(tangent));
    }

    private static double[,,,] Products(double[][,] x, double[][,] y)
    {
        var (h, w) = (x[0].GetLength(0), x[0].GetLength(1));
        return Fill(h, w, (r, c, s, d) => x.Zip(y).Average(pair => pair.First[r, c] * pair.Second[s, d]));
    }

    private double[,,,] Convolve(double[,,,] q, double bias)
    {
        var (h, w) = (q.GetLength(0), q.GetLength(1));
        return Fill(h, w, (r, c, s, d) =>
        {
            double sum = 0;
            for (int i = -1; i <= 1; i++)
                for (int j = -1; j <= 1; j++)
                    if (IsInside(r + i, c + j, h, w) && IsInside(s + i, d + j, h, w))
                        sum += q[r + i, c + j, s + i, d + j];
            return weightVariance / 9 * sum + bias;
        });
    }

    private static (double[,,,] Value, double[,,,] Tangent) Relu(
        double[,,,] xx, double[,,,] yy, double[,,,] q, double[,,,] tangent, bool isSame)
    {
        var (h, w) = (q.GetLength(0), q.GetLength(1));
        double Angle(int r, int c, int s, int d) =>
            isSame && (r, c) == (s, d) ? 0 : Math.Acos(Math.Clamp(q[r, c, s, d] / Scale(r, c, s, d), -1, 1));
        double Scale(int r, int c, int s, int d) => Math.Sqrt(xx[r, c, r, c] * yy[s, d, s, d]);
        var value = Fill(h, w, (r, c, s, d) =>
                (Scale(r, c, s, d) * Math.Sin(Angle(r, c, s, d)) + (Math.PI - Angle(r, c, s, d)) * q[r, c, s, d]) / (2 * Math.PI));
        return (value, Fill(h, w, (r, c, s, d) => (Math.PI - Angle(r, c, s, d)) / (2 * Math.PI) * tangent[r, c, s, d]));
    }

    /// <summary>Averages of all windows of side radius + 1 that touch the image, zeros around it.</summary>
    private double[,,,] Pool(double[,,,] q)
    {
        var (h, w, side) = (q.GetLength(0), q.GetLength(1), radius + 1);
        return Fill(h + radius, w + radius, (r, c, s, d) =>
        {
            if ((r, c) != (s, d))
                return 0;
            double sum = 0;
            for (int i = 0; i < side * side; i++)
                for (int j = 0; j < side * side; j++)
                {
                    var (a, b, e, f) = (r - i / side, c - i % side, s - j / side, d - j % side);
                    if (IsInside(a, b, h, w) && IsInside(e, f, h, w))
                        sum += q[a, b, e, f];
                }
            return sum / (side * side * side * side);
        });
    }

    private static double MeanOfDiagonal(double[,,,] q)
    {
        var (h, w) = (q.GetLength(0), q.GetLength(1));
        return Enumerable.Range(0, h * w).Average(p => q[p / w, p % w, p / w, p % w]);
    }

    private static bool IsInside(int row, int column, int height, int width) => row >= 0 && row < height && column >= 0 && column < width;

    private static double[,,,] Add(double[,,,] a, double[,,,] b) =>
        Fill(a.GetLength(0), a.GetLength(1), (r, c, s, d) => a[r, c, s, d] + b[r, c, s, d]);

    private static double[,,,] Map(double[,,,] a, Func<double, double> f) =>
        Fill(a.GetLength(0), a.GetLength(1), (r, c, s, d) => f(a[r, c, s, d]));

    private static double[,,,] Fill(int height, int width, Func<int, int, int, int, double> value)
    {
        var q = new double[height, width, height, width];
        for (int r = 0; r < height; r++)
            for (int c = 0; c < width; c++)
                for (int s = 0; s < height; s++)
                    for (int d = 0; d < width; d++)
                        q[r, c, s, d] = value(r, c, s, d);
        return q;
    }
}
