using System.Collections.Concurrent;

namespace DatasetDistillation.Data;

/// <summary>
/// Handwritten digits from the best source at hand: MNIST in a data folder (<c>mnist/</c> in it, or
/// directly inside); Kaggle's <c>digit-recognizer/train.csv</c> there; MNIST downloaded; or else synthetic
/// digits. <see cref="ImageDataset.Name"/> and <see cref="ImageDataset.Source"/> say which they are.
/// </summary>
public static partial class Digits
{
    private const int Side = 28;
    private const int ClassCount = 10;
    private const int TrainingCount = 60_000;
    private const int TestCount = 10_000;
    private const int KaggleCount = 42_000;
    private const double KaggleTestPart = 1 / 7.0; // as many of all as in MNIST

    // The places of the images and the labels among the files of MNIST.
    private static readonly Range Training = ..2;
    private static readonly Range Test = 2..;

    // By folder, why its training images are synthetic. The test images are then too, even if a server answers again.
    private static readonly ConcurrentDictionary<string, string> MadeDo = new();

    /// <summary>The training images: MNIST's 60,000, or six sevenths of Kaggle's 42,000, or 60,000 synthetic ones.</summary>
    /// <param name="options">Where to look; null: the defaults.</param>
    /// <param name="cancellation">Ends a download.</param>
    /// <exception cref="InvalidDataException">A file is damaged or not what it should be.</exception>
    /// <exception cref="IOException">A download cannot be stored.</exception>
    public static ImageDataset Load(DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        return Find(options, Training, cancellation) switch
        {
            MnistFound mnist => ReadMnist(mnist, "MNIST training set", options, Training),
            KaggleFound kaggle => SplitKaggle(kaggle).Training,
            var found => Synthetic("synthetic digits (training)", TrainingCount, 0, (NothingFound)found, options),
        };
    }

    /// <summary>
    /// The test images that belong to <see cref="Load"/>: MNIST's 10,000, or the other seventh of Kaggle's 42,000 (which
    /// is MNIST shuffled, so that MNIST's own test images would be no test), or 10,000 synthetic ones. Where <see cref="Load"/> could
    /// not download MNIST they are synthetic without another attempt.
    /// </summary>
    /// <inheritdoc cref="Load"/>
    public static ImageDataset LoadTest(DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        return Find(options, Test, cancellation, belongsToTraining: true) switch
        {
            MnistFound mnist => ReadMnist(mnist, "MNIST test set", options, Test),
            KaggleFound kaggle => SplitKaggle(kaggle).Test,
            var found => Synthetic("synthetic digits (test)", TestCount, TrainingCount, (NothingFound)found, options),
        };
    }

    /// <summary>
    /// The 42,000 images of Kaggle's digit recognizer where the file is there; else the first 42,000 of MNIST's training
    /// images, or of the synthetic ones.
    /// </summary>
    /// <inheritdoc cref="Load"/>
    public static ImageDataset LoadKaggle(DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        if (FindKaggle(options) is { } file)
            return ReadKaggle(file);
        return Find(options, Training, cancellation) switch
        {
            MnistFound mnist => ReadMnist(mnist, "MNIST, first 42,000", options, Training, KaggleCount),
            var found => Synthetic("synthetic digits (42,000)", KaggleCount, 0, (NothingFound)found, options),
        };
    }

    private abstract record Found;

    private sealed record MnistFound(string[] Files) : Found;

    private sealed record KaggleFound(string File) : Found;

    private sealed record NothingFound(string Why) : Found;

    private static Found Find(DataOptions options, Range half, CancellationToken cancellation, bool belongsToTraining = false)
    {
        var source = Source(options);
        var files = source.Files.Take(half).ToArray();
        if (source.Find(options.FoldersToSearch, files) is { } found)
            return new MnistFound(found);

        // Kaggle's images are MNIST's, shuffled: the one never completes the other.
        bool hasOtherHalf = source.Find(options.FoldersToSearch, [.. source.Files.Except(files)]) is not null;
        if (!hasOtherHalf && FindKaggle(options) is { } kaggle)
            return new KaggleFound(kaggle);

        string folder = Path.Combine(options.FoldersToSearch[0], source.Folders[0]);
        string? why;
        if (!belongsToTraining || !options.AllowDownload || !MadeDo.TryGetValue(folder, out why))
        {
            why = options.Download(source, cancellation);
            if (why is null && source.Find(options.FoldersToSearch, files) is { } downloaded)
            {
                MadeDo.TryRemove(folder, out _);
                return new MnistFound(downloaded);
            }
            why ??= "the download has not brought it";
            if (!belongsToTraining && options.AllowDownload)
                MadeDo[folder] = why;
        }

        return hasOtherHalf
            ? throw new FileNotFoundException(
                $"The data folder has one half of MNIST, but not "
                + $"'{string.Join("' and '", files.Select(static file => file.PackedName))}'. Put them beside the others ({why}).")
            : new NothingFound($"there is no MNIST in '{folder}', and {why}. " +
                "Put its four files there, or load again with a network, to use it.");
    }

    private static DataSource Source(DataOptions options) => options.Source ?? DataSource.Mnist;

    private static string? FindKaggle(DataOptions options) =>
        options.FoldersToSearch.Select(folder => Path.Combine(folder, "digit-recognizer", "train.csv")).FirstOrDefault(File.Exists);

    private static ImageDataset ReadMnist(MnistFound found, string name, DataOptions options, Range half, int? count = null)
    {
        var images = IdxReader.Read(found.Files, [.. Source(options).Files.Take(half)], ClassCount);
        return ImageDataset.FromPixels(count is int first ? images.Slice(0, Math.Min(first, images.Count)) : images, name,
            "MNIST, the handwritten digits of LeCun, Cortes and Burges", ClassCount);
    }

    private static ImageDataset ReadKaggle(string file) =>
        ImageDataset.FromPixels(CsvPixelReader.Read(file, Side, Side, ClassCount), "Kaggle digit recognizer",
            "the training file of Kaggle's digit recognizer, which is MNIST shuffled", ClassCount);

    private static (ImageDataset Training, ImageDataset Test) SplitKaggle(KaggleFound found)
    {
        using var all = ReadKaggle(found.File);
        var (training, test) = all.StratifiedSplit(1 - KaggleTestPart, seed: 0);
        return (training.Named("Kaggle digit recognizer (training part)"), test.Named("Kaggle digit recognizer (test part)"));
    }

    private static ImageDataset Synthetic(string name, int count, long first, NothingFound found, DataOptions options)
    {
        options.Notice($"These are synthetic digits, not MNIST: {found.Why}");
        return SyntheticDigits.Create(count, first: first).Named(name);
    }
}
