using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DatasetDistillation.Data;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>A run in progress: the state, what has been recorded, and how both are stored and found again.</summary>
internal sealed class Session : IDisposable
{
    private readonly IDistiller distiller;
    private readonly string identity;
    private DistillationState? bestState;

    private Session(IDistiller distiller, string identity, DistillationState state) =>
        (this.distiller, this.identity, State) = (distiller, identity, state);

    public DistillationState State { get; private set; }

    public List<double> Losses { get; private init; } = [];

    public List<EvaluatedStep> Evaluations { get; private init; } = [];

    public TimeSpan Elapsed { get; set; }

    public int Divergences { get; set; }

    /// <summary>Continues from the checkpoint where there is one, else starts anew.</summary>
    public static Session Begin(DistillationDriver driver, IDistiller distiller, ImageDataset data)
    {
        var identity = Identity(distiller, data, driver.Seed);
        if (driver.Checkpoint is { } path && File.Exists(path))
            return Load(path, distiller, identity);
        return new Session(distiller, identity, distiller.Initialize(data, driver.Seed));
    }

    public EvaluatedStep Evaluate(Func<DistilledSet, double> score)
    {
        double value;
        using (var set = distiller.Result(State))
            value = score(set);
        var evaluation = new EvaluatedStep(State.Step, value);
        if (Evaluations.Count == 0 || value > Evaluations.Max(static e => e.Score))
        {
            bestState?.Dispose();
            bestState = State.Clone();
        }
        Evaluations.Add(evaluation);
        return evaluation;
    }

    /// <summary>Goes back to an earlier state and forgets what was recorded after it.</summary>
    public void Replace(DistillationState state)
    {
        State.Dispose();
        State = state;
        Losses.RemoveRange((int)state.Step, Losses.Count - (int)state.Step);
        Evaluations.RemoveAll(e => e.Step > state.Step);
    }

    public DistillationRun Finish(bool cancelled)
    {
        var best = bestState is null || bestState.Step == State.Step ? null : distiller.Result(bestState);
        return new DistillationRun(distiller.Result(State), best, [.. Losses], [.. Evaluations], Elapsed, Divergences, cancelled);
    }

    /// <summary>Writes the checkpoint; what went wrong, if it could not be written (the former one is still whole then).</summary>
    public string? TrySave(string path)
    {
        try
        {
            var archive = new Npz();
            State.Save(archive);
            archive.Add("identity", NpyArray.FromText(identity));
            archive.Add("losses", NpyArray.From(Losses.ToArray(), Losses.Count));
            archive.Add("evaluations", NpyArray.From(Evaluations.SelectMany(static e => new[] { e.Step, e.Score }).ToArray(), Evaluations.Count, 2));
            archive.Add("seconds", NpyArray.Scalar(Elapsed.TotalSeconds));
            archive.Add("divergences", NpyArray.Scalar((long)Divergences));
            if (bestState is not null)
            {
                using var memory = new MemoryStream();
                var best = new Npz();
                bestState.Save(best);
                best.Save(memory, compress: false);
                archive.Add("best", NpyArray.From(memory.ToArray(), memory.Length));
            }
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            archive.Save(path, compress: false);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"The checkpoint {path} was not written ({error.Message}); the run goes on, and an earlier checkpoint is still whole.";
        }
    }

    public void Dispose()
    {
        State.Dispose();
        bestState?.Dispose();
    }

    private static Session Load(string path, IDistiller distiller, string identity)
    {
        var archive = Npz.Load(path);
        var found = archive.Get("identity").ToText();
        if (found != identity)
            throw new InvalidDataException(
                $"The checkpoint {path} belongs to another run. It holds «{found}»; this run is «{identity}». Delete it or choose another path.");
        var evaluations = archive.Get("evaluations").ToDoubles();
        var session = new Session(distiller, identity, DistillationState.Load(archive))
        {
            Losses = [.. archive.Get("losses").ToDoubles()],
            Evaluations = [.. evaluations.Chunk(2).Select(static e => new EvaluatedStep((long)e[0], e[1]))],
            Elapsed = TimeSpan.FromSeconds(archive.Get("seconds").ToDoubles()[0]),
            Divergences = (int)archive.Get("divergences").ToInt64s()[0],
        };
        if (archive.Contains("best"))
        {
            using var memory = new MemoryStream(archive.Get("best").AsSpan<byte>().ToArray());
            session.bestState = DistillationState.Load(Npz.Load(memory, path));
        }
        return session;
    }

    /// <summary>The method, its options, the seed and a fingerprint of the data: what must be equal for a run to be continued.</summary>
    private static string Identity(IDistiller distiller, ImageDataset data, long seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (var total = data.Images.sum([0], type: float64))
            foreach (var value in total.data<double>())
                hash.AppendData(BitConverter.GetBytes(value));
        foreach (var label in data.LabelValues())
            hash.AppendData(BitConverter.GetBytes(label));
        var print = Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
        return new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"{distiller.Name}; {distiller.Settings}; seed {seed}; ")
            .Append(CultureInfo.InvariantCulture, $"{data.Count} images of {data.Name} ({print})")
            .ToString();
    }
}
