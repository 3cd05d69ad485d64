using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Models;
using DatasetDistillation.Reporting;
using DatasetDistillation.Training;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Reporting;

/// <summary>A notebook host may run in any culture; what is shown, and what identifies a checkpoint, is the same in all.</summary>
public sealed class CultureTests : IDisposable
{
    private readonly CultureInfo before = CultureInfo.CurrentCulture;

    public void Dispose() => CultureInfo.CurrentCulture = before;

    [Fact]
    public void WhatIsShownDoesNotDependOnTheCulture()
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var expected = Texts();
        // What de-DE has, without its data, which a host in invariant mode lacks.
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (comma.NumberFormat.NumberDecimalSeparator, comma.NumberFormat.NumberGroupSeparator) = (",", ".");
        (comma.NumberFormat.PercentDecimalSeparator, comma.NumberFormat.PercentSymbol, comma.NumberFormat.NegativeSign) = (",", "%%", "~");
        CultureInfo.CurrentCulture = comma;
        Assert.Equal(expected, Texts());
    }

    private static string[] Texts()
    {
        using var scope = NewDisposeScope();
        using var images = new ImageDataset(zeros([1500, 1, 2, 2]), zeros([1500], ScalarType.Int64), "zeros", classCount: 10);
        var chart = Charts.SideBySide(Charts.Line([-0.5, 1234.5], percent: true), Charts.Histogram([0.25, 0.5]));
        var table = new ResultsTable("m", Column.Percent("p"), Column.Duration("t"), Column.Significant("s"))
            .Add("a", (-0.125, 0.5), 1.5, 1e-9);
        return
        [
            chart.ToHtml(), chart.ToText(), table.ToHtml(), table.ToMarkdown(), $"{table}",
            $"{new Score(0.5, 0.25)}",
            $"{new EpochReport(1, 2, 0.5, 0.25, 0.125, 0.75, 0.1, TimeSpan.Zero, TimeSpan.FromSeconds(1.5))}",
            $"{new DownloadProgress("file", 1, 2, 1_500_000, 2_500_000)}",
            $"{images}",
            $"{Initialization.SmallNormal with { BiasStandardDeviation = 0.1 }}, {new Dropout(0.25)}",
        ];
    }
}
