using System.Globalization;
using DistillationProcess;

// Arguments: checkpoint, outer steps, numbers of ballast in the state, milliseconds to pause after each step.
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
