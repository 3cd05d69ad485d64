using DatasetDistillation.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Training;

public sealed class AugmentationTests : IDisposable
{
    private const int Side = 21;
    private readonly TorchSharp.DisposeScope scope = NewDisposeScope();

    public static TheoryData<string> Names => ["shift", "rotate", "zoom", "translate", "deform", "cutout", "one of", "chain"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Equal_generators_give_equal_images_and_others_do_not(string name)
    {
        var images = Blobs(6);
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
        var slope = ((Apply(name, images.detach() + direction, 5) - Apply(name, images.detach() - direction, 5)) * weights).sum().ToDouble() / 2;
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
        var zoomed = Augmentation.Zoom(1.25).Apply(images, new Generator(3)).sum([1, 2, 3]).data<float>().ToArray().Select(a => Math.Sqrt(a / area));
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
    public void Amounts_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.Rotate(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.Zoom(0.8));
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.Translate(-0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.Cutout(0));
        Assert.Throws<ArgumentException>(() => Augmentation.OneOf());
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
            "one of" => Augmentation.OneOf(Augmentation.Rotate(40), Augmentation.Cutout(0.5)),
            _ => Augmentation.Chain(Augmentation.Rotate(), Augmentation.Cutout()),
        };
        return augmentation.Apply(images, generator);
    }

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
