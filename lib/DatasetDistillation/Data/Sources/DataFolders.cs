namespace DatasetDistillation.Data;

/// <summary>Where data sets are looked for and downloaded to.</summary>
internal static class DataFolders
{
    /// <summary>The environment variable that names the data folder.</summary>
    public const string Variable = "DISTILLATION_DATA";

    /// <summary>The environment variable that, set to 1 or true, forbids downloads.</summary>
    public const string OfflineVariable = "DISTILLATION_OFFLINE";

    /// <summary>Whether <see cref="OfflineVariable"/> forbids downloads.</summary>
    public static bool IsOffline =>
        Environment.GetEnvironmentVariable(OfflineVariable)?.Trim().ToUpperInvariant() is not (null or "" or "0" or "FALSE" or "NO");

    /// <summary>
    /// The folders to look in, best first; downloads go to the first. The one that <see cref="Variable"/> names; then
    /// <c>data</c> in the current folder and those above it up to the repository's root; then the same from the library.
    /// </summary>
    public static IReadOnlyList<string> Default
    {
        get
        {
            var folders = new List<string>();
            string? named = Environment.GetEnvironmentVariable(Variable);
            if (!string.IsNullOrWhiteSpace(named))
                folders.Add(Path.GetFullPath(named));
            folders.AddRange(InRepository());
            if (folders.Count == 0)
                folders.Add(Beside);
            return [.. folders.Distinct()];
        }
    }

    /// <summary>
    /// The <c>data</c> folder of the repository, whatever <see cref="Variable"/> says: that one may be shared, or not writable. Where
    /// there is no repository, <c>data</c> in the current folder.
    /// </summary>
    public static string OfRepository => InRepository().FirstOrDefault(Beside);

    private static string Beside => Path.Combine(Environment.CurrentDirectory, "data");

    /// <summary>The <c>data</c> folders above the current folder, then those above the library.</summary>
    private static IEnumerable<string> InRepository()
    {
        var folders = Above(Environment.CurrentDirectory).Concat(Above(AppContext.BaseDirectory));
        return Path.GetDirectoryName(typeof(DataFolders).Assembly.Location) is { Length: > 0 } library
            ? folders.Concat(Above(library)) : folders;
    }

    /// <summary>
    /// The <c>data</c> folders from the repository's root down to a folder; where there is no repository, those that exist beside it.
    /// </summary>
    private static List<string> Above(string start)
    {
        var folders = new List<string>();
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            string data = Path.Combine(folder.FullName, "data");
            if (File.Exists(Path.Combine(folder.FullName, "Notebooks.sln")))
            {
                folders.Insert(0, data);
                return folders;
            }
            if (Directory.Exists(data))
                folders.Add(data);
        }
        string beside = Path.Combine(start, "data");
        return Directory.Exists(beside) ? [beside] : [];
    }
}
