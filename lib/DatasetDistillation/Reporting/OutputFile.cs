using DatasetDistillation.Data;

namespace DatasetDistillation.Reporting;

/// <summary>Writes files whole or not at all.</summary>
internal static class OutputFile
{
    /// <exception cref="ArgumentException">The path is that of a folder.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static void Write(string path, byte[] bytes)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (Path.EndsInDirectorySeparator(path) || Directory.Exists(path))
            throw new ArgumentException($"'{path}' is a folder; give the name of a file.", nameof(path));
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }
}
