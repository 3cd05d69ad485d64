using DatasetDistillation.Data;
using DatasetDistillation.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Training;

public sealed class AugmentationTests : IDisposable
{
    private const int Side = 21;
    private readonly TorchSharp.DisposeScope scope = NewDisposeScope();

    public static TheoryData<string> Names =>
    [
        "shift", "rotate", "zoom", "translate", "deform", "cutout", "one of", "chain",
        "flip", "crop", "color", "for digits", "for photographs",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Equal_generators_give_equal_images_and_others_do_not(string name)
    {
        var images = Blobs(6) * arange(Side, float32); // none is like its mirror image
        Assert.Equal(Pixels(Apply(name, images, 3)), Pixels(Apply(name, images, 3)));
        Assert.NotEqual(Pixels(Apply(name, images, 3)), Pixels(Apply(name, images, 4)));
        Assert.Equal(images.shape, Apply(name, images, 3).shape);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_gradient_agrees_with_finite_differences(string name)
    {
        using var generator = new Generator(1);
        var weights = randn([3, 2, 6, 5], float64, generator: generator);
        var direction = randn([3, 2, 6, 5], float64, generator: generator);
        var images = randn([3, 2, 6, 5], float64, generator: generator).requires_grad_();
        var gradient = autograd.grad([(Apply(name, images, 5) * weights).sum()], [images])[0];
        var difference = Apply(name, images.detach() + direction, 5) - Apply(name, images.detach() - direction, 5);
        var slope = (difference * weights).sum().ToDouble() / 2;
        Assert.Equal(slope, (gradient * direction).sum().ToDouble(), 1e-10);
        Assert.NotEqual(0, slope);
    }

    [Fact]
    public void Nothing_to_deform_leaves_images_as_they_are()
    {
        var images = Blobs(4);
        Assert.InRange((Augmentation.Deform(0, 1, 0).Apply(images, new Generator(1)) - images).abs().max().ToDouble(), 0, 1e-6);
    }

    [Fact]
    public void Amounts_stay_within_their_limits_and_reach_them()
    {
        var images = Blobs(400);
        var moved = Augmentation.Translate(0.2).Apply(images, new Generator(2));
        var (y, x) = (Moment(moved, 0), Moment(moved, 1));
        Assert.InRange(y.Max(Math.Abs), 0.18 * Side, 0.2 * Side + 0.01);
        Assert.InRange(x.Max(Math.Abs), 0.18 * Side, 0.2 * Side + 0.01);

        var area = images.narrow(0, 0, 1).sum().ToDouble();
        var zoomed = Augmentation.Zoom(1.25).Apply(images, new Generator(3)).sum([1, 2, 3])
            .data<float>()
            .ToArray()
            .Select(a => Math.Sqrt(a / area));
        Assert.InRange(zoomed.Min(), 0.79, 0.83);
        Assert.InRange(zoomed.Max(), 1.21, 1.26);
    }

    [Fact]
    public void Turning_keeps_the_center_and_changes_directions()
    {
        // A bar from the center to the right; its center of mass tells the angle.
        var bar = zeros([1, 1, Side, Side]);
        bar[0, 0, Side / 2, TensorIndex.Slice(Side / 2, Side - 3)] = ones([Side - 3 - Side / 2]);
        var turned = Augmentation.Rotate(30).Apply(bar.expand(400, 1, Side, Side), new Generator(4));
        var angles = Moment(turned, 0).Zip(Moment(turned, 1), static (y, x) => Math.Atan2(y, x) * 180 / Math.PI).ToArray();
        Assert.InRange(angles.Min(), -31, -27);
        Assert.InRange(angles.Max(), 27, 31);
    }

    [Fact]
    public void Bending_moves_parts_of_an_image_differently()
    {
        var spots = zeros([200, 1, Side, Side]);
        spots[TensorIndex.Colon, 0, TensorIndex.Slice(3, 6), TensorIndex.Slice(3, 6)] = ones([200, 3, 3]);
        spots[TensorIndex.Colon, 0, TensorIndex.Slice(15, 18), TensorIndex.Slice(15, 18)] = ones([200, 3, 3]);
        var bent = Augmentation.Deform(0, 1, 0, bend: 1).Apply(spots, new Generator(5));
        var upper = Moment(bent.narrow(2, 0, 10).narrow(3, 0, 10), 0);
        var lower = Moment(bent.narrow(2, 11, 10).narrow(3, 11, 10), 0);
        Assert.InRange(upper.Zip(lower, static (a, b) => Math.Abs(a - b)).Average(), 0.3, 2);
    }

    [Fact]
    public void Cutout_covers_one_square_with_the_value()
    {
        var covered = Augmentation.Cutout(0.25, value: -7).Apply(ones([200, 1, 28, 28]), new Generator(6));
        var counts = covered.eq(-7).to_type(int64).sum([1, 2, 3]).data<long>().ToArray();
        Assert.Equal(49, counts.Max());
        Assert.All(counts, static count => Assert.InRange(count, 9, 49));
        Assert.Equal(0, (covered.eq(-7).to_type(int64) + covered.eq(1).to_type(int64) - 1).abs().sum().ToInt64());
    }

    [Fact]
    public void One_of_several_is_drawn_for_each_batch()
    {
        static Augmentation Plus(double amount) => new($"plus {amount}", (images, _) => images + amount);
        var one = Augmentation.OneOf(Plus(1), Plus(2), Plus(3));
        using var generator = new Generator(7);
        var drawn = Enumerable.Range(0, 40).Select(_ => one.Apply(zeros([1]), generator).ToSingle()).Distinct().Order();
        Assert.Equal([1f, 2f, 3f], drawn);
    }

    [Fact]
    public void A_flip_mirrors_about_half_of_the_images_and_leaves_the_others()
    {
        var image = arange(15, float32).reshape(1, 1, 3, 5);
        var flipped = Augmentation.Flip(Data(mayBeMirrored: true)).Apply(image.expand(400, 1, 3, 5), new Generator(8));
        var mirrored = Enumerable.Range(0, 400).Count(i => Pixels(flipped[i]).SequenceEqual(Pixels(image[0].flip(2))));
        Assert.Equal(400, mirrored + Enumerable.Range(0, 400).Count(i => Pixels(flipped[i]).SequenceEqual(Pixels(image[0]))));
        Assert.InRange(mirrored, 160, 240);
    }

    [Fact]
    public void Digits_are_never_flipped()
    {
        using var digits = SyntheticDigits.Create(10);
        using var like = SyntheticDigits.CreateLikeUsps(10);
        foreach (var data in new[] { digits, like, digits.Standardize(), digits.Subset([3, 4]) })
        {
            var error = Assert.Throws<ArgumentException>(() => Augmentation.Flip(data));
            Assert.Contains("MayBeMirrored", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("Flip", Augmentation.For(data).Name, StringComparison.Ordinal);
        }
        using var photographs = Data(mayBeMirrored: true).Standardize();
        Assert.StartsWith("Chain(Flip, ", Augmentation.For(photographs).Name, StringComparison.Ordinal);
    }

    [Fact]
    public void A_crop_is_a_window_of_the_image_at_its_size()
    {
        // Of a plane, every window is a plane: its value in the middle says where it is, and its slope how large.
        var (y, x) = (arange(Side, float64).reshape(Side, 1), arange(Side, float64).reshape(1, Side));
        var plane = ((y * 100) + x).reshape(1, 1, Side, Side);
        var windows = Augmentation.Crop(0.25).Apply(plane.expand(400, 1, Side, Side), new Generator(9));
        // Away from the edge, where pixels are repeated.
        var inner = windows.narrow(2, 2, Side - 4).narrow(3, 2, Side - 4);
        var slope = (inner[.., 0, 1.., ..] - inner[.., 0, ..^1, ..]) / 100;
        Assert.InRange((slope.amax([1, 2]) - slope.amin([1, 2])).max().ToDouble(), 0, 1e-9);
        var sides = slope.mean([1, 2]).data<double>().ToArray();
        Assert.InRange(sides.Min(), 0.5, 0.53);
        Assert.InRange(sides.Max(), 0.97, 1);

        var centers = windows[.., 0, Side / 2, Side / 2].data<double>().ToArray();
        foreach (var (side, center) in sides.Zip(centers))
            Assert.InRange(
                Math.Floor((center + 0.5) / 100),
                ((Side - 1) / 2.0) - (Side * (1 - side) / 2) - 1,
                ((Side - 1) / 2.0) + (Side * (1 - side) / 2) + 1);
        Assert.True(centers.Max() - centers.Min() > 100 * Side * 0.4);
        Assert.Equal(
            Pixels(windows.to(float32)),
            Pixels(Augmentation.Crop(0.25).Apply(plane.expand(400, 1, Side, Side), new Generator(9)).to(float32)));
        Assert.InRange((Augmentation.Crop(1).Apply(plane, new Generator(1)) - plane).abs().max().ToDouble(), 0, 1e-9);
    }

    [Fact]
    public void Colors_change_in_brightness_saturation_and_contrast_as_said()
    {
        var images = rand([300, 3, 4, 5], float64, generator: new Generator(10));
        Tensor Changed(double brightness, double saturation, double contrast) =>
            Augmentation.Color(brightness, saturation, contrast).Apply(images, new Generator(11));

        var added = (Changed(0.3, 0, 0) - images).flatten(1);
        Assert.InRange((added.amax([1]) - added.amin([1])).max().ToDouble(), 0, 1e-12);
        RequireUniform(added.mean([1]), -0.3, 0.3);

        var gray = images.mean([1], keepdim: true);
        RequireUniform(Factor(Changed(0, 0.4, 0), images, gray), 0.6, 1.4);
        var middle = images.mean([1, 2, 3], keepdim: true);
        RequireUniform(Factor(Changed(0, 0, 1), images, middle), 0, 2);
        Assert.InRange((Changed(0, 0, 0) - images).abs().max().ToDouble(), 0, 0);

        static Tensor Factor(Tensor changed, Tensor original, Tensor mean)
        {
            var factor = ((changed - mean) * (original - mean)).sum([1, 2, 3]) / (original - mean).square().sum([1, 2, 3]);
            Assert.InRange(((changed - mean) - ((original - mean) * factor.reshape(-1, 1, 1, 1))).abs().max().ToDouble(), 0, 1e-10);
            return factor;
        }

        static void RequireUniform(Tensor amounts, double least, double greatest)
        {
            var values = amounts.data<double>().ToArray();
            var margin = (greatest - least) / 30;
            Assert.InRange(values.Min(), least, least + margin);
            Assert.InRange(values.Max(), greatest - margin, greatest);
            Assert.InRange(values.Average(), ((least + greatest) / 2) - (3 * margin), ((least + greatest) / 2) + (3 * margin));
        }
    }

    [Fact]
    public void Amounts_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.Rotate(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.Zoom(0.8));
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.Translate(-0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.Cutout(0));
        Assert.Throws<ArgumentException>(() => Augmentation.OneOf());
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.Crop(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.Crop(1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.Color(brightness: -0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.Color(contrast: 1.5));
    }

    public void Dispose() => scope.Dispose();

    private static Tensor Apply(string name, Tensor images, ulong seed)
    {
        using var generator = new Generator(seed);
        var augmentation = name switch
        {
            "shift" => Augmentation.Shift(1),
            "rotate" => Augmentation.Rotate(),
            "zoom" => Augmentation.Zoom(),
            "translate" => Augmentation.Translate(),
            "deform" => Augmentation.Deform(bend: 0.5),
            "cutout" => Augmentation.Cutout(),
            "flip" => Augmentation.Flip(Data(mayBeMirrored: true)),
            "crop" => Augmentation.Crop(),
            "color" => Augmentation.Color(),
            "for digits" => Augmentation.For(Data(mayBeMirrored: false)),
            "for photographs" => Augmentation.For(Data(mayBeMirrored: true)),
            "one of" => Augmentation.OneOf(Augmentation.Rotate(40), Augmentation.Cutout(0.5)),
            _ => Augmentation.Chain(Augmentation.Rotate(), Augmentation.Cutout()),
        };
        return augmentation.Apply(images, generator);
    }

    private static ImageDataset Data(bool mayBeMirrored) =>
        new(rand([2, 1, 3, 3]), tensor(new long[] { 0, 1 }), "two images") { MayBeMirrored = mayBeMirrored };

    /// <summary>Equal round spots in the middle of the image.</summary>
    private static Tensor Blobs(long count)
    {
        var d = (arange(Side, float32) - (Side - 1) / 2.0).square();
        var spot = ((d.unsqueeze(0) + d.unsqueeze(1)) / -8).exp();
        return spot.reshape(1, 1, Side, Side).expand(count, 1, Side, Side).contiguous();
    }

    /// <summary>The center of mass of each image along the rows or columns, from the middle.</summary>
    private static double[] Moment(Tensor images, int dimension)
    {
        var size = images.shape[2 + dimension];
        var place = (arange(size, images.dtype) - (size - 1) / 2.0).reshape(dimension == 0 ? [size, 1] : [1, size]);
        return [.. ((images * place).sum([1, 2, 3]) / images.sum([1, 2, 3])).data<float>().ToArray().Select(static v => (double)v)];
    }

    private static float[] Pixels(Tensor images) => images.contiguous().data<float>().ToArray();
}
