namespace DatasetDistillation.Distillation;

/// <summary>Keeps the last good state in memory and returns to it, with lower rates, when a step was not finite.</summary>
internal sealed class DivergenceGuard : IDisposable
{
    private readonly DistillationDriver driver;
    private readonly Session session;
    private DistillationState good;

    public DivergenceGuard(DistillationDriver driver, Session session)
    {
        (this.driver, this.session) = (driver, session);
        good = session.State.Clone();
    }

    /// <summary>Judges the step just taken; a message when the run was rolled back.</summary>
    public string? Check(double loss)
    {
        var kept = session.State.Step % driver.GuardEvery == 0 || session.State.Step == driver.Steps;
        var culprit = !double.IsFinite(loss) ? "outer loss" : kept ? session.State.FindNotFinite() : null;
        if (culprit is not null)
            return RollBack(culprit);
        if (kept)
        {
            good.Dispose();
            good = session.State.Clone();
        }
        return null;
    }

    public void Dispose() => good.Dispose();

    private string RollBack(string culprit)
    {
        var (failed, scale) = (session.State.Step, session.State.RateScale * driver.RateDecay);
        session.Divergences++;
        if (session.Divergences > driver.MaximumDivergences)
            throw new DistillationDivergedException(
                $"The {culprit} became NaN or infinite at step {failed}, for the {session.Divergences}th time, with rates already scaled by {session.State.RateScale:G3}. " +
                "Start with a lower outer rate, clip the gradient, take fewer inner steps, or check that the images are standardised.");
        session.Replace(good.Clone());
        session.State.RateScale = scale;
        return $"The {culprit} was not finite at step {failed}: back to step {session.State.Step}, rates scaled by {scale:G3}.";
    }
}
