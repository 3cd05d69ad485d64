using System.Xml.Linq;
using DatasetDistillation.Reporting;
using Xunit;

namespace DatasetDistillation.Tests.Reporting;

public class ProgressTests
{
    private readonly FakeClock clock = new();
    private readonly List<ProgressBar> shown = [];
    private readonly List<string> displayed = [];

    [Fact]
    public void TheRemainingTimeGoesOnAtTheSamePace()
    {
        var progress = new ProgressDisplay(shown.Add, "training", updatesPerSecond: 5, clock: clock);
        clock.Advance(10);
        progress.Report(0.25);
        Assert.Equal(TimeSpan.FromSeconds(30), shown[^1].Remaining);
        clock.Advance(30);
        progress.Report(1, 2, "epoch 1");
        Assert.Equal(TimeSpan.FromSeconds(40), shown[^1].Remaining);
        Assert.Equal("epoch 1", shown[^1].Message);
    }

    [Fact]
    public void WhatAnEarlierRunDidCostsNoTimeInThisOne()
    {
        var progress = new ProgressDisplay(shown.Add, alreadyDone: 0.5, updatesPerSecond: 5, clock: clock);
        clock.Advance(10);
        progress.Report(0.75);
        Assert.Equal(TimeSpan.FromSeconds(10), shown[^1].Remaining);
    }

    [Fact]
    public void AResumedTaskEndsWithTheTimeOfAllItsRuns()
    {
        var progress = new ProgressDisplay(shown.Add, alreadyDone: 1, updatesPerSecond: 5, clock: clock);
        clock.Advance(0.1);
        progress.Report(1);
        progress.Complete("kip", TimeSpan.FromSeconds(128));
        Assert.EndsWith("done in 2 min 08 s · kip", shown[^1].ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => progress.Complete("kip", TimeSpan.FromSeconds(-1)));
    }

    [Fact]
    public void NothingDoneLeavesTheRemainingTimeOpen()
    {
        var progress = new ProgressDisplay(shown.Add, updatesPerSecond: 5, clock: clock);
        clock.Advance(1);
        progress.Report(0);
        Assert.Null(Assert.Single(shown).Remaining);
        Assert.DoesNotContain("left", shown[0].ToString());
    }

    [Fact]
    public void ManyReportsBecomeFiveUpdatesPerSecondAndTheLastIsShown()
    {
        var progress = new ProgressDisplay(shown.Add, updatesPerSecond: 5, clock: clock);
        for (var i = 1; i <= 2000; i++)
        {
            clock.Advance(0.001);
            progress.Report(i, 2000);
        }
        Assert.InRange(shown.Count, 10, 12);
        Assert.True(shown[^1].IsComplete);
    }

    [Fact]
    public void WithNoUpdatesTheEndAloneIsShown()
    {
        var progress = new ProgressDisplay(shown.Add, "training", updatesPerSecond: 0, clock: clock);
        for (var i = 0; i <= 10; i++)
        {
            progress.Report(i, 10);
            clock.Advance(1000);
        }
        Assert.True(Assert.Single(shown).IsComplete);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProgressDisplay(shown.Add, updatesPerSecond: -1));
    }

    [Fact]
    public void WhatIsLiveIsReplacedAFewTimesPerSecondAndAtTheEnd()
    {
        var live = new Live(0, Display, new UpdateRate(5, clock));
        for (var i = 1; i < 2000; i++)
        {
            clock.Advance(0.001);
            live.Update(i);
        }
        live.Complete(2000);
        Assert.InRange(displayed.Count, 10, 12);
        Assert.StartsWith("first 0", displayed[0]);
        Assert.All(displayed.Skip(1), text => Assert.StartsWith("then", text));
        Assert.Equal("then 2000", displayed[^1]);
    }

    [Fact]
    public void WithNoUpdatesTheEndOfWhatIsLiveIsShownOnce()
    {
        var live = new Live("begun", Display, new UpdateRate(0, clock));
        clock.Advance(1000);
        live.Update("under way");
        live.Complete("done");
        Assert.Equal(["first done"], displayed);
    }

    [Fact]
    public void WhereNoNotebookRunsWhatIsLiveNeedsNoHost()
    {
        var console = Console.Out;
        using var written = new StringWriter();
        Console.SetOut(written);
        try
        {
            var live = Live.Show("begun");
            live.Update("under way");
            live.Complete("done at last");
        }
        finally
        {
            Console.SetOut(console);
        }
        Assert.Contains("done at last", written.ToString());
        Assert.DoesNotContain("under way", written.ToString());
    }

    [Theory]
    [InlineData(null, 5)]
    [InlineData("", 5)]
    [InlineData("0", 0)]
    [InlineData("0.5", 0.5)]
    public void TheEnvironmentSaysHowOften(string? setting, double rate) => Assert.Equal(rate, UpdateRate.Parse(setting));

    [Theory]
    [InlineData("often")]
    [InlineData("-1")]
    [InlineData("0,5")]
    public void ARateThatIsNoNumberIsRefused(string setting)
    {
        var error = Assert.Throws<InvalidOperationException>(() => UpdateRate.Parse(setting));
        Assert.Contains($"'{setting}'", error.Message);
    }

    [Fact]
    public void AFinishedBarKeepsTheNameOfItsTask()
    {
        var progress = new ProgressDisplay(shown.Add, "training", updatesPerSecond: 5, clock: clock);
        progress.Report(0.5, "epoch 1");
        clock.Advance(3);
        progress.Report(1, "loss 0.1");
        progress.Complete("training", TimeSpan.FromSeconds(2.9));
        Assert.Equal(2, shown.Count);
        Assert.Equal(30, $"{shown[^1]}".Count(static c => c == '█'));
        Assert.Contains("training · done in 3 s · loss 0.1", $"{shown[^1]}");
        Assert.Contains("width:100%", shown[^1].ToHtml());
        Assert.Contains("training · done in 3 s · loss 0.1", shown[^1].ToHtml());
    }

    [Fact]
    public void TheMessageOfASkippedReportIsNotLost()
    {
        var progress = new ProgressDisplay(shown.Add, "first", updatesPerSecond: 5, clock: clock);
        progress.Report(0.1);
        progress.Report(0.2, "second");
        Assert.Single(shown);
        Assert.Equal("second", progress.Current.Message);
        clock.Advance(1);
        progress.Report(0.3);
        Assert.Equal("second", shown[^1].Message);
    }

    [Fact]
    public void ReportsFromManyThreadsAreShownOneAtATime()
    {
        var inside = 0;
        var progress = new ProgressDisplay(
            bar =>
            {
                Assert.Equal(1, Interlocked.Increment(ref inside));
                shown.Add(bar);
                Interlocked.Decrement(ref inside);
            },
            updatesPerSecond: 1e6, clock: clock);
        Parallel.For(0, 200, i => progress.Report(i / 200.0));
        progress.Complete();
        Assert.True(shown[^1].IsComplete);
    }

    [Fact]
    public void TheBarSaysEverything()
    {
        var bar = new ProgressBar(0.4, TimeSpan.FromSeconds(65), TimeSpan.FromSeconds(4000), "a < b");
        Assert.Equal("████████████░░░░░░░░░░░░░░░░░░  40 %  1 min 05 s elapsed, about 1 h 06 min left · a < b", bar.ToString());
        var html = XElement.Parse(bar.ToHtml());
        Assert.Contains("width:40%", html.Descendants("div").Select(d => (string?)d.Attribute("style")).First(s => s!.Contains("width")));
        Assert.Contains("a < b", html.Value);
    }

    [Fact]
    public void AnAlmostFinishedTaskDoesNotSayHundredPercent() => Assert.Contains(" 99 %", new ProgressBar(0.9999).ToString());

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void AShareOutsideZeroToOneIsRefused(double fraction) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProgressBar(fraction));

    private Action<object> Display(object value)
    {
        displayed.Add($"first {value}");
        return later => displayed.Add($"then {later}");
    }

    private sealed class FakeClock : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => now;

        public void Advance(double seconds) => now += (long)Math.Round(seconds * TimestampFrequency);
    }
}
