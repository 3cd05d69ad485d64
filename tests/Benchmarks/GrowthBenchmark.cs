using System.CommandLine;
using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;

namespace Benchmarks;

/// <summary>
/// How time and memory of an unrolled outer step grow: with the inner steps T, of which each keeps its weights; with the distilled
/// images, which every inner step trains on; with the real batch. Each in a process of its own, whose peak memory is printed.
/// </summary>
internal static class GrowthBenchmark
{
    private const int Count = 5000, Classes = 10;
    private static readonly Setting Base = new(30, 10, 1024);

    public static Command Command()
    {
        var only = new Option<int[]>("--only")
        {
            Description = "Measures one setting, T, images and batch, in this process.",
            Arity = new ArgumentArity(3, 3),
            AllowMultipleArgumentsPerToken = true,
        };
        var command = new Command("growth", "Time and memory of unrolled distillation against T, images and batch.") { only };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(only) is [var steps, var images, var batch])
                Measure(new Setting(steps, images, batch));
            else
                Print();
        });
        return command;
    }

    private static void Print()
    {
        Table("inner steps T", [30, 100, 300], static value => Base with { Steps = value });
        Table("distilled images", [10, 100, 500], static value => Base with { Images = value });
        Table("real batch", [256, 1024, 4096], static value => Base with { Batch = value });
    }

    private static void Table(string name, int[] values, Func<int, Setting> setting)
    {
        Console.WriteLine($"{name,-16}    ms/outer step   peak MiB   (else T = {Base.Steps}, {Base.Images} images, batch {Base.Batch})");
        foreach (var value in values)
        {
            var (steps, images, batch) = setting(value);
            var output = OwnProcess.Run(Side.Ours, null, "growth", "--only", $"{steps}", $"{images}", $"{batch}").Split(' ');
            Console.WriteLine(FormattableString.Invariant($"{value,16} {output[0],16} {output[1].Trim(),10}"));
        }
    }

    private static void Measure(Setting setting)
    {
        using var digits = SyntheticDigits.Create(Count, seed: 1);
        using var images = digits.Standardize();
        var (steps, all, batch) = setting;
        var distiller = new UnrolledDistiller { Epochs = steps, ImagesPerClass = all / Classes, BatchSize = batch };
        using var state = distiller.Initialize(images, seed: 1);
        var time = Timing.MedianMilliseconds(5, () => distiller.Step(state, images));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time:F1} {OwnProcess.PeakMebibytes:F0}"));
    }

    private readonly record struct Setting(int Steps, int Images, int Batch);
}
