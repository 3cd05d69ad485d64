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
        var outer = UnrolledGradient.OuterBytes(Network, Math.Min(BatchSize, data.Count), sizeof(float));
        var iterates = (Differentiated + 2L) * (1 + Inner.Moments) * Network.ParameterCount;
        // The batches of all steps, those of the window with their graph and gradient; the set with its moments and average.
        var batches = (InnerSteps + (3L * Differentiated)) * Batch(data) * Pixels;
        var variables = (5L + NetworksPerStep) * ImagesPerClass * data.ClassCount * Pixels;
        return kept + Math.Max(GraphBytes(data), outer) + (sizeof(float) * (iterates + batches + variables));
    }

    private int Kept(ImageDataset data) => UnrolledGradient.Kept(KeptGraphs, InnerSteps, GraphBytes(data));

    private long GraphBytes(ImageDataset data) => UnrolledGradient.GraphBytes(Network, Batch(data), sizeof(float));

    private long Batch(ImageDataset data) => (long)data.ClassCount * (InnerImagesPerClass == 0 ? ImagesPerClass : InnerImagesPerClass);

    private long Pixels => Layer.Size(Network.InputShape);

    private void Check(ImageDataset data)
    {
        OptionRange.RequireCounts((nameof(InnerSteps), InnerSteps), (nameof(NetworksPerStep), NetworksPerStep));
        foreach (var (name, value) in new[] { (nameof(RateLearningRate), RateLearningRate), (nameof(ClipFactor), ClipFactor) })
            if (!(value >= 0) || !double.IsFinite(value))
                throw new ArgumentOutOfRangeException(nameof(data), value, $"{name} is {value}; it must be 0 or more.");
        OptionRange.RequireRate(nameof(InnerLearningRate), InnerLearningRate);
        OptionRange.RequireWindow(Window, InnerSteps, KeptGraphs);
        if (InnerImagesPerClass < 0 || InnerImagesPerClass > ImagesPerClass)
            throw new ArgumentOutOfRangeException(
                nameof(data), InnerImagesPerClass,
                $"{nameof(InnerImagesPerClass)} is {InnerImagesPerClass}; " +
                $"it must be from 1 to the {ImagesPerClass} images of a class, or 0 for all of them.");
        OptionRange.RequireAveraging(Averaging);
        OptionRange.RequireBatch(BatchSize, data);
        Support.RequireFit(data, Network);
        KernelInputs.RequireFinite(data.Images, "real images");
    }
}
