namespace DatasetDistillation.Data;

/// <summary>How the loaders of published data sets get their files.</summary>
public sealed record DataOptions
{
    /// <summary>
    /// The folders to look in, best first; a download goes to the first. By default the folder that the environment
    /// variable <c>DISTILLATION_DATA</c> names, then <c>data</c> in the repository, then <c>data</c> beside the library.
    /// </summary>
    public IReadOnlyList<string>? Folders { get; init; }

    /// <summary>
    /// Whether what is not found may be downloaded. By default yes, unless the environment
    /// variable <c>DISTILLATION_OFFLINE</c> is set (to anything but 0 or false).
    /// </summary>
    public bool AllowDownload { get; init; } = !DataFolders.IsOffline;

    /// <summary>Receives the share of a download that has arrived, in [0, 1].</summary>
    public IProgress<double>? Progress { get; init; }

    /// <summary>Receives a line of text where the images are not what one would expect; by default the console does.</summary>
    public Action<string> Notice { get; init; } = Console.WriteLine;

    /// <summary>What the data set consists of and where it is served, where that is not the loader's own.</summary>
    internal DataSource? Source { get; init; }

    internal IReadOnlyList<string> FoldersToSearch => Folders ?? DataFolders.Default;

    /// <summary>The paths of files of a data set, which is downloaded where they are not found.</summary>
    /// <exception cref="FileNotFoundException">
    /// They are not to be had; the message says where they were looked for and what was in the way.
    /// </exception>
    /// <inheritdoc cref="Download" path="/exception"/>
    internal string[] Get(DataSource source, IReadOnlyList<DataFile> files, CancellationToken cancellation)
    {
        if (source.Find(FoldersToSearch, files) is { } found)
            return found;
        string why = Download(source, cancellation) ?? "the download has not brought it";
        return source.Find(FoldersToSearch, files) ?? throw new FileNotFoundException(
            $"There is no {source.Title} ('{string.Join("', '", files.Select(static file => file.PackedName))}', gzipped or not) "
            + $"in {string.Join(" or ", FoldersToSearch.Select(folder => $"'{Path.Combine(folder, source.Folders[0])}'"))}, and {why}. "
            + $"Get it from {string.Join(" or ", source.Mirrors)} and put it there.", files[0].PackedName);
    }

    /// <summary>Downloads a data set; returns what was in the way where no mirror serves it.</summary>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal string? Download(DataSource source, CancellationToken cancellation)
    {
        if (!AllowDownload)
            return "downloading is forbidden";
        try
        {
            using var download = new MirrorDownload(source.Mirrors, Progress is null ? null : new Fractions(Progress));
            string folder = Path.Combine(FoldersToSearch[0], source.Folders[0]);
            Task.Run(() => download.DownloadAsync(source.Files, folder, cancellation), cancellation).GetAwaiter().GetResult();
            return null;
        }
        catch (Exception exception) when (exception is HttpRequestException or InvalidDataException)
        {
            return exception.Message;
        }
    }

    private sealed class Fractions(IProgress<double> progress) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => progress.Report(value.Fraction);
    }
}
