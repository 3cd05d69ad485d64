namespace DatasetDistillation.Distillation;

/// <summary>Returns to the last good state, with lower rates, when a step was not finite.</summary>
internal sealed class DivergenceGuard(DistillationDriver driver, Session session)
{
    /// <summary>Judges the step just taken; a message when the run was rolled back.</summary>
    public string? Check(double loss)
    {
        var culprit = double.IsFinite(loss) ? session.State.FindNotFinite() : "outer loss";
        if (culprit is not null)
            return RollBack(culprit);
        if (session.State.Step % driver.GuardEvery == 0)
            session.MarkGood();
        return null;
    }

    private string RollBack(string culprit)
    {
        var (failed, scale) = (session.State.Step, session.State.LearningRateScale);
        session.Divergences++;
        if (session.Divergences > driver.MaximumDivergences)
            throw new DistillationDivergedException(
                $"{session.Divergences} times now a step was not finite, at last '{culprit}' in "
                + $"step {failed}, where rates were already scaled by {scale:G3}. " +
                "Start with a lower outer rate, clip the gradient, take fewer inner steps, or check that the images are standardized.");
        session.RollBack();
        session.State.LearningRateScale = scale * driver.LearningRateDecay;
        return $"'{culprit}' was not finite in step {failed}: " +
            $"back to step {session.State.Step}, with rates scaled by {session.State.LearningRateScale:G3}.";
    }
}
