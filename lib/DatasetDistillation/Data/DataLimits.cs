namespace DatasetDistillation.Data;

/// <summary>
/// What a file may ask for. Readers check it before they take memory, since
/// files come from anywhere: a few hundred bytes can declare gigabytes.
/// </summary>
internal static class DataLimits
{
    /// <summary>The bytes that what is read may take in memory, unless the caller raises it: 1 GiB.</summary>
    public const long DefaultMaximumBytes = 1L << 30;

    /// <summary>The most classes of a data set.</summary>
    public const int MaximumClasses = 65_536;

    /// <summary>The best that deflate can do: more bytes than this times those of the file it cannot hold.</summary>
    public const long BestDeflateRatio = 1032;

    /// <summary>Refuses what is larger than the ceiling. What takes no more than the file itself is never too large.</summary>
    /// <param name="bytes">The bytes that are asked for.</param>
    /// <param name="fileLength">The length of the file as it lies on the disk.</param>
    /// <param name="maximumBytes">The ceiling.</param>
    /// <param name="what">What asks for them: "the array 'images' in 'a.npz'".</param>
    /// <exception cref="InvalidDataException">It is too large.</exception>
    public static void Require(Int128 bytes, long fileLength, long maximumBytes, string what)
    {
        if (bytes > maximumBytes && bytes > fileLength)
            throw new InvalidDataException(
                $"{what} takes {bytes:N0} bytes, more than the {maximumBytes:N0} that are read at most. "
                + "Raise maximumBytes if the file can be trusted.");
    }
}
