using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

public sealed partial class DistilledSet
{
    /// <summary>
    /// Trains a network by the stored schedule: step t takes the t-th batch, its labels and its learned rate, in the order in
    /// which they were distilled (Wang et al. 2018, section 4).
    /// </summary>
    /// <param name="network">The network, usually the one that the set was distilled for.</param>
    /// <param name="start">The weights to start from, which stay as they are; their type is that of the computation.</param>
    /// <param name="optimizer">The rule of the steps; null: gradient descent.</param>
    /// <param name="loss">The loss of the steps; null: cross-entropy with the labels as they are stored.</param>
    /// <returns>The weights after the last step.</returns>
    /// <exception cref="InvalidOperationException">The set has no learned rates.</exception>
    /// <exception cref="ArgumentException">The network takes other images or has another number of classes.</exception>
    public Parameters Replay(Network network, Parameters start, InnerOptimizer? optimizer = null, LossFunction? loss = null)
    {
        ArgumentNullException.ThrowIfNull(start);
        RequireFit(network);
        if (LearningRates.Count == 0)
            throw new InvalidOperationException(
                $"These {Count} images have no learned rates to replay ({Method}). " +
                $"Train on them with {nameof(NetworkReadOut)}, or give them a schedule: {nameof(WithSchedule)}(steps, epochs, rate).");
        if (!start.Layout.Equals(network.Layout))
            throw new ArgumentException(
                $"The weights are no {network.Name}'s: wanted {network.Layout}; got {start.Layout}.", nameof(start));
        using var scope = NewDisposeScope();
        var device = start.Flat.device;
        var variables = new UnrolledVariables(Images.to(start.Type).to(device), Labels.to(start.Type).to(device), LearningRates, Steps);
        var unrolled = new UnrolledGradient(
            network, optimizer ?? InnerOptimizer.GradientDescent, loss ?? LossFunction.CrossEntropy, LossFunction.CrossEntropy);
        return new Parameters(network.Layout, unrolled.Replay(variables, start.Flat).MoveToOuterDisposeScope());
    }

    /// <summary>
    /// The same images with a schedule of one rate. They are dealt out to the steps, each with as many of every class,
    /// and all steps are repeated in every epoch. Any set, such as a baseline's, can so be judged like an unrolled one.
    /// </summary>
    /// <param name="steps">P: batches in an epoch; it divides the number of images of each class.</param>
    /// <param name="epochs">E: how often all batches are gone through.</param>
    /// <param name="rate">The rate of all P·E steps, above 0.</param>
    /// <exception cref="ArgumentException">The images of a class do not divide into so many steps.</exception>
    public DistilledSet WithSchedule(int steps, int epochs, double rate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        if (!(rate > 0) || !double.IsFinite(rate))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "A learning rate is positive and finite.");
        var classes = Classes();
        var order = new List<long>[steps];
        foreach (var members in Enumerable.Range(0, Count).GroupBy(i => classes[i]).OrderBy(static g => g.Key))
        {
            long[] own = [.. members.Select(static i => (long)i)];
            if (own.Length % steps != 0)
                throw new ArgumentException(
                    $"The {own.Length} images of class {ClassNames[(int)members.Key]} do not divide into {steps} steps.", nameof(steps));
            for (var step = 0; step < steps; step++)
                (order[step] ??= []).AddRange(own.AsSpan(step * (own.Length / steps), own.Length / steps));
        }
        using var scope = NewDisposeScope();
        var dealt = tensor(order.SelectMany(static step => step).ToArray()).to(Images.device);
        return new DistilledSet(
            Images.index_select(0, dealt), Labels.index_select(0, dealt),
            string.Create(CultureInfo.InvariantCulture, $"{Method}; {steps} steps × {epochs} epochs of rate {rate}"),
            Preprocessing, Enumerable.Repeat(rate, steps * epochs).ToArray(), steps, ClassNames);
    }

    /// <summary>The same images with one-hot labels: the class of each image's largest label.</summary>
    public DistilledSet WithHardLabels()
    {
        using var scope = NewDisposeScope();
        var labels = nn.functional.one_hot(Labels.argmax(1), ClassCount).to_type(ScalarType.Float32);
        return new DistilledSet(Images.clone(), labels, $"{Method}; labels one-hot", Preprocessing, LearningRates, Steps, ClassNames);
    }

    /// <summary>Real images as these are: a copy, standardized as <see cref="Preprocessing"/> says.</summary>
    /// <param name="data">Images in [0, 1], or already in the space of this set.</param>
    /// <exception cref="ArgumentException">They are standardized differently.</exception>
    public ImageDataset Prepare(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Standardization is null && Preprocessing is not null)
            return data.Standardize(Preprocessing);
        RequireSpace(data);
        return data.ToDevice(data.Device);
    }

    /// <summary>Checks that a network takes these images and has their classes, and that each class has a share in a label.</summary>
    internal void RequireFit(Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (!Images.shape.AsSpan(1).SequenceEqual([.. network.InputShape]))
            throw new ArgumentException(
                $"{network.Name} takes images [{string.Join(", ", network.InputShape)}]; " +
                $"the distilled ones are [{string.Join(", ", Images.shape[1..])}].", nameof(network));
        if (network.OutputShape is not [var outputs] || outputs != ClassCount)
            throw new ArgumentException(
                $"{network.Name} gives [{string.Join(", ", network.OutputShape)}]; " +
                $"the labels are of {ClassCount} classes.", nameof(network));
        using var scope = NewDisposeScope();
        var most = (Labels - Labels.mean([1], keepdim: true)).max(0).values.cpu().data<float>().ToArray();
        var missing = Array.FindIndex(most, static share => share <= 0);
        if (missing >= 0)
            throw new ArgumentException(
                $"No image of this set has class {ClassNames[missing]} in its label, " +
                $"so that no network can learn it from the set ({Method}). Distil with images of every class.");
    }

    /// <summary>Checks that test images are of the size, the classes, in this order, and the space of this set.</summary>
    internal void RequireSpace(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!Images.shape.AsSpan(1).SequenceEqual(data.Images.shape.AsSpan(1)))
            throw new ArgumentException(
                $"{data.Name} has images [{string.Join(", ", data.Images.shape[1..])}]; " +
                $"the distilled ones are [{string.Join(", ", Images.shape[1..])}].", nameof(data));
        if (data.ClassCount != ClassCount)
            throw new ArgumentException(
                $"{data.Name} has {data.ClassCount} classes; the labels of the set are of {ClassCount}.", nameof(data));
        var places = ClassNames.Index().ToDictionary(static named => named.Item, static named => named.Index);
        if (data.ClassNames.Index().Any(named => places.TryGetValue(named.Item, out int place) && place != named.Index))
            throw new ArgumentException(
                $"The classes of {data.Name} are {Shown(data.ClassNames)}; " +
                $"those of the set are {Shown(ClassNames)}, in this order. " +
                $"Load the images with {nameof(ImageFolderOptions)}.{nameof(ImageFolderOptions.ClassNames)} = set.{nameof(ClassNames)}.",
                nameof(data));
        if (!Standardization.AreSame(data.Standardization, Preprocessing, data.Channels))
            throw new ArgumentException(
                $"{data.Name} has another scale than the set: {data.Standardization?.ToString() ?? "[0, 1]"}, " +
                $"not {Preprocessing?.ToString() ?? "[0, 1]"}. Standardize it with the statistics of the training images, " +
                $"or take set.{nameof(Prepare)}(images in [0, 1]).", nameof(data));
    }

    private static string Shown(IReadOnlyList<string> names)
    {
        const int Most = 10;
        return string.Join(", ", names.Take(Most)) + (names.Count > Most ? " and others" : "");
    }
}
