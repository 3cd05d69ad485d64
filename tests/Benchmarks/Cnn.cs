using System.CommandLine;
using DatasetDistillation;
using DatasetDistillation.Data;
using DatasetDistillation.Models;
using DatasetDistillation.Training;

namespace Benchmarks;

/// <summary>Epochs of the convolutional network for digits, as a notebook trains it: Adam, batches of 250.</summary>
internal static class Cnn
{
    public static Command Command()
    {
        var data = new Option<string?>("--data") { Description = "The folder with MNIST in IDX form; left out, where Digits finds it." };
        var count = new Option<int>("--n") { Description = "Images in an epoch.", DefaultValueFactory = _ => 5000 };
        var repeat = new Option<int>("--repeat") { Description = "Epochs.", DefaultValueFactory = _ => 3 };
        var threads = new Option<int>("--threads") { Description = "Threads.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("cnn", "Epochs of a convolutional network.") { data, count, repeat, threads };
        command.SetAction(parsed =>
        {
            Compute.Threads = parsed.GetValue(threads);
            string? folder = parsed.GetValue(data);
            using var all = Digits.Load(folder is null ? null : new DigitsOptions { Folders = [folder], AllowDownload = false });
            using var images = all.Take(parsed.GetValue(count));
            Print(images, parsed.GetValue(repeat));
        });
        return command;
    }

    private static void Print(ImageDataset images, int repeat)
    {
        using var result = new Trainer { Epochs = repeat }.Fit(Networks.DigitCnn(), images);
        double best = result.History.Min(static epoch => epoch.TrainingTime.TotalSeconds);
        Console.WriteLine($"cnn: {images.Count / best:F0} images/s (best of {repeat} epochs of {images.Count})");
    }
}
