using DatasetDistillation.Distillation;
using DatasetDistillation.Training;

namespace DatasetDistillation.Reporting;

/// <content>A display follows a training or a distillation.</content>
public sealed partial class ProgressDisplay : IProgress<StepReport>, IProgress<(int Networks, int Wanted)>, IProgress<DistillationProgress>
{
    /// <summary>Reports a step of a training.</summary>
    public void Report(StepReport value) =>
        Report(value.Step, value.Steps, FormattableString.Invariant($"epoch {value.Epoch}, loss {value.Loss:F3}"));

    /// <summary>Reports a trained network of a pool.</summary>
    public void Report((int Networks, int Wanted) value) => Report(value.Networks, value.Wanted, $"{value.Networks} of {value.Wanted} networks");

    /// <summary>Reports a step of a distillation; what was out of the ordinary takes the place of the loss.</summary>
    public void Report(DistillationProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Report(value.Step, value.Steps, value.Message ?? FormattableString.Invariant($"outer loss {value.Loss:F4}"));
    }
}
