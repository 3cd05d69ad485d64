using System.Globalization;
using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>
/// Random changes of batches of images that leave the labels right, for <see cref="Trainer.Augmentation"/> and for distillers. They
/// are differentiable in the images, and depend on nothing but the images and the generator.
/// </summary>
public static class Augmentations
{
    /// <summary>Moves each image by a whole number of pixels up to a limit in each direction; pixels at the edge are repeated.</summary>
    /// <param name="pixels">The limit, 0 or more.</param>
    /// <returns>An augmentation for <see cref="Trainer.Augmentation"/>.</returns>
    public static Func<Tensor, Generator, Tensor> Shift(int pixels = 2)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pixels);
        return Named(string.Create(CultureInfo.InvariantCulture, $"Shift({pixels})"), (images, generator) => Shift(images, generator, pixels));
    }

    /// <summary>Turns each image about its center by a random angle.</summary>
    /// <param name="degrees">The greatest angle in either direction.</param>
    public static Func<Tensor, Generator, Tensor> Rotate(double degrees = 15) => Deform(degrees, zoom: 1, shift: 0);

    /// <summary>Enlarges each image about its center by a random factor, as likely above 1 as below.</summary>
    /// <param name="factor">The greatest factor, at least 1; the least is its reciprocal.</param>
    public static Func<Tensor, Generator, Tensor> Zoom(double factor = 1.25) => Deform(degrees: 0, factor, shift: 0);

    /// <summary>Moves each image by a random distance.</summary>
    /// <param name="share">The greatest distance in each direction, as a share of the image's size.</param>
    public static Func<Tensor, Generator, Tensor> Translate(double share = 0.125) => Deform(degrees: 0, zoom: 1, share);

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
    public static Func<Tensor, Generator, Tensor> Deform(double degrees = 15, double zoom = 1.25, double shift = 0.125, double bend = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(degrees);
        ArgumentOutOfRangeException.ThrowIfLessThan(zoom, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(shift);
        ArgumentOutOfRangeException.ThrowIfNegative(bend);
        var deformation = new Deformation(degrees * Math.PI / 180, Math.Log(zoom), shift, bend);
        return Named(string.Create(CultureInfo.InvariantCulture, $"Deform({degrees}, {zoom}, {shift}, {bend})"), deformation.Apply);
    }

    /// <summary>Covers a square at a random place of each image, partly outside it where that is near the edge.</summary>
    /// <param name="share">The side of the square as a share of the image's, above 0 and at most 1.</param>
    /// <param name="value">What it is covered with: 0 is the mean of standardized images.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of its range.</exception>
    public static Func<Tensor, Generator, Tensor> Cutout(double share = 0.25, double value = 0)
    {
        if (share is not (> 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "The share must be above 0 and at most 1.");
        return Named(string.Create(CultureInfo.InvariantCulture, $"Cutout({share}, {value})"), (images, generator) => Cutout(images, generator, share, value));
    }

    /// <summary>One of several augmentations for each batch, drawn at random.</summary>
    /// <exception cref="ArgumentException">There is none to choose from.</exception>
    public static Func<Tensor, Generator, Tensor> OneOf(params Func<Tensor, Generator, Tensor>[] augmentations)
    {
        ArgumentNullException.ThrowIfNull(augmentations);
        if (augmentations.Length == 0)
            throw new ArgumentException("There must be at least one augmentation to choose from.", nameof(augmentations));
        return Named($"OneOf({Describe(augmentations)})", (images, generator) =>
        {
            using var choice = randint(0, augmentations.Length, [1], generator: generator);
            return augmentations[choice.data<long>()[0]](images, generator);
        });
    }

    /// <summary>Several augmentations, one after another.</summary>
    public static Func<Tensor, Generator, Tensor> Chain(params Func<Tensor, Generator, Tensor>[] augmentations)
    {
        ArgumentNullException.ThrowIfNull(augmentations);
        return Named($"Chain({Describe(augmentations)})", (images, generator) => augmentations.Aggregate(images, (changed, augment) => augment(changed, generator)));
    }

    /// <summary>
    /// Gives a change of your own a name, by which the settings of a distiller, and so its checkpoints, tell it from others. Those above
    /// have theirs.
    /// </summary>
    /// <param name="name">What it does and how much, such as "noise 0.1".</param>
    /// <param name="augmentation">The change.</param>
    public static Func<Tensor, Generator, Tensor> Named(string name, Func<Tensor, Generator, Tensor> augmentation)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(augmentation);
        return new NamedChange(name, augmentation).Apply;
    }

    /// <summary>What the settings of its user say of it after the others: ", augmented by" and its name, if it has one; nothing where there is none.</summary>
    internal static string InSettings(Func<Tensor, Generator, Tensor>? augmentation, string what = "augmented") => augmentation switch
    {
        null => "",
        { Target: NamedChange named } => $", {what} by {named.Name}",
        _ => $", {what}",
    };

    private static string Describe(Func<Tensor, Generator, Tensor>[] augmentations) =>
        string.Join(", ", augmentations.Select(static augmentation => augmentation.Target is NamedChange named ? named.Name : "another"));

    private sealed record NamedChange(string Name, Func<Tensor, Generator, Tensor> Change)
    {
        public Tensor Apply(Tensor images, Generator generator) => Change(images, generator);
    }

    private static Tensor Shift(Tensor images, Generator generator, int pixels)
    {
        using var scope = NewDisposeScope();
        var (n, c, h, w) = (images.shape[0], images.shape[1], images.shape[2], images.shape[3]);
        var moves = randint(-pixels, pixels + 1, [2, n, 1], generator: generator).to(images.device);
        var rows = (arange(h, device: images.device).unsqueeze(0) + moves[0]).clamp(0, h - 1);
        var columns = (arange(w, device: images.device).unsqueeze(0) + moves[1]).clamp(0, w - 1);
        var sources = (rows.unsqueeze(2) * w + columns.unsqueeze(1)).reshape(n, 1, h * w).expand(n, c, h * w);
        return images.reshape(n, c, h * w).gather(2, sources).reshape(n, c, h, w).MoveToOuterDisposeScope();
    }

    private static Tensor Cutout(Tensor images, Generator generator, double share, double value)
    {
        using var scope = NewDisposeScope();
        var (n, h, w) = (images.shape[0], images.shape[2], images.shape[3]);
        var centers = rand([2, n, 1], images.dtype, generator: generator).to(images.device);
        var rows = Covered(h, centers[0]).unsqueeze(2);
        var columns = Covered(w, centers[1]).unsqueeze(1);
        var kept = 1 - (rows * columns).unsqueeze(1);
        return (images * kept + (1 - kept) * value).MoveToOuterDisposeScope();

        // 1 where |pixel − center| is at most half the square's side, else 0.
        Tensor Covered(long size, Tensor center) =>
            (arange(size, images.dtype, images.device).unsqueeze(0) + 0.5 - center * size).abs().le(size * share / 2).to(images.dtype);
    }
}
