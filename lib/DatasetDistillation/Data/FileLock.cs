namespace DatasetDistillation.Data;

/// <summary>Lets one process, or thread, at a time through; the system frees the lock of a process that ends.</summary>
internal static class FileLock
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits for a lock and takes it, until what is returned is disposed. The file stays, empty.</summary>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written to.</exception>
    public static FileStream Wait(string path)
    {
        FileStream? taken;
        while ((taken = TryTake(path)) is null)
            Thread.Sleep(Pause);
        return taken;
    }

    /// <inheritdoc cref="Wait"/>
    public static async Task<FileStream> WaitAsync(string path, CancellationToken cancellation)
    {
        FileStream? taken;
        while ((taken = TryTake(path)) is null)
            await Task.Delay(Pause, cancellation).ConfigureAwait(false);
        return taken;
    }

    private static FileStream? TryTake(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (IsTaken(exception))
        {
            return null;
        }
    }

    private static bool IsTaken(IOException exception) => (exception.HResult & 0xFFFF) switch
    {
        32 or 33 => OperatingSystem.IsWindows(), // ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION
        11 => OperatingSystem.IsLinux(), // EWOULDBLOCK
        35 => OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD(), // EWOULDBLOCK
        _ => false,
    };
}
