using DatasetDistillation.Data;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// The product of a distillation: a few synthetic images with their (soft) labels and, where the method learned a schedule,
/// the learning rate of every training step. Owns its tensors.
/// </summary>
public sealed partial class DistilledSet : IDisposable
{
    /// <summary>Checks that the parts fit together and takes ownership of the tensors.</summary>
    /// <param name="images">Float32 [n, c, h, w], in the space that <paramref name="preprocessing"/> leads to.</param>
    /// <param name="labels">Float32 [n, classes]: one-hot, centered or soft.</param>
    /// <param name="method">Who made it: the distiller's name and settings.</param>
    /// <param name="preprocessing">How real images must be standardized to stand beside these; null: pixels in [0, 1].</param>
    /// <param name="learningRates">The learning rate of each training step in order; empty when none was learned.</param>
    /// <param name="steps">Into how many consecutive batches the images are divided, one for each step of an epoch.</param>
    /// <param name="classNames">What the classes are called, all differently; null: their numbers.</param>
    /// <exception cref="ArgumentException">A shape, a type or a value does not fit.</exception>
    public DistilledSet(
        Tensor images, Tensor labels, string method, Standardization? preprocessing = null,
        IReadOnlyList<double>? learningRates = null, int steps = 1,
        IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(labels);
        if (images.dtype != float32 || images.dim() != 4 || images.shape.Contains(0))
            throw new ArgumentException(
                "Distilled images are Float32 [n, c, h, w], none of these 0; " +
                $"got {images.dtype} [{string.Join(", ", images.shape)}].", nameof(images));
        if (labels.dtype != float32 || labels.dim() != 2 || labels.shape[0] != images.shape[0] || labels.shape[1] < 2)
            throw new ArgumentException(
                $"Labels of {images.shape[0]} images are Float32 [{images.shape[0]}, classes], of 2 classes at least; " +
                $"got {labels.dtype} [{string.Join(", ", labels.shape)}].", nameof(labels));
        if (!Finite(images) || !Finite(labels))
            throw new ArgumentException(
                "Distilled images and labels must be finite; a NaN or an infinity is among them. " +
                "The run diverged: take an earlier checkpoint or a lower rate.");
        if (steps < 1 || images.shape[0] % steps != 0)
            throw new ArgumentException($"{images.shape[0]} images do not divide into {steps} equal steps.", nameof(steps));
        preprocessing?.RequireChannels(images.shape[1]);
        LearningRates = learningRates is null ? [] : [.. learningRates];
        if (LearningRates.Count % steps != 0)
            throw new ArgumentException($"{LearningRates.Count} learning rates are no whole number of epochs of {steps} steps.",
                nameof(learningRates));
        if (LearningRates.Any(static rate => !double.IsFinite(rate)))
        {
            var given = string.Join(", ", LearningRates.Select(static rate => FormattableString.Invariant($"{rate}")));
            throw new ArgumentException($"Learning rates must be finite; got {given}.", nameof(learningRates));
        }
        int classes = (int)labels.shape[1];
        ClassNames = classNames is null ? [.. Enumerable.Range(0, classes).Select(static label => $"{label}")] : [.. classNames];
        DatasetChecks.ClassNames(ClassNames, classes);
        (Images, Labels, Method, Preprocessing, Steps) = (images.DetachFromDisposeScope(), labels.DetachFromDisposeScope(), method,
            preprocessing, steps);
    }

    /// <summary>Float32 [n, c, h, w], standardized as <see cref="Preprocessing"/> says.</summary>
    public Tensor Images { get; }

    /// <summary>Float32 [n, classes].</summary>
    public Tensor Labels { get; }

    /// <summary>The number of images.</summary>
    public int Count => (int)Images.shape[0];

    /// <summary>The number of classes.</summary>
    public int ClassCount => (int)Labels.shape[1];

    /// <summary>What the classes are called, in the order of the labels' elements.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The distiller's name and settings, the seed and the number of steps.</summary>
    public string Method { get; }

    /// <summary>The standardization of the space that the images live in; null when they are pixels in [0, 1].</summary>
    public Standardization? Preprocessing { get; }

    /// <summary>The learned rate of each training step; empty when the method leaves training to the reader.</summary>
    public IReadOnlyList<double> LearningRates { get; }

    /// <summary>The number of batches that the images are used in, in order.</summary>
    public int Steps { get; }

    /// <summary>How often the learned schedule goes through all images; 0 without a schedule.</summary>
    public int Epochs => LearningRates.Count / Steps;

    /// <summary>The class with the largest label, image by image.</summary>
    public long[] Classes()
    {
        using var scope = NewDisposeScope();
        return Labels.argmax(1).cpu().data<long>().ToArray();
    }

    /// <summary>
    /// Writes an .npz that NumPy opens: images [n, c, h, w] and their layout ("NCHW"), labels [n, classes], class_names [classes],
    /// learning_rates and steps, the preprocessing as mean and std (of each channel, or one for all; 0 and 1 without one), method. Atomic.
    /// </summary>
    /// <param name="path">Where to write; the folder is made where it is missing.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        var archive = new Npz();
        archive.Add("images", NpyArray.From(Images));
        archive.Add(ImageLayout.Key, ImageLayout.Stated);
        archive.Add("labels", NpyArray.From(Labels));
        archive.Add("class_names", NpyArray.FromTexts(ClassNames));
        archive.Add("learning_rates", NpyArray.From(LearningRates.ToArray(), LearningRates.Count));
        archive.Add("steps", NpyArray.Scalar((long)Steps));
        archive.Add("mean", NpyArray.From<float>([.. Preprocessing?.Mean ?? [0f]]));
        archive.Add("std", NpyArray.From<float>([.. Preprocessing?.StandardDeviation ?? [1f]]));
        archive.Add("method", NpyArray.FromText(Method));
        archive.Save(path);
    }

    /// <summary>
    /// Reads a set back; also the published KIP files, which hold
    /// <c>images</c> and <c>labels</c> alone, their images as [n, h, w, c].
    /// </summary>
    /// <param name="path">The archive.</param>
    /// <param name="preprocessing">
    /// How the images were standardized, for an archive that does not say, as the published ones do not; null: they are in [0, 1].
    /// </param>
    /// <param name="channelsLast">
    /// Whether the images are <c>[n, height, width, channels]</c>; null: as the
    /// archive says, else as its shape does, where only one place has 1 or 3.
    /// </param>
    /// <param name="maximumBytes">
    /// The bytes that the arrays may take in memory where the file is smaller than they are; by default 1 GiB.
    /// </param>
    /// <exception cref="InvalidDataException">The file is no such archive; the message says what is missing or does not fit.</exception>
    public static DistilledSet Load(string path, Standardization? preprocessing = null, bool? channelsLast = null,
        long maximumBytes = Npz.DefaultMaximumBytes)
    {
        var archive = Npz.Load(path, maximumBytes);
        using var scope = NewDisposeScope();
        try
        {
            var images = archive["images"].ToTensor().to_type(float32);
            if (images.dim() == 4 && ImageLayout.IsChannelsLast(archive, "images", channelsLast))
                images = images.permute(0, 3, 1, 2).contiguous();
            return new DistilledSet(
                images,
                archive["labels"].ToTensor().to_type(float32),
                archive.Contains("method") ? archive["method"].ToText() : $"read from {Path.GetFileName(path)}",
                archive.Contains("mean") ? Stored(archive) : preprocessing,
                archive.Contains("learning_rates") ? archive["learning_rates"].ToDoubles() : null,
                archive.Contains("steps") ? (int)Math.Clamp(archive.Get("steps").ToInt64s()[0], 0, int.MaxValue) : 1,
                archive.Contains("class_names") ? archive["class_names"].ToTexts() : null);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException ||
            (error is InvalidDataException && !error.Message.Contains(path, StringComparison.Ordinal)))
        {
            throw new InvalidDataException($"'{path}' is not a distilled set: {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Count} distilled images [{string.Join(", ", Images.shape[1..])}], {ClassCount} classes, {Method}";

    /// <inheritdoc/>
    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }

    private static Standardization? Stored(Npz archive)
    {
        var (mean, deviation) = (archive["mean"].ToSingles(), archive["std"].ToSingles());
        return mean is [0f] && deviation is [1f] ? null : new Standardization(mean, deviation);
    }

    private static bool Finite(Tensor t)
    {
        using var total = t.sum(float64);
        return double.IsFinite(total.Number());
    }
}
