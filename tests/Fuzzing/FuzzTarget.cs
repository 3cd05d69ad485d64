using System.Globalization;
using DatasetDistillation.Distillation;

namespace Fuzzing;

/// <summary>A reader that is given damaged files.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Seeds">Whole files, by the name under which the reader wants each; one of them is damaged each time.</param>
/// <param name="Damage">How a file is damaged.</param>
/// <param name="Read">Reads the files of a folder.</param>
internal sealed record FuzzTarget(
    string Name,
    IReadOnlyList<IReadOnlyDictionary<string, byte[]>> Seeds,
    Func<string, byte[], Random, byte[]> Damage,
    Action<string> Read);

/// <summary>What came of the damaged files.</summary>
/// <param name="Accepted">Files that were read.</param>
/// <param name="Refused">Files that were refused as they should be.</param>
/// <param name="Slowest">The longest that one took.</param>
/// <param name="MostBytes">The most managed memory that one took.</param>
/// <param name="Failures">What should not happen: another exception, too much time or memory.</param>
internal sealed record FuzzReport(int Accepted, int Refused, TimeSpan Slowest, long MostBytes, IReadOnlyList<string> Failures)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Accepted} read, {Refused} refused, {Failures.Count} failures; " +
        $"the slowest took {Slowest.TotalSeconds:F2} s, the largest {MostBytes / 1e6:F1} MB");
}

/// <summary>Damages files and watches a reader read them. The same seed damages them in the same way.</summary>
internal static class Fuzzer
{
    private const long MostBytes = 256L << 20;
    private const int MostFailures = 20;
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(30); // of the clock: the machine may be busy

    /// <param name="target">The reader.</param>
    /// <param name="first">The number of the first damaged file.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="progress">Is told the number of each.</param>
    public static FuzzReport Run(FuzzTarget target, int first, int count, Action<int>? progress = null)
    {
        string folder = Directory.CreateTempSubdirectory("distillation-fuzz-").FullName;
        try
        {
            Read(target, target.Seeds[0], folder); // compiles the code, and fails where the seed itself cannot be read
            var (accepted, refused, slowest, most, failures) = (0, 0, TimeSpan.Zero, 0L, new List<string>());
            for (int number = first; number < first + count && failures.Count < MostFailures; number++)
            {
                progress?.Invoke(number);
                var task = Task.Run(() => Read(target, Damaged(target, number), folder));
                if (!task.Wait(MostTime))
                {
                    failures.Add($"{target.Name} {number} takes more than {MostTime.TotalSeconds} s");
                    return new FuzzReport(accepted, refused, MostTime, most, failures); // it cannot be stopped, nor the folder emptied
                }
                var (error, time, bytes) = task.Result;
                (slowest, most) = (time > slowest ? time : slowest, Math.Max(most, bytes));
                if (error is null)
                    accepted++;
                else if (error is InvalidDataException or DistillationDivergedException)
                    refused++;
                else
                    failures.Add(
                        $"{target.Name} {number}: {error.GetType().Name}: {error.Message[..Math.Min(error.Message.Length, 300)]}"
                        + $"{Environment.NewLine}{error.StackTrace}");
                if (bytes > MostBytes)
                    failures.Add($"{target.Name} {number} takes {bytes:N0} bytes");
                if (error is InvalidDataException { Message.Length: > 4000 })
                    failures.Add($"{target.Name} {number}: the message has {error.Message.Length:N0} characters");
            }
            return new FuzzReport(accepted, refused, slowest, most, failures);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The files of a case, one of them damaged.</summary>
    public static Dictionary<string, byte[]> Damaged(FuzzTarget target, int number)
    {
        var random = new Random(number);
        var files = target.Seeds[random.Next(target.Seeds.Count)].ToDictionary();
        string name = files.Keys.Order(StringComparer.Ordinal).ElementAt(random.Next(files.Count));
        files[name] = target.Damage(name, files[name], random);
        return files;
    }

    private static (Exception? Error, TimeSpan Time, long Bytes) Read(
        FuzzTarget target, IReadOnlyDictionary<string, byte[]> files, string folder)
    {
        foreach (var (name, content) in files)
        {
            string path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }
        var clock = System.Diagnostics.Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Read(folder);
            return (null, clock.Elapsed, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        catch (Exception error)
        {
            return (error, clock.Elapsed, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        finally
        {
            foreach (string path in Directory.GetFileSystemEntries(folder))
            {
                if (Directory.Exists(path))
                    Directory.Delete(path, recursive: true);
                else
                    File.Delete(path);
            }
        }
    }
}
