using System.Globalization;
using NotebookRunner.Execution;

namespace NotebookRunner;

/// <summary>Finds the notebooks to run.</summary>
internal static class NotebookFinder
{
    private const string Extension = ".ipynb";

    /// <summary>The notebooks named, or all of the repository's in the order of their names.</summary>
    /// <param name="names">Paths, or names or numbers of the repository's notebooks, such as <c>01</c> or <c>1</c>.</param>
    /// <param name="from">The folder that paths are relative to.</param>
    /// <exception cref="NotebookException">A name finds no notebook or several, or there is none at all.</exception>
    public static List<string> Find(IReadOnlyList<string> names, string from)
    {
        var folder = NotebookFolder(from) ?? NotebookFolder(AppContext.BaseDirectory);
        if (names.Count == 0 && folder is null)
            throw new NotebookException($"No folder above {from} holds Notebooks.sln: run this in the repository, or give paths.");
        var all = folder is null ? [] : InOrder(folder);
        var found = names.Count == 0 ? all : [.. names.Select(name => Find(name, from, all))];
        if (found.Count == 0)
            throw new NotebookException($"There is no notebook in {folder}.");
        if (found.GroupBy(Path.GetFileName).FirstOrDefault(g => g.Count() > 1) is { } same)
            throw new NotebookException($"Two notebooks have the name {same.Key}, and their results would be one file: run one at a time.");
        return found;
    }

    /// <summary>The notebooks of a folder in the order of their names.</summary>
    public static List<string> InOrder(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*" + Extension).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>The folder <c>notebooks</c> of the repository that a folder lies in; <see langword="null"/> if it lies in none.</summary>
    private static string? NotebookFolder(string from)
    {
        for (var folder = Path.GetFullPath(from); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Notebooks.sln")))
                return Path.Combine(folder, "notebooks");
        }
        return null;
    }

    private static string Find(string name, string from, List<string> all)
    {
        var path = Path.GetFullPath(name, from);
        if (File.Exists(path))
            return path;
        var bare = name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) ? name[..^Extension.Length] : name;
        var matches = all.Where(p => Path.GetFileNameWithoutExtension(p) is var n
            && (n == bare || n.StartsWith(bare + "-", StringComparison.OrdinalIgnoreCase) || IsNumberOf(n, bare))).ToList();
        return matches.Count switch
        {
            1 => matches[0],
            0 => throw new NotebookException($"There is no notebook '{name}', neither as {path} nor in the repository ({List(all)})."),
            _ => throw new NotebookException($"'{name}' could be any of {List(matches)}."),
        };
    }

    private static bool IsNumberOf(string notebook, string number) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted)
        && int.TryParse(notebook.Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var own) && own == wanted;

    private static string List(List<string> paths) =>
        paths.Count == 0 ? "none" : string.Join(", ", paths.Select(Path.GetFileNameWithoutExtension));
}
