using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using DatasetDistillation.Distillation;

namespace DistilledSets;

/// <summary>How a set was made and what it is worth, kept beside it.</summary>
/// <param name="Set">Its name.</param>
/// <param name="Data">What it was distilled from.</param>
/// <param name="Method">The distiller with its settings.</param>
/// <param name="Seed">The seed of everything random.</param>
/// <param name="Steps">Outer steps.</param>
/// <param name="BestStep">The step whose set this is.</param>
/// <param name="HeldOutAccuracy">Its accuracy on held-out training images, in [0, 1], by which that step was chosen.</param>
/// <param name="Seconds">The time spent, evaluations included.</param>
/// <param name="Processors">The number of processor cores.</param>
/// <param name="Command">What makes it again.</param>
/// <param name="Commit">The commit that made it; null where that is not known.</param>
/// <param name="Made">When.</param>
internal sealed record SetRecord(
    string Set, string Data, string Method, long Seed, long Steps, long BestStep, double HeldOutAccuracy, double Seconds, int Processors,
    string Command, string? Commit, DateTime Made)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>What networks make of it.</summary>
    public IReadOnlyList<ReadOutRecord> ReadOuts { get; init; } = [];

    /// <summary>The record of a run that has ended.</summary>
    public static SetRecord Of(Recipe recipe, DistillationRun run) => new(
        recipe.Name, recipe.Corpus.Name, run.Best.Method, recipe.Seed, recipe.Steps,
        run.BestEvaluation!.Value.Step, run.BestEvaluation.Value.Score,
        Math.Round(run.Elapsed.TotalSeconds), Environment.ProcessorCount,
        $"dotnet run -c Release --project lib/DistilledSets -- make {recipe.Name}", FindCommit(), DateTime.UtcNow);

    /// <summary>Writes it as JSON.</summary>
    public void Save(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Format) + "\n");

    /// <summary>The commit checked out in the current folder, marked where its code has been changed.</summary>
    private static string? FindCommit() => Git("rev-parse", "HEAD") is { Length: > 0 } commit
        ? Git("status", "--porcelain", "--", ":/lib") is "" ? commit : $"{commit}-dirty"
        : null;

    /// <summary>What git answers; null where it fails or is not there.</summary>
    private static string? Git(params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            var answer = git!.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? answer : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}

/// <summary>The accuracies on test images, in [0, 1], of networks trained on a set.</summary>
/// <param name="Network">What they are called.</param>
/// <param name="How">How they were trained.</param>
/// <param name="Accuracies">One for each.</param>
internal sealed record ReadOutRecord(string Network, string How, IReadOnlyList<double> Accuracies);
