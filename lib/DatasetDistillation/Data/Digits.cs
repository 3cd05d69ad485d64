using System.Collections.Concurrent;

namespace DatasetDistillation.Data;

/// <summary>How <see cref="Digits"/> gets its images.</summary>
public sealed record DigitsOptions
{
    /// <summary>
    /// The folders to look in, best first; a download goes to the first. By default the folder that the environment
    /// variable <c>DISTILLATION_DATA</c> names, then <c>data</c> in the repository, then <c>data</c> beside the library.
    /// </summary>
    public IReadOnlyList<string>? Folders { get; init; }

    /// <summary>
    /// Whether MNIST may be downloaded where it is not found. By default yes, unless the environment variable
    /// <c>DISTILLATION_OFFLINE</c> is set (to something else than 0 or false).
    /// </summary>
    public bool AllowDownload { get; init; } = !DataFolders.IsOffline;

    /// <summary>Is told how far a download is.</summary>
    public IProgress<DownloadProgress>? Progress { get; init; }

    /// <summary>Is given a line of text where the images are not what one would expect. By default it is written to the console.</summary>
    public Action<string> Notice { get; init; } = Console.WriteLine;

    /// <summary>The seed of the synthetic digits, where there is nothing better.</summary>
    public long SyntheticSeed { get; init; }

    /// <summary>What MNIST consists of and where it is served.</summary>
    internal MnistFiles Mnist { get; init; } = MnistFiles.Official;
}

/// <summary>
/// Handwritten digits, from the best source there is: MNIST in a data folder (<c>mnist/</c> in it, or directly inside);
/// Kaggle's <c>digit-recognizer/train.csv</c> there; MNIST downloaded; or else synthetic digits.
/// <see cref="ImageDataset.Name"/> and <see cref="ImageDataset.Source"/> say which they are.
/// </summary>
public static partial class Digits
{
    private const int Side = 28;
    private const int ClassCount = 10;
    private const int TrainingCount = 60_000;
    private const int TestCount = 10_000;
    private const int KaggleCount = 42_000;
    private const double KaggleTestPart = 1 / 7.0; // as many of all as in MNIST

    // By folder, why its training images are synthetic. The test images are then too, even if a server answers again.
    private static readonly ConcurrentDictionary<string, string> MadeDo = new();

    /// <summary>The training images: MNIST's 60,000, or six sevenths of Kaggle's 42,000, or 60,000 synthetic ones.</summary>
    /// <param name="options">Where to look; the defaults serve.</param>
    /// <param name="cancellation">Ends a download; what has arrived is kept for the next time.</param>
    /// <exception cref="InvalidDataException">A file is damaged or not what it should be.</exception>
    /// <exception cref="IOException">A download cannot be stored.</exception>
    public static ImageDataset Load(DigitsOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DigitsOptions();
        return Find(options, files => files.Training, cancellation) switch
        {
            MnistFound mnist => ReadMnist(mnist, "MNIST training set", options.Mnist.Training),
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
    public static ImageDataset LoadTest(DigitsOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DigitsOptions();
        return Find(options, files => files.Test, cancellation, belongsToTraining: true) switch
        {
            MnistFound mnist => ReadMnist(mnist, "MNIST test set", options.Mnist.Test),
            KaggleFound kaggle => SplitKaggle(kaggle).Test,
            var found => Synthetic("synthetic digits (test)", TestCount, TrainingCount, (NothingFound)found, options),
        };
    }

    /// <summary>
    /// The 42,000 images of Kaggle's digit recogniser where the file is there; else the first 42,000 of MNIST's training
    /// images, or of the synthetic ones.
    /// </summary>
    /// <inheritdoc cref="Load"/>
    public static ImageDataset LoadKaggle(DigitsOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DigitsOptions();
        if (FindKaggle(options) is { } file)
            return ReadKaggle(file);
        return Find(options, files => files.Training, cancellation) switch
        {
            MnistFound mnist => ReadMnist(mnist, "MNIST, first 42,000", options.Mnist.Training, KaggleCount),
            var found => Synthetic("synthetic digits (42,000)", KaggleCount, 0, (NothingFound)found, options),
        };
    }

    private abstract record Found;

    private sealed record MnistFound(string Images, string Labels) : Found;

    private sealed record KaggleFound(string File) : Found;

    private sealed record NothingFound(string Why) : Found;

    private static Found Find(DigitsOptions options, Func<MnistFiles, MnistPair> half, CancellationToken cancellation, bool belongsToTraining = false)
    {
        var pair = half(options.Mnist);
        if (FindMnist(options, pair) is { } mnist)
            return mnist;

        // Kaggle's images are MNIST's, shuffled: the one never completes the other.
        bool hasOtherHalf = FindMnist(options, options.Mnist.Training) is not null || FindMnist(options, options.Mnist.Test) is not null;
        if (!hasOtherHalf && FindKaggle(options) is { } kaggle)
            return new KaggleFound(kaggle);

        string folder = Path.Combine(Folders(options)[0], "mnist");
        string? why;
        if (!options.AllowDownload)
            why = "downloading is forbidden";
        else if (!belongsToTraining || !MadeDo.TryGetValue(folder, out why))
        {
            why = Download(options, folder, cancellation);
            if (why is null && FindMnist(options, pair) is { } downloaded)
            {
                MadeDo.TryRemove(folder, out _);
                return downloaded;
            }
            why ??= "the download has not brought it";
            if (!belongsToTraining)
                MadeDo[folder] = why;
        }

        return hasOtherHalf
            ? throw new FileNotFoundException($"The data folder has one half of MNIST, but not '{pair.Images.Name}.gz' and '{pair.Labels.Name}.gz'. Put them beside the others ({why}).")
            : new NothingFound($"there is no MNIST in '{folder}', and {why}. Put its four files there, or load again with a network, to use it.");
    }

    private static MnistFound? FindMnist(DigitsOptions options, MnistPair pair)
    {
        foreach (string folder in Folders(options).SelectMany(folder => (string[])[Path.Combine(folder, "mnist"), folder]))
        {
            if (pair.Images.FindIn(folder) is { } images && pair.Labels.FindIn(folder) is { } labels)
                return new MnistFound(images, labels);
        }
        return null;
    }

    private static string? FindKaggle(DigitsOptions options) =>
        Folders(options).Select(folder => Path.Combine(folder, "digit-recognizer", "train.csv")).FirstOrDefault(File.Exists);

    private static IReadOnlyList<string> Folders(DigitsOptions options) => options.Folders ?? DataFolders.Default;

    /// <summary>Downloads MNIST; returns what was in the way where no mirror serves it.</summary>
    private static string? Download(DigitsOptions options, string folder, CancellationToken cancellation)
    {
        try
        {
            using var download = new MirrorDownload(options.Mnist.Mirrors, options.Progress);
            Task.Run(() => download.DownloadAsync(options.Mnist.All, folder, cancellation), cancellation).GetAwaiter().GetResult();
            return null;
        }
        catch (Exception exception) when (exception is HttpRequestException or InvalidDataException)
        {
            return exception.Message;
        }
    }

    private static ImageDataset ReadMnist(MnistFound files, string name, MnistPair expected, int? count = null)
    {
        var images = IdxReader.Read(files.Images, files.Labels, ClassCount, expected.Images.Sha256, expected.Labels.Sha256);
        return ImageDataset.FromPixels(count is int first ? images.Slice(0, Math.Min(first, images.Count)) : images, name, "MNIST, the handwritten digits of LeCun, Cortes and Burges", ClassCount);
    }

    private static ImageDataset ReadKaggle(string file) =>
        ImageDataset.FromPixels(CsvPixelReader.Read(file, Side, Side, ClassCount), "Kaggle digit recogniser", "the training file of Kaggle's digit recogniser, which is MNIST shuffled", ClassCount);

    private static (ImageDataset Training, ImageDataset Test) SplitKaggle(KaggleFound found)
    {
        using var all = ReadKaggle(found.File);
        var (training, test) = all.StratifiedSplit(1 - KaggleTestPart, seed: 0);
        return (training.Named("Kaggle digit recogniser (training part)"), test.Named("Kaggle digit recogniser (test part)"));
    }

    private static ImageDataset Synthetic(string name, int count, long first, NothingFound found, DigitsOptions options)
    {
        options.Notice($"These are synthetic digits, not MNIST: {found.Why}");
        return SyntheticDigits.Create(count, options.SyntheticSeed, first).Named(name);
    }
}
