using System.CommandLine;
using DatasetDistillation;

namespace Benchmarks;

/// <summary>What a benchmark has measured.</summary>
/// <param name="Value">The figure, in the benchmark's unit.</param>
/// <param name="Details">What it was measured on.</param>
internal readonly record struct Figure(double Value, string Details);

/// <summary>
/// A sub-command that measures one figure, of the library or of libtorch alone, or compares both; with the options that all of them have.
/// </summary>
internal abstract class Benchmark : Command
{
    private readonly Option<string?> data = new("--data") { Description = Inputs.FolderDescription };
    private readonly Option<int?> threads = new("--threads") { Description = "Threads; left out, as many as there are processors." };
    private readonly Option<bool> plain = new("--plain") { Description = "Measure libtorch alone, none of the library's kernels." };
    private readonly Option<bool> compare = new("--compare") { Description = "Both in turn, each in a process of its own; medians." };
    private readonly Option<int> rounds = new("--rounds") { Description = "How often both are measured.", DefaultValueFactory = _ => 3 };

    /// <param name="name">The sub-command.</param>
    /// <param name="description">What is measured.</param>
    /// <param name="unit">The figure's unit.</param>
    protected Benchmark(string name, string description, string unit)
        : base(name, description)
    {
        Unit = unit;
        foreach (Option option in (Option[])[data, threads, plain, compare, rounds])
            Add(option);
        SetAction(Run);
    }

    /// <summary>The figure's unit; with a "/s" more is better, else less.</summary>
    public string Unit { get; }

    /// <summary>Measures one side, in this process.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="inputs">Where the data come from.</param>
    /// <param name="side">Which side the process has been started for.</param>
    protected abstract Figure Measure(ParseResult parsed, Inputs inputs, Side side);

    /// <summary>An option with a default.</summary>
    protected Option<T> Add<T>(string name, string description, T value)
    {
        var option = new Option<T>(name) { Description = description, DefaultValueFactory = _ => value };
        Add(option);
        return option;
    }

    private int Run(ParseResult parsed)
    {
        var count = parsed.GetValue(threads);
        var side = OwnProcess.Side ?? (parsed.GetValue(plain) ? Side.Libtorch : Side.Ours);
        if (OwnProcess.Side is null && parsed.GetValue(compare))
            return Compare(count, parsed.GetValue(rounds));
        if (OwnProcess.Side is null && side == Side.Libtorch)
        {
            Console.Write(OwnProcess.Run(side, count));
            return 0;
        }

        if (count is { } wanted)
            Compute.Threads = wanted;
        var (value, details) = Measure(parsed, new Inputs(parsed.GetValue(data)), side);
        Console.WriteLine(FormattableString.Invariant($"{Name}: {value:G4} {Unit} ({details})"));
        return 0;
    }

    private int Compare(int? count, int rounds)
    {
        var (ours, libtorch) = (new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            ours.Add(OwnProcess.Figure(Name, OwnProcess.Run(Side.Ours, count)));
            libtorch.Add(OwnProcess.Figure(Name, OwnProcess.Run(Side.Libtorch, count)));
            Console.WriteLine(FormattableString.Invariant($"round {round}: ours {ours[^1]} {Unit}, libtorch {libtorch[^1]} {Unit}"));
        }
        var (a, b) = (Timing.Median(ours), Timing.Median(libtorch));
        var ratio = Unit.EndsWith("/s", StringComparison.Ordinal) ? a / b : b / a;
        Console.WriteLine(FormattableString.Invariant($"{Name}: ours {a:G4} {Unit}, libtorch {b:G4} {Unit}, {ratio:F2} x"));
        return 0;
    }
}
