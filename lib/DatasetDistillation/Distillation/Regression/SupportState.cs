namespace DatasetDistillation.Distillation;

/// <summary>What changes while the support set of a kernel regression is learned; images and labels are Float32.</summary>
internal sealed class SupportState(long seed) : SetState(seed);
