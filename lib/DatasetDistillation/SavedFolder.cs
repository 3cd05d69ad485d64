using System.Text.Json;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;

namespace DatasetDistillation;

/// <summary>
/// A folder of results: <c>name.npz</c> for each distilled set, <c>rows/notebook.jsonl</c> with a row in each line,
/// <c>checkpoints/name.npz</c>. Rows are added under a lock, so that processes which run side by side do not undo each other's.
/// </summary>
internal sealed class SavedFolder(string folder)
{
    private const string RowsExtension = ".jsonl";
    private const string SetExtension = ".npz";

    public string Folder => folder;

    private string RowsFolder => Path.Combine(folder, "rows");

    public string Checkpoint(string name) => Path.Combine(folder, "checkpoints", Checked(name) + SetExtension);

    public void Write(string name, DistilledSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        set.Save(Path.Combine(folder, Checked(name) + SetExtension));
    }

    public void Write(ResultRow row)
    {
        Require(row);
        var path = Path.Combine(RowsFolder, Checked(row.Notebook) + RowsExtension);
        using var turn = TakeTurn();
        var rows = File.Exists(path) ? Read(path) : [];
        int former = rows.FindIndex(row.Replaces);
        if (former >= 0)
            rows[former] = row;
        else
            rows.Add(row);
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            foreach (var each in rows)
                writer.WriteLine(JsonSerializer.Serialize(each));
        });
    }

    public IReadOnlyList<ResultRow> Rows() => [.. Files(RowsFolder, RowsExtension).SelectMany(Read)];

    public IReadOnlyList<(string Name, DistilledSet Set)> Sets()
    {
        var sets = new List<(string Name, DistilledSet Set)>();
        try
        {
            foreach (var path in Files(folder, SetExtension))
                sets.Add((Path.GetFileNameWithoutExtension(path), DistilledSet.Load(path)));
            return sets;
        }
        catch (InvalidDataException error)
        {
            sets.ForEach(static saved => saved.Set.Dispose());
            throw new InvalidDataException($"{error.Message} Delete the file and run the notebook that saved it again.", error);
        }
        catch
        {
            sets.ForEach(static saved => saved.Set.Dispose());
            throw;
        }
    }

    /// <summary>The names of the sets, in their order.</summary>
    public IReadOnlyList<string> Names() => [.. Files(folder, SetExtension).Select(static path => Path.GetFileNameWithoutExtension(path))];

    /// <summary>A set with a record beside it, which says how long it took to make.</summary>
    public (DistilledSet Set, TimeSpan Distilling) Shipped(string name)
    {
        var path = Path.Combine(folder, Checked(name) + SetExtension);
        if (!File.Exists(path))
            throw new FileNotFoundException(
                $"'{path}' is not there. Make it with 'dotnet run -c Release --project lib/DistilledSets -- make {name}'.");
        var record = Path.ChangeExtension(path, ".json");
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(record));
            var distilling = TimeSpan.FromSeconds(json.RootElement.GetProperty("seconds").GetDouble());
            return (DistilledSet.Load(path), distilling);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
            or OverflowException or ArgumentException or FileNotFoundException)
        {
            throw new InvalidDataException(
                $"'{record}' does not say how long the set took to make: {error.Message} Make the set again.", error);
        }
    }

    private FileStream TakeTurn()
    {
        try
        {
            return FileLock.Wait(Path.Combine(RowsFolder, ".lock"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"'{RowsFolder}' cannot be written to: {error.Message} Make it writable, or delete it.", error);
        }
    }

    private static IEnumerable<string> Files(string folder, string extension) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*" + extension)
            .Where(static path => !Path.GetFileName(path).StartsWith('.'))
            .Order(StringComparer.Ordinal)
        : [];

    private static List<ResultRow> Read(string path)
    {
        var rows = new List<ResultRow>();
        foreach (var (number, line) in File.ReadLines(path).Index())
        {
            try
            {
                var row = JsonSerializer.Deserialize<ResultRow>(line);
                Require(row);
                rows.Add(row!);
            }
            catch (Exception error) when (error is JsonException or ArgumentException)
            {
                throw new InvalidDataException(
                    $"Line {number + 1} of '{path}' is no result: "
                    + $"{error.Message} Delete the file and run notebook {Path.GetFileNameWithoutExtension(path)} again.", error);
            }
        }
        return rows;
    }

    private static void Require(ResultRow? row)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (row.TrainingSet is null || row.ReadOut is null || row.Data is null)
            throw new ArgumentException(
                "A result says which training set, read-out and data it is about; one of them is missing.", nameof(row));
        Checked(row.Notebook);
        if (row.Accuracy is not (>= 0 and <= 1))
            throw new ArgumentException($"An accuracy is between 0 and 1; got {row.Accuracy}.", nameof(row));
    }

    private static string Checked(string name) =>
        !string.IsNullOrEmpty(name) && name[0] != '.' && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
            ? name
            : throw new ArgumentException(
                "A name of something saved consists of letters, digits, "
                + $"points, dashes and underscores, like \"03-kip\"; got \"{name}\".", nameof(name));
}
