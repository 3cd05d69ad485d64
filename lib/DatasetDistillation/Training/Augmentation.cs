using System.Globalization;
using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>
/// A random change of a batch of images that keeps their labels true, for <see cref="Trainer.Augmentation"/> and
/// for distillers. It is differentiable in the images, and depends on nothing but the images and the generator.
/// </summary>
/// <param name="Name">
/// What it does and how much, such as "noise 0.1". Checkpoints tell augmentations apart by it, so each needs a name of its own.
/// </param>
/// <param name="Apply">The changed images, given images <c>[n, channels, height, width]</c> and the generator to draw from.</param>
public sealed partial record Augmentation(string Name, Func<Tensor, Generator, Tensor> Apply)
{
    /// <summary>Moves each image by a whole number of pixels up to a limit in each direction; pixels at the edge are repeated.</summary>
    /// <param name="pixels">The limit, 0 or more.</param>
    public static Augmentation Shift(int pixels = 2)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pixels);
        return new(string.Create(CultureInfo.InvariantCulture, $"Shift({pixels})"),
            (images, generator) => Shift(images, generator, pixels));
    }

    /// <summary>Turns each image about its center by a random angle.</summary>
    /// <param name="degrees">The greatest angle in either direction.</param>
    public static Augmentation Rotate(double degrees = 15) => Deform(degrees, zoom: 1, shift: 0);

    /// <summary>Enlarges each image about its center by a random factor, as likely above 1 as below.</summary>
    /// <param name="factor">The greatest factor, at least 1; the least is its reciprocal.</param>
    public static Augmentation Zoom(double factor = 1.25) => Deform(degrees: 0, factor, shift: 0);

    /// <summary>Moves each image by a random distance.</summary>
    /// <param name="share">The greatest distance in each direction, as a share of the image's size.</param>
    public static Augmentation Translate(double share = 0.125) => Deform(degrees: 0, zoom: 1, share);

    /// <summary>
    /// Turns, enlarges, moves and bends each image in one bilinear resampling; pixels at the edge are repeated. All amounts are uniform,
    /// the enlargement on a logarithmic scale.
    /// </summary>
    /// <param name="degrees">The greatest angle in either direction.</param>
    /// <param name="zoom">The greatest enlargement, at least 1; the least is its reciprocal.</param>
    /// <param name="shift">The greatest shift in each direction, as a share of the image's size.</param>
    /// <param name="bend">
    /// The standard deviation in pixels of displacements on a 5×5 grid, between which they are interpolated (Simard et al. 2003, "Best
    /// practices for convolutional neural networks", elastic distortions); 0: none.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">An amount is negative, or the enlargement below 1.</exception>
    public static Augmentation Deform(double degrees = 15, double zoom = 1.25, double shift = 0.125, double bend = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(degrees);
        ArgumentOutOfRangeException.ThrowIfLessThan(zoom, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(shift);
        ArgumentOutOfRangeException.ThrowIfNegative(bend);
        var deformation = new Deformation(degrees * Math.PI / 180, Math.Log(zoom), shift, bend);
        return new(string.Create(CultureInfo.InvariantCulture, $"Deform({degrees}, {zoom}, {shift}, {bend})"), deformation.Apply);
    }

    /// <summary>Covers a square at a random place of each image, partly outside it where that is near the edge.</summary>
    /// <param name="share">The side of the square as a share of the image's, above 0 and at most 1.</param>
    /// <param name="value">What it is covered with: 0 is the mean of standardized images.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of its range.</exception>
    public static Augmentation Cutout(double share = 0.25, double value = 0)
    {
        if (share is not (> 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "The share must be above 0 and at most 1.");
        return new(string.Create(CultureInfo.InvariantCulture, $"Cutout({share}, {value})"),
            (images, generator) => Cutout(images, generator, share, value));
    }

    /// <summary>One of several augmentations for each batch, drawn at random.</summary>
    /// <exception cref="ArgumentException">There is none to choose from.</exception>
    public static Augmentation OneOf(params Augmentation[] augmentations)
    {
        ArgumentNullException.ThrowIfNull(augmentations);
        if (augmentations.Length == 0)
            throw new ArgumentException("There must be at least one augmentation to choose from.", nameof(augmentations));
        return new($"OneOf({Names(augmentations)})", (images, generator) =>
        {
            using var choice = randint(0, augmentations.Length, [1], generator: generator);
            return augmentations[choice.data<long>()[0]].Apply(images, generator);
        });
    }

    /// <summary>Several augmentations, one after another.</summary>
    public static Augmentation Chain(params Augmentation[] augmentations)
    {
        ArgumentNullException.ThrowIfNull(augmentations);
        return new($"Chain({Names(augmentations)})",
            (images, generator) => augmentations.Aggregate(images, (changed, augment) => augment.Apply(changed, generator)));
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>
    /// What the settings of its user say of it after the others: ", augmented by" and its name; nothing where there is none.
    /// </summary>
    internal static string InSettings(Augmentation? augmentation, string what = "augmented") =>
        augmentation is null ? "" : $", {what} by {augmentation}";

    private static string Names(Augmentation[] augmentations) => string.Join<Augmentation>(", ", augmentations);

    private static Tensor Shift(Tensor images, Generator generator, int pixels)
    {
        using var scope = NewDisposeScope();
        var (n, c, h, w) = (images.shape[0], images.shape[1], images.shape[2], images.shape[3]);
        var moves = randint(-pixels, pixels + 1, [2, n, 1], generator: generator).to(images.device);
        var rows = Arithmetic.Range(h, device: images.device).unsqueeze(0).Plus(moves[0]).Within(0, h - 1);
        var columns = Arithmetic.Range(w, device: images.device).unsqueeze(0).Plus(moves[1]).Within(0, w - 1);
        var sources = rows.unsqueeze(2).Times(w).Plus(columns.unsqueeze(1)).reshape(n, 1, h * w).expand(n, c, h * w);
        return images.reshape(n, c, h * w).gather(2, sources).reshape(n, c, h, w).MoveToOuterDisposeScope();
    }

    private static Tensor Cutout(Tensor images, Generator generator, double share, double value)
    {
        using var scope = NewDisposeScope();
        var (n, h, w) = (images.shape[0], images.shape[2], images.shape[3]);
        var centers = rand([2, n, 1], images.dtype, generator: generator).to(images.device);
        var rows = Covered(h, centers[0]).unsqueeze(2);
        var columns = Covered(w, centers[1]).unsqueeze(1);
        var kept = (rows * columns).unsqueeze(1).MinusFrom(1);
        return (images * kept).Plus(kept.MinusFrom(1), value).MoveToOuterDisposeScope();

        // 1 where |pixel − center| is at most half the square's side, else 0.
        Tensor Covered(long size, Tensor center) =>
            (Arithmetic.Range(size, images.dtype, images.device).unsqueeze(0).Plus(0.5) - center.Times(size)).abs()
                .le(tensor(size * share / 2, images.dtype, images.device)).to(images.dtype);
    }
}
