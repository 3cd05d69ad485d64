using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>A random deformation of images by one bilinear resampling, in tensor operations alone.</summary>
/// <param name="Angle">The greatest angle in radians.</param>
/// <param name="LogZoom">The logarithm of the greatest enlargement.</param>
/// <param name="Shift">The greatest shift as a share of the size.</param>
/// <param name="Bend">The standard deviation of displacements on the grid, in pixels.</param>
internal sealed record Deformation(double Angle, double LogZoom, double Shift, double Bend)
{
    private const int Grid = 5;

    public Tensor Apply(Tensor images, Generator generator)
    {
        using var scope = NewDisposeScope();
        var (rows, columns) = Sources(images, generator);
        return Resampled(images, rows, columns).MoveToOuterDisposeScope();
    }

    /// <summary>Images whose pixels are taken from given places, bilinearly; beyond the edge its pixels are repeated.</summary>
    /// <param name="images">Images <c>[n, channels, height, width]</c>.</param>
    /// <param name="y">The rows in pixels, <c>[n, height·width]</c>.</param>
    /// <param name="x">The columns.</param>
    public static Tensor Resampled(Tensor images, Tensor y, Tensor x)
    {
        using var scope = NewDisposeScope();
        var (n, c, h, w) = (images.shape[0], images.shape[1], images.shape[2], images.shape[3]);
        var (top, bottom, down) = Neighbors(y, h);
        var (left, right, along) = Neighbors(x, w);
        var pixels = images.reshape(n, c, h * w);
        var upper = Blend(At(top, left), At(top, right), along);
        var lower = Blend(At(bottom, left), At(bottom, right), along);
        return Blend(upper, lower, down).reshape(n, c, h, w).MoveToOuterDisposeScope();

        Tensor At(Tensor row, Tensor column) => pixels.gather(2, row.Times(w).PlusInPlace(column).unsqueeze(1).expand(n, c, h * w));

        static Tensor Blend(Tensor from, Tensor to, Tensor share) => from.Plus((to - from) * share.unsqueeze(1));
    }

    /// <summary>Where each pixel's value comes from: rows and columns [n, h·w], in pixels.</summary>
    private (Tensor Rows, Tensor Columns) Sources(Tensor images, Generator generator)
    {
        var (n, h, w) = (images.shape[0], images.shape[2], images.shape[3]);
        var amounts = rand([4, n, 1], images.dtype, generator: generator).Times(2).Minus(1).to(images.device);
        var (angle, shrink) = (amounts[0].Times(Angle), amounts[1].Times(-LogZoom).exp());
        var (cosine, sine) = (angle.cos() * shrink, angle.sin() * shrink);
        var dy = Arithmetic.Range(h, images.dtype, images.device).Minus((h - 1) / 2.0).unsqueeze(1).expand(h, w).reshape(1, h * w);
        var dx = Arithmetic.Range(w, images.dtype, images.device).Minus((w - 1) / 2.0).unsqueeze(0).expand(h, w).reshape(1, h * w);
        var rows = (cosine * dy).Plus(sine * dx).Plus(amounts[2].Times(Shift * h).Plus((h - 1) / 2.0));
        var columns = (cosine * dx - sine * dy).Plus(amounts[3].Times(Shift * w).Plus((w - 1) / 2.0));
        if (Bend == 0)
            return (rows, columns);
        var displacements = randn([2, n, Grid * Grid], images.dtype, generator: generator).Times(Bend).to(images.device);
        var spread = Interpolation(h, w, images);
        return (rows.Plus(displacements[0].matmul(spread)), columns.Plus(displacements[1].matmul(spread)));
    }

    /// <summary>The pixels before and behind positions, and how far the positions are from the former to the latter.</summary>
    private static (Tensor Before, Tensor Behind, Tensor Share) Neighbors(Tensor positions, long size)
    {
        var inside = positions.Within(0.0, size - 1);
        var before = inside.to_type(int64);
        return (before, before.Plus(ones_like(before)).Within(0, size - 1), inside - before.to_type(positions.dtype));
    }

    /// <summary>Bilinear interpolation from the grid to the pixels, [grid², h·w].</summary>
    private static Tensor Interpolation(long h, long w, Tensor like)
    {
        // The hat functions of the grid's lines: 1 at their own, 0 at the next.
        var lines = Arithmetic.Range(Grid, like.dtype, like.device).unsqueeze(1);
        var (rows, columns) = (Hats(h), Hats(w));
        return (rows.reshape(Grid, 1, h, 1) * columns.reshape(1, Grid, 1, w)).reshape(Grid * Grid, h * w);

        Tensor Hats(long size)
        {
            var places = Arithmetic.Range(size, like.dtype, like.device).Times((Grid - 1) / (size - 1.0));
            return (places - lines).abs().MinusFrom(1).relu();
        }
    }
}
