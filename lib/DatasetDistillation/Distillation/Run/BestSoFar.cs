using DatasetDistillation.Data;

namespace DatasetDistillation.Distillation;

/// <summary>The state with the highest score of those that were evaluated; a copy, which it owns.</summary>
internal sealed class BestSoFar : IDisposable
{
    private const string Prefix = "best.";
    private const string ScoreName = Prefix + "score";

    /// <summary>Its step and score; null before the first evaluation.</summary>
    public (long Step, double Score)? Evaluation { get; private set; }

    /// <summary>The state; null before the first evaluation.</summary>
    public DistillationState? State { get; private set; }

    /// <summary>Keeps a copy of a state that scores higher than all before it. A score that is no number gives way to any other.</summary>
    public void Offer((long Step, double Score) evaluation, DistillationState state)
    {
        if (Evaluation is { Score: not double.NaN } former && !(evaluation.Score > former.Score))
            return;
        State?.Dispose();
        (Evaluation, State) = (evaluation, state.Clone());
    }

    /// <summary>Writes it into an archive, beside whatever else that holds.</summary>
    public void Save(Npz archive)
    {
        if (Evaluation is not { } evaluation)
            return;
        archive.Add(ScoreName, NpyArray.Scalar(evaluation.Score));
        State!.Save(archive, Prefix);
    }

    /// <summary>Reads back what <see cref="Save"/> wrote.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="restore">The state that the archive holds under a prefix.</param>
    /// <exception cref="InvalidDataException">The state is damaged.</exception>
    public static BestSoFar Load(Npz archive, Func<string, DistillationState> restore)
    {
        var best = new BestSoFar();
        if (archive.Contains(ScoreName))
        {
            best.State = restore(Prefix);
            best.Evaluation = (best.State.Step, archive.Get(ScoreName).ToDoubles()[0]);
        }
        return best;
    }

    /// <inheritdoc/>
    public void Dispose() => State?.Dispose();
}
