using System.Globalization;
using DatasetDistillation.Models;
using DistillationProcess;

// Arguments: "memory", "distill" or "train", steps, shares. Or: checkpoint, outer steps, numbers of ballast in the state, milliseconds
// to pause after each step.
if (args[0] == "memory")
{
    var (steps, shares) = (int.Parse(args[2], CultureInfo.InvariantCulture), int.Parse(args[3], CultureInfo.InvariantCulture));
    var all = args[1] == "train" ? LongRun.Train(Networks.LeNet(), steps, shares) : LongRun.Distill(Networks.Mlp(64), steps, shares);
    foreach (var held in all)
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{held.Resident} {held.Tensors}"));
    return;
}
var numbers = Array.ConvertAll(args[1..], static a => int.Parse(a, CultureInfo.InvariantCulture));
using var data = ToyDistiller.Data();
using var run = ToyDistiller.Driver(numbers[0], args[0]).Run(
    new ToyDistiller { Ballast = numbers[1] },
    data,
    progress =>
    {
        Console.WriteLine(progress.Step);
        Thread.Sleep(numbers[2]);
    });
