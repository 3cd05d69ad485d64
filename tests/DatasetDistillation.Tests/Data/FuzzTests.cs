using Fuzzing;
using Xunit;

namespace DatasetDistillation.Tests.Data;

/// <summary>
/// Readers of damaged files: they read them or refuse them, in little time and memory. <c>tests/Benchmarks</c> does the same for longer.
/// </summary>
public class FuzzTests
{
    private const int Cases = 400;

    public static TheoryData<string> Readers => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Readers))]
    public void Damaged_files_are_read_or_refused(string reader)
    {
        var report = Fuzzer.Run(FuzzTargets.Create(reader), 0, Cases);

        Assert.True(report.Failures.Count == 0, string.Join(Environment.NewLine, report.Failures));
        Assert.InRange(report.Refused, Cases / 4, Cases);
    }
}
