using DatasetDistillation.Data;
using DatasetDistillation.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

public sealed partial record UnrolledDistiller
{
    private const string Advice = $"Take a network made from the data, such as {nameof(Networks)}.{nameof(Networks.LeNet)}(data).";

    /// <inheritdoc/>
    public long EstimateMemory(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var differentiated = Window == 0 ? InnerSteps : Window;
        var kept = Math.Min(Kept(data), differentiated) * GraphBytes(data);
        var outer = UnrolledGradient.OuterBytes(Network, Math.Min(BatchSize, data.Count), NumberBytes);
        var iterates = (InnerSteps + 1L) * (1 + Inner.Moments) * Network.ParameterCount;
        var variables = (4L + NetworksPerStep) * Steps * Batch(data) * Pixels;
        return (NetworksAtOnce(data) * (kept + Math.Max(GraphBytes(data), outer) + (NumberBytes * iterates))) + (NumberBytes * variables);
    }

    /// <summary>How many of a step's networks are gone through at the same time, each on one thread.</summary>
    private int NetworksAtOnce(ImageDataset data) =>
        Networks.Fused && data.Device.type == DeviceType.CPU && NetworksPerStep >= Compute.Threads ? Compute.Threads : 1;

    private long NumberBytes => Precision == ScalarType.Float64 ? 8 : 4;

    private int Kept(ImageDataset data) => UnrolledGradient.Kept(KeptGraphs, InnerSteps, GraphBytes(data));

    private long GraphBytes(ImageDataset data) => UnrolledGradient.GraphBytes(Network, Batch(data), NumberBytes);

    private long Batch(ImageDataset data) => (long)data.ClassCount * ImagesPerClass;

    private long Pixels => Layer.Size(Network.InputShape);

    private void Check(ImageDataset data)
    {
        OptionRange.RequireCounts(
            (nameof(Steps), Steps),
            (nameof(Epochs), Epochs),
            (nameof(ImagesPerClass), ImagesPerClass),
            (nameof(NetworksPerStep), NetworksPerStep),
            (nameof(BatchSize), BatchSize));
        OptionRange.RequireRate(nameof(InitialLearningRate), InitialLearningRate);
        OptionRange.RequireWindow(Window, InnerSteps, KeptGraphs);
        if (!(ClipFactor >= 0))
            throw new ArgumentOutOfRangeException(nameof(data), ClipFactor, $"{nameof(ClipFactor)} must not be negative.");
        if (!data.Images.shape[1..].SequenceEqual(Network.InputShape))
            throw new ArgumentException(
                $"{Network.Name} takes images [{string.Join(", ", Network.InputShape)}]; " +
                $"{data.Name} has [{string.Join(", ", data.Images.shape[1..])}]. {Advice}", nameof(data));
        if (Network.OutputShape is not [var outputs] || outputs != data.ClassCount)
            throw new ArgumentException(
                $"{Network.Name} gives [{string.Join(", ", Network.OutputShape)}]; " +
                $"{data.Name} has {data.ClassCount} classes. {Advice}", nameof(data));
        if (Poisoning is { } attack && (!Distillation.Poisoning.IsWithin(attack, data.ClassCount) || attack.From == attack.To))
            throw new ArgumentException(
                $"The attack {Distillation.Poisoning.Text(attack)} needs two classes from 0 to {data.ClassCount - 1}.");
        ClassBalance.Require(data);
    }
}
