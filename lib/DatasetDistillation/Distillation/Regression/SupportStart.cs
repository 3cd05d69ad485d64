using DatasetDistillation.Data;
using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>What a support set is before it is learned: real images, noise, or another set. Images lie class by class.</summary>
/// <param name="ImagesPerClass">Images of each class.</param>
/// <param name="Start">What they start from, unless there is a set.</param>
/// <param name="Set">The set; null: none.</param>
internal sealed record SupportStart(int ImagesPerClass, ImageStart Start, DistilledSet? Set)
{
    /// <summary>In a few words.</summary>
    public override string ToString() => Set is null ? $"{Start}" : Set.Method;

    /// <summary>What tells a set from others of the same method; empty without one.</summary>
    public string Identity => Set is null ? "" : $"; start {Fingerprint.Of(Set.Images, Set.Labels)}";

    /// <summary>Gives a state its images and labels.</summary>
    /// <param name="state">The state.</param>
    /// <param name="data">The real images.</param>
    /// <param name="labels">The labels of Int64 classes, unless a set has them.</param>
    public void Begin(SetState state, ImageDataset data, Func<Tensor, Tensor> labels)
    {
        if (Set is not null)
        {
            (state.Images, state.Labels) = (Set.Images.to(data.Device, copy: true), Set.Labels.to(data.Device, copy: true));
            return;
        }
        var classes = tensor(Enumerable.Range(0, data.ClassCount * ImagesPerClass).Select(i => (long)(i / ImagesPerClass)).ToArray());
        state.Images = Start == ImageStart.Real
            ? data.Images.index_select(0, state.Derived(data, ClassBalance.Of).Draw(ImagesPerClass, state.Random))
            : randn([classes.shape[0], data.Channels, data.Height, data.Width], generator: state.Random).to(data.Device);
        state.Labels = labels(classes).to_type(float32).to(data.Device);
    }

    /// <summary>Refuses data that a network does not take, that has too few images, or that is on another scale than the set.</summary>
    /// <exception cref="ArgumentException">Something does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are no images per class.</exception>
    public void RequireFit(ImageDataset data, params IEnumerable<Network> networks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ImagesPerClass, 1);
        long[] image = [data.Channels, data.Height, data.Width];
        foreach (var network in networks)
            if (!network.InputShape.SequenceEqual(image) || !network.OutputShape.SequenceEqual([(long)data.ClassCount]))
                throw new ArgumentException(
                    $"{network.Name} takes [{string.Join(", ", network.InputShape)}] " +
                    $"and gives [{string.Join(", ", network.OutputShape)}]; " +
                    $"{data.Name} has images [{string.Join(", ", image)}] of {data.ClassCount} classes. " +
                    $"Take a network made from the data, such as {nameof(Networks)}.{nameof(Networks.ConvNet)}(data).", nameof(data));
        ClassBalance.Require(data, Set is null && Start == ImageStart.Real ? ImagesPerClass : 1);
        if (Set is null)
            return;
        if (Set.Count != ImagesPerClass * data.ClassCount
            || Set.ClassCount != data.ClassCount
            || !Set.Images.shape.AsSpan(1).SequenceEqual(image))
            throw new ArgumentException(
                $"The set to start from must have {ImagesPerClass * data.ClassCount} images [{string.Join(", ", image)}] " +
                $"with labels of {data.ClassCount} classes; got {Set}.", nameof(data));
        if (!Standardization.AreSame(Set.Preprocessing, data.Standardization, data.Channels))
            throw new ArgumentException(
                $"The set to start from is on another scale than {data.Name}: " +
                $"{Set.Preprocessing?.ToString() ?? "[0, 1]"}, wanted {data.Standardization?.ToString() ?? "[0, 1]"}.", nameof(data));
    }
}
