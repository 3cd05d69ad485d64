namespace NotebookRunner.Execution;

/// <summary>Replaces files so that a reader, or a crash, finds the old content or the new one and nothing between.</summary>
internal static class AtomicFile
{
    /// <summary>
    /// Writes a file by way of a neighbor with the ending <c>.partial</c>, which an interrupted write may leave behind. Of several
    /// processes that write the same file, the last one's content remains.
    /// </summary>
    /// <exception cref="OutputException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var partial = $"{path}.{Guid.NewGuid().ToString("N")[..8]}.partial";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            using (var file = new FileStream(partial, FileMode.Create, FileAccess.Write))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(partial);
            throw new OutputException($"Cannot write {path}: {e.Message} Free some space or choose another folder with --output.", e);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What could not be written can often not be removed either; the first error is the one to tell.
        }
    }
}

/// <summary>The results cannot be written.</summary>
internal sealed class OutputException(string message, Exception inner) : Exception(message, inner);
