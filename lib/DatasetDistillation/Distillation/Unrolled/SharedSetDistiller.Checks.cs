using DatasetDistillation.Data;
using DatasetDistillation.Kernels;
using DatasetDistillation.Models;

namespace DatasetDistillation.Distillation;

public sealed partial record SharedSetDistiller
{
    /// <inheritdoc/>
    public long EstimateMemory(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var kept = Math.Min(Kept(data), Differentiated) * GraphBytes(data);
        var outer = Math.Min(BatchSize, data.Count) * Activations * UnrolledGradient.FirstOrderFactor * sizeof(float);
        var iterates = (Differentiated + 2L) * (1 + Inner.Moments) * Network.ParameterCount;
        // The batches of all steps, those of the window with their graph and gradient; the set with its moments and average.
        var batches = (InnerSteps + (3L * Differentiated)) * Batch(data) * Pixels;
        var variables = (5L + NetworksPerStep) * ImagesPerClass * data.ClassCount * Pixels;
        return kept + Math.Max(GraphBytes(data), outer) + (sizeof(float) * (iterates + batches + variables));
    }

    private int Kept(ImageDataset data) => KeptGraphs ?? (int)Math.Min(InnerSteps, UnrolledGradient.KeptBytes / GraphBytes(data));

    private long GraphBytes(ImageDataset data) =>
        sizeof(float) * ((Batch(data) * Activations * UnrolledGradient.GraphFactor) + (3 * Network.ParameterCount));

    private long Batch(ImageDataset data) => (long)data.ClassCount * (InnerImagesPerClass == 0 ? ImagesPerClass : InnerImagesPerClass);

    private long Pixels => Layer.Size(Network.InputShape);

    private long Activations => Network.Activations + Pixels;

    private void Check(ImageDataset data)
    {
        foreach (var (name, value) in new[] { (nameof(InnerSteps), InnerSteps), (nameof(NetworksPerStep), NetworksPerStep) })
            if (value < 1)
                throw new ArgumentOutOfRangeException(nameof(data), value, $"{name} is {value}; it must be at least 1.");
        foreach (var (name, value) in new[] { (nameof(RateLearningRate), RateLearningRate), (nameof(ClipFactor), ClipFactor) })
            if (!(value >= 0) || !double.IsFinite(value))
                throw new ArgumentOutOfRangeException(nameof(data), value, $"{name} is {value}; it must be 0 or more.");
        if (!(InnerLearningRate > 0) || !double.IsFinite(InnerLearningRate))
            throw new ArgumentOutOfRangeException(
                nameof(data), InnerLearningRate, $"{nameof(InnerLearningRate)} is {InnerLearningRate}; it must be positive and finite.");
        if (Window < 0 || Window > InnerSteps)
            throw new ArgumentOutOfRangeException(
                nameof(data), Window,
                $"{nameof(Window)} is {Window}; it must be from 1 to the {InnerSteps} inner steps, or 0 for all of them.");
        if (InnerImagesPerClass < 0 || InnerImagesPerClass > ImagesPerClass)
            throw new ArgumentOutOfRangeException(
                nameof(data), InnerImagesPerClass, $"{nameof(InnerImagesPerClass)} is {InnerImagesPerClass}; it must be from 1 to the " +
                    $"{ImagesPerClass} images of a class, or 0 for all of them.");
        if (KeptGraphs < 0)
            throw new ArgumentOutOfRangeException(nameof(data), KeptGraphs, $"{nameof(KeptGraphs)} must not be negative.");
        if (Averaging is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(data), Averaging, $"{nameof(Averaging)} is {Averaging}; it must be in [0, 1).");
        if (BatchSize < data.ClassCount)
            throw new ArgumentOutOfRangeException(
                nameof(data), BatchSize,
                $"{nameof(BatchSize)} is {BatchSize}, but a batch needs at least one image of each of {data.ClassCount} classes.");
        Support.RequireFit(data, Network);
        KernelInputs.RequireFinite(data.Images, "real images");
    }
}
