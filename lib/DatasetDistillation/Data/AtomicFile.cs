namespace DatasetDistillation.Data;

/// <summary>Writes whole files or nothing.</summary>
internal static class AtomicFile
{
    /// <summary>
    /// Writes a file beside its destination and renames it: a reader sees the old file or the new one, never a part of
    /// one, and a failed write leaves the old file as it was.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception)
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
            if (exception is IOException or UnauthorizedAccessException)
                throw new IOException(
                    $"'{path}' cannot be written: {exception.Message} Choose a folder that can be written to and has space.", exception);
            throw;
        }
    }
}
