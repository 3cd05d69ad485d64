using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>
/// The template of a new method: the images of each class get the mean of the real ones, batch by batch (Zhao and Bilen 2023, "Dataset
/// condensation with distribution matching", with pixels for features). Copy it, and write another <see cref="Step"/>.
/// </summary>
internal sealed record TemplateDistiller : IDistiller
{
    public int ImagesPerClass { get; init; } = 1;

    public int BatchSize { get; init; } = 100;

    public OuterAdam Outer { get; init; } = new() { LearningRate = 0.05 };

    public string Name => "Template";

    public string Settings => $"{ImagesPerClass} per class, batch {BatchSize}, {Outer}";

    public DistillationState Initialize(ImageDataset data, long seed)
    {
        ClassBalance.Require(data, Math.Max(ImagesPerClass, BatchSize / data.ClassCount));
        using var scope = NewDisposeScope();
        var state = new TemplateState(seed);
        var classes = arange(data.ClassCount, device: data.Device).repeat_interleave(ImagesPerClass);
        state.Images = randn([classes.shape[0], data.Channels, data.Height, data.Width], generator: state.Random).to(data.Device);
        state.Labels = nn.functional.one_hot(classes, data.ClassCount).to(float32);
        return state;
    }

    public double Step(DistillationState state, ImageDataset data)
    {
        using var scope = NewDisposeScope();
        var batch = state.Derived(data, ClassBalance.Of).Draw(BatchSize / data.ClassCount, state.Random); // class by class
        var images = state.As<TemplateState>().Images.detach().requires_grad_();
        var loss = (Means(images, data.ClassCount) - Means(data.Images.index_select(0, batch), data.ClassCount)).square().sum();
        Outer.Update(state, SetState.ImagesName, autograd.grad([loss], [images])[0]);
        return loss.ToDouble();
    }

    public DistilledSet Result(DistillationState state, ImageDataset data)
    {
        var set = state.As<TemplateState>();
        return new DistilledSet(set.Images.clone(), set.Labels.clone(), $"{Name}: {Settings}, {state.Step} steps", data.Standardization);
    }

    public long EstimateMemory(ImageDataset data) =>
        5L * sizeof(float) * (BatchSize + (ImagesPerClass * data.ClassCount)) * data.Images.numel() / data.Count;

    private static Tensor Means(Tensor images, int classes) => images.reshape([classes, -1, .. images.shape[1..]]).mean([1]);
}

internal sealed class TemplateState(long seed) : SetState(seed);
