using DatasetDistillation.Data;

namespace DatasetDistillation.Distillation;

/// <summary>
/// A method of dataset distillation as a state machine. The object holds its options alone; everything that changes while it
/// runs is in the <see cref="DistillationState"/>, so that <see cref="DistillationDriver"/> can stop, store, resume and roll
/// back any method without knowing it.
/// </summary>
public interface IDistiller
{
    /// <summary>The method's short name, for titles and tables.</summary>
    string Name { get; }

    /// <summary>The options in one line.</summary>
    string Settings { get; }

    /// <summary>
    /// All that makes it another run when it changes; a checkpoint is resumed only where this is the same. By default the
    /// <see cref="Settings"/>; a method with more than they say, such as the layers of a network, adds that.
    /// </summary>
    /// <exception cref="NotSupportedException">An option cannot be described; without a checkpoint that does not matter.</exception>
    string Identity => Settings;

    /// <summary>
    /// The state before the first step; a pure function of the data, the options and the seed. Its tensors keep their names, types
    /// and shapes throughout the run; a step may add others.
    /// </summary>
    DistillationState Initialize(ImageDataset data, long seed);

    /// <summary>
    /// One outer step: replaces tensors of the state and returns the outer loss of this step's real batch, before the update.
    /// Equal states give bit-identical results.
    /// </summary>
    double Step(DistillationState state, ImageDataset data);

    /// <summary>The distilled set of a state, on the scale of the data; the state stays as it is.</summary>
    DistilledSet Result(DistillationState state, ImageDataset data);

    /// <summary>The native memory, in bytes, that a step is expected to need beside the data itself.</summary>
    long EstimateMemory(ImageDataset data);
}
