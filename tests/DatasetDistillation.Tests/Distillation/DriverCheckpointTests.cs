using System.Diagnostics;
using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Tests.Data;
using DistillationProcess;
using Xunit;

namespace DatasetDistillation.Tests.Distillation;

public sealed class DriverCheckpointTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Checkpoint => folder["run.npz"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(12)]
    public void A_canceled_run_goes_on_as_if_it_had_not_been_stopped(int stopAfter)
    {
        using var uninterrupted = DriverRuns.Toy(20, folder["whole.npz"]);
        using (var stop = new CancellationTokenSource())
        {
            using var part = DriverRuns.Toy(20, Checkpoint, p => { if (p.Step == stopAfter) stop.Cancel(); }, stop.Token);
            Assert.True(part.IsCanceled);
            Assert.Equal(uninterrupted.Losses.Take(stopAfter), part.Losses);
        }

        var steps = new List<long>();
        using var resumed = DriverRuns.Toy(20, Checkpoint, p => steps.Add(p.Step));
        Assert.Equal(stopAfter + 1, steps[0]);
        DriverRuns.AssertSame(uninterrupted, resumed);
        DriverRuns.AssertSameCheckpoint(folder["whole.npz"], Checkpoint);
    }

    [Fact]
    public void A_run_canceled_before_its_first_step_returns_its_beginning()
    {
        using var run = DriverRuns.Toy(5, Checkpoint, cancellation: new CancellationToken(canceled: true));
        Assert.True(run.IsCanceled);
        Assert.Empty(run.Losses);
        using var whole = DriverRuns.Toy(5);
        using var resumed = DriverRuns.Toy(5, Checkpoint);
        DriverRuns.AssertSame(whole, resumed);
    }

    [Fact]
    public void A_rollback_after_resuming_is_the_one_that_would_have_been()
    {
        static FaultyDistiller Faulty(int before) => new((call, _, loss) => call + before == 11 ? double.NaN : loss);
        using var uninterrupted = DriverRuns.Run(ToyDistiller.Driver(16), Faulty(0));
        using (var stop = new CancellationTokenSource())
            DriverRuns.Run(ToyDistiller.Driver(16, Checkpoint), Faulty(0), p => { if (p.Step == 10) stop.Cancel(); }, stop.Token).Dispose();
        using var resumed = DriverRuns.Run(ToyDistiller.Driver(16, Checkpoint), Faulty(10));
        Assert.Equal(1, resumed.Divergences);
        DriverRuns.AssertSame(uninterrupted, resumed);
    }

    [Fact]
    public void A_finished_run_is_found_again_and_can_be_made_longer()
    {
        using var finished = DriverRuns.Toy(9, Checkpoint);
        using var again = DriverRuns.Toy(9, Checkpoint, static _ => Assert.Fail("No step is left."));
        DriverRuns.AssertSame(finished, again);
        Assert.Equal(finished.Elapsed, again.Elapsed);

        using var longer = DriverRuns.Toy(15, Checkpoint);
        using var whole = DriverRuns.Toy(15);
        DriverRuns.AssertSame(whole, longer);
        var error = Assert.Throws<InvalidDataException>(() => DriverRuns.Toy(9, Checkpoint));
        Assert.Contains("step 15", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_killed_in_mid_run_is_resumed_to_the_bit()
    {
        using (var process = Start(steps: 40, ballast: 0, pause: 150))
        {
            while (process.StandardOutput.ReadLine() is { } line && line != "11")
                Assert.False(string.IsNullOrEmpty(line));
            process.Kill();
            process.WaitForExit();
            Assert.NotEqual(0, process.ExitCode);
        }
        var steps = new List<long>();
        using var uninterrupted = DriverRuns.Toy(40, folder["whole.npz"]);
        using var resumed = DriverRuns.Toy(40, Checkpoint, p => steps.Add(p.Step));
        Assert.InRange(steps[0], 10, 39);
        DriverRuns.AssertSame(uninterrupted, resumed);
        DriverRuns.AssertSameCheckpoint(folder["whole.npz"], Checkpoint);
    }

    [Fact]
    public void A_process_killed_while_it_writes_leaves_the_former_checkpoint_whole()
    {
        const int Steps = 1000, Ballast = 4_000_000, Attempts = 20;
        string? unfinished = null;
        for (var attempt = 0; unfinished is null && attempt < Attempts; attempt++)
        {
            using var process = Start(Steps, Ballast, pause: 0);
            while (!File.Exists(Checkpoint) || Unfinished() is null)
                Assert.False(process.HasExited, "The run ended before it could be killed.");
            process.Kill();
            process.WaitForExit();
            unfinished = Unfinished();
            if (unfinished is not null && Record.Exception(() => Npz.Load(unfinished)) is null)
            {
                // Killed between the last byte and the renaming: not what is to be shown.
                File.Delete(unfinished);
                unfinished = null;
            }
        }
        Assert.NotNull(unfinished);
        Assert.Throws<InvalidDataException>(() => Npz.Load(unfinished));

        var reached = Npz.Load(Checkpoint).Get("step").ToInt64s()[0];
        var toy = new ToyDistiller { Ballast = Ballast };
        using var resumed = DriverRuns.Run(ToyDistiller.Driver(reached + 3, Checkpoint), toy);
        using var uninterrupted = DriverRuns.Run(ToyDistiller.Driver(reached + 3), toy);
        Assert.Equal(uninterrupted.Losses, resumed.Losses);
        Assert.Equal(uninterrupted.Set.Pixels(), resumed.Set.Pixels());
        Assert.Null(Unfinished());

        string? Unfinished() => Directory.EnumerateFiles(folder.Path, "*.tmp").FirstOrDefault();
    }

    [Fact]
    public void Whenever_the_process_is_killed_the_run_goes_on_to_the_bit()
    {
        const int Ballast = 100_000;
        var kills = int.Parse(Environment.GetEnvironmentVariable("DRIVER_KILLS") ?? "6", CultureInfo.InvariantCulture);
        var random = new Random(1);
        for (var i = 0; i < kills; i++)
        {
            using var process = Start(steps: int.MaxValue, Ballast, pause: 0);
            Assert.False(string.IsNullOrEmpty(process.StandardOutput.ReadLine()), "The run ended before it could be killed.");
            _ = process.StandardOutput.ReadToEndAsync();
            Thread.Sleep(random.Next(200));
            process.Kill();
            process.WaitForExit();
        }
        var reached = Npz.Load(Checkpoint).Get("step").ToInt64s()[0];
        Assert.InRange(reached, 2 * kills, long.MaxValue);
        var toy = new ToyDistiller { Ballast = Ballast };
        using var resumed = DriverRuns.Run(ToyDistiller.Driver(reached + 3, Checkpoint), toy);
        using var uninterrupted = DriverRuns.Run(ToyDistiller.Driver(reached + 3), toy);
        DriverRuns.AssertSame(uninterrupted, resumed);
    }

    [Fact]
    public void A_damaged_checkpoint_is_refused()
    {
        DriverRuns.Toy(4, Checkpoint).Dispose();
        var bytes = File.ReadAllBytes(Checkpoint);
        bytes[bytes.Length / 2] ^= 0x10;
        File.WriteAllBytes(Checkpoint, bytes);
        AssertRefused(Checkpoint);

        File.WriteAllBytes(Checkpoint, bytes[..(bytes.Length / 2)]);
        AssertRefused(Checkpoint);

        File.WriteAllText(Checkpoint, "not an archive");
        AssertRefused(Checkpoint);
        AssertRefused("Delete it to begin again");
    }

    [Theory]
    [InlineData("losses")]
    [InlineData("random")]
    [InlineData("state.images")]
    [InlineData("state.images.m")]
    [InlineData("good.state.images")]
    [InlineData("tensors")]
    [InlineData("identity")]
    public void A_checkpoint_with_a_part_missing_or_of_another_type_is_refused(string name)
    {
        DriverRuns.Toy(4, Checkpoint).Dispose();
        Npz whole = Npz.Load(Checkpoint), without = new(), replaced = new();
        foreach (var (key, array) in whole)
        {
            replaced.Add(key, key != name ? array : name == "identity" ? NpyArray.Scalar(1L) : NpyArray.FromText("nothing"));
            if (key != name)
                without.Add(key, array);
        }
        replaced.Save(Checkpoint);
        AssertRefused(Checkpoint);
        without.Save(Checkpoint);
        AssertRefused(name);
    }

    public static TheoryData<string, object, string> OutOfRange => new()
    {
        { "step", NpyArray.Scalar(-1L), "-1" },
        { "good.step", NpyArray.Scalar(-5L), "-5" },
        { "good.step", NpyArray.Scalar(5L), "step 5, which comes later" },
        { "best.step", NpyArray.Scalar(long.MinValue), "0 steps or more" },
        { "rate_scale", NpyArray.Scalar(double.NaN), "NaN" },
        { "rate_scale", NpyArray.Scalar(-1.0), "-1" },
        { "state.images", NpyArray.From(new float[16], 1, 1, 4, 4), "[10, 1, 4, 4]" },
        { "state.images", NpyArray.From(new double[160], 10, 1, 4, 4), "Float32" },
        { "tensors", NpyArray.FromText("ballast"), "lacks 'images'" },
        { "divergences", NpyArray.Scalar(-1L), "-1" },
    };

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public void A_checkpoint_with_a_value_that_no_run_has_is_refused(string name, object value, string because)
    {
        DriverRuns.Toy(4, Checkpoint).Dispose();
        var changed = new Npz();
        foreach (var (key, array) in Npz.Load(Checkpoint))
            changed.Add(key, key == name ? (NpyArray)value : array);
        changed.Save(Checkpoint);
        AssertRefused(because);
    }

    [Fact]
    public void A_checkpoint_of_another_run_is_refused()
    {
        DriverRuns.Toy(4, Checkpoint).Dispose();
        using var data = ToyDistiller.Data();
        using var fewer = data.Take(39);
        var driver = ToyDistiller.Driver(8, Checkpoint);
        string[] messages =
        [
            Assert.Throws<InvalidDataException>(() => driver.Run(new ToyDistiller(), fewer)).Message,
            Assert.Throws<InvalidDataException>(() => driver.Run(new ToyDistiller { Ballast = 5 }, data)).Message,
            Assert.Throws<InvalidDataException>(
                () => new DistillationDriver { Seed = 4, Checkpoint = Checkpoint }.Run(new ToyDistiller(), data)).Message,
        ];
        Assert.All(messages, m => Assert.Contains(Checkpoint, m, StringComparison.Ordinal));
        Assert.Contains("39 images", messages[0], StringComparison.Ordinal);
        Assert.Contains("ballast 5", messages[1], StringComparison.Ordinal);
        Assert.Contains("seed 4", messages[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_goes_on_when_its_checkpoints_cannot_be_written()
    {
        folder.Write("file", "no folder");
        var messages = new List<string?>();
        using var run = DriverRuns.Toy(6, folder["file/run.npz"], p => messages.Add(p.Message));
        using var sound = DriverRuns.Toy(6);
        DriverRuns.AssertSame(sound, run);
        Assert.Equal(3, messages.Count(static m => m is not null));
        Assert.All(messages.OfType<string>(), m =>
        {
            Assert.Contains(folder["file/run.npz"], m, StringComparison.Ordinal);
            Assert.Contains("goes on", m, StringComparison.Ordinal);
        });
    }

    private void AssertRefused(string expected)
    {
        var error = Assert.Throws<InvalidDataException>(() => DriverRuns.Toy(8, Checkpoint));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private Process Start(int steps, int ballast, int pause) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
        [typeof(ToyDistiller).Assembly.Location, Checkpoint, $"{steps}", $"{ballast}", $"{pause}"])
    { RedirectStandardOutput = true })!;
}
