namespace DatasetDistillation.Distillation;

/// <summary>What one pass of a linear model over labeled images finds.</summary>
/// <param name="Loss">The mean cross-entropy, in nats.</param>
/// <param name="Accuracy">The share of images whose largest logit (the first, where several are) is their label's, from 0 to 1.</param>
public readonly record struct LogisticEvaluation(double Loss, double Accuracy);
