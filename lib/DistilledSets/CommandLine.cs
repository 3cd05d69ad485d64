using System.CommandLine;
using System.Runtime.InteropServices;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Training;

namespace DistilledSets;

/// <summary>The commands: list, make and readout.</summary>
internal static class CommandLine
{
    public static RootCommand Create()
    {
        var set = new Argument<string>("SET") { Description = "The name of a set; list shows them." };
        set.AcceptOnlyFromAmong([.. Catalog.All.Select(static recipe => recipe.Name)]);
        var networks = new Option<int>("--networks")
        {
            Description = "How many new networks of each kind read it out.",
            DefaultValueFactory = static _ => 5,
        };
        networks.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: var text }] && (!int.TryParse(text, out var count) || count < 1))
                result.AddError($"--networks {text}: expected a whole number from 1.");
        });
        var folder = new Option<string>("--folder")
        {
            Description = "Where the sets are.",
            HelpName = "DIR",
            DefaultValueFactory = static _ => Path.Combine(DataFolders.OfRepository, "distilled"),
        };

        var list = new Command("list", "Lists the sets.");
        list.SetAction(static _ =>
        {
            foreach (var recipe in Catalog.All)
                Console.WriteLine($"{recipe.Name,-24} {recipe.Corpus.Name}, {recipe.Steps:N0} " +
                    $"steps{(recipe.From is null ? "" : $", from {recipe.From}")}");
        });
        var make = new Command("make",
            "Distils a set, and writes it with its picture and a record. Ctrl-C stops it; the same command then goes on.")
        {
            set, networks, folder,
        };
        make.SetAction(arguments => Run(stop =>
            Maker(arguments.GetValue(folder)!).Make(Find(arguments.GetValue(set)!), Find, arguments.GetValue(networks), stop)));
        var readOut = new Command("readout", "Trains new networks on a set and measures them on the test images.")
        {
            set, networks, folder
        };
        readOut.SetAction(arguments => Run(stop =>
        {
            Maker(arguments.GetValue(folder)!).ReadOut(Find(arguments.GetValue(set)!), arguments.GetValue(networks), stop);
            return !stop.IsCancellationRequested;
        }));
        return new RootCommand("Makes the distilled sets that are shipped, and measures them anew. Exit code: 0 done, 1 failed, 2 stopped.")
        {
            list, make, readOut,
        };
    }

    private static Maker Maker(string folder) => new(folder, Path.Combine(DataFolders.OfRepository, "saved", "sets"), Console.WriteLine);

    private static Recipe Find(string name) => Catalog.All.Single(recipe => recipe.Name == name);

    private static int Run(Func<CancellationToken, bool> work)
    {
        using var source = new CancellationTokenSource();
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM];
        var registered = Array.ConvertAll(signals, signal => PosixSignalRegistration.Create(signal, context =>
        {
            // The first asks for an orderly end, the second ends the process.
            context.Cancel = !source.IsCancellationRequested;
            source.Cancel();
        }));
        try
        {
            return work(source.Token) ? 0 : 2;
        }
        catch (OperationCanceledException)
        {
            return 2;
        }
        catch (Exception error) when (error is IOException or InvalidDataException or ArgumentException or InsufficientMemoryException
            or DistillationDivergedException or TrainingDivergedException)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
        finally
        {
            foreach (var each in registered)
                each.Dispose();
        }
    }
}
