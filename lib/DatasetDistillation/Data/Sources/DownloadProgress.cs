namespace DatasetDistillation.Data;

/// <summary>How far a download is.</summary>
/// <param name="FileName">The file being downloaded.</param>
/// <param name="FileNumber">Which of the files it is, from 1.</param>
/// <param name="FileCount">How many files there are.</param>
/// <param name="BytesReceived">The bytes of this file that are here, those of an earlier attempt included.</param>
/// <param name="BytesTotal">The size of this file in bytes, where the server says it.</param>
internal readonly record struct DownloadProgress(string FileName, int FileNumber, int FileCount, long BytesReceived, long? BytesTotal)
{
    /// <summary>How much of all files is here, from 0 to 1, each file counting the same.</summary>
    public double Fraction => (FileNumber - 1 + (BytesTotal > 0 ? Math.Min(1, BytesReceived / (double)BytesTotal) : 0)) / FileCount;

    /// <summary>One line for people.</summary>
    public override string ToString()
    {
        string total = BytesTotal is long bytes ? FormattableString.Invariant($" of {bytes / 1e6:F1}") : "";
        return FormattableString.Invariant($"{FileName} ({FileNumber} of {FileCount}): {BytesReceived / 1e6:F1}{total} MB");
    }
}
