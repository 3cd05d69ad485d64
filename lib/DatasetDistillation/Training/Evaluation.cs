using DatasetDistillation.Data;
using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>How well a classifier does on labeled images.</summary>
/// <param name="Loss">The mean loss.</param>
/// <param name="Accuracy">The share of the images, in [0, 1], that are classified correctly.</param>
public readonly record struct Score(double Loss, double Accuracy)
{
    /// <summary>Accuracy and loss.</summary>
    public override string ToString() => FormattableString.Invariant($"accuracy {Accuracy:P2}, loss {Loss:F4}");
}

/// <summary>Measures classifiers, in batches and without gradients.</summary>
public static partial class Evaluation
{
    /// <summary>Accuracy and mean loss.</summary>
    /// <param name="network">The network.</param>
    /// <param name="theta">Its parameters.</param>
    /// <param name="images">Images <c>[n, …network.InputShape]</c>, of the parameters' type.</param>
    /// <param name="labels">Int64 <c>[n]</c>, or soft labels <c>[n, classes]</c>, whose largest entry counts as the class.</param>
    /// <param name="loss">The loss; null: cross-entropy.</param>
    /// <param name="batchSize">How many images are computed at a time.</param>
    /// <exception cref="ArgumentException">Images, labels or parameters do not fit.</exception>
    public static Score Evaluate(
        Network network, Parameters theta, Tensor images, Tensor labels, LossFunction? loss = null, int batchSize = Blocks.Evaluation)
    {
        Batches.Check(network, images, labels);
        loss ??= LossFunction.CrossEntropy;
        double total = 0;
        long right = 0;
        ForEachBatch(network, theta, images, batchSize, (outputs, first, size) =>
        {
            var y = labels.narrow(0, first, size);
            total += loss.Of(outputs, y).Number() * size;
            right += Batches.CountRight(outputs, y);
        });
        return new Score(total / images.shape[0], (double)right / images.shape[0]);
    }

    /// <summary>The most probable class of each image, with its probability.</summary>
    /// <param name="network">The network.</param>
    /// <param name="theta">Its parameters.</param>
    /// <param name="images">Images <c>[n, …network.InputShape]</c>, of the parameters' type.</param>
    /// <param name="labels">Int64 <c>[n]</c>, or soft labels <c>[n, classes]</c>; null where the classes are not known.</param>
    /// <param name="batchSize">How many images are computed at a time.</param>
    /// <param name="temperature">Divides the outputs before they become probabilities, as <see cref="Temperature"/> finds it.</param>
    /// <exception cref="ArgumentException">Images, labels or parameters do not fit.</exception>
    public static Predictions Predict(
        Network network, Parameters theta, Tensor images, Tensor? labels = null, int batchSize = Blocks.Evaluation, double temperature = 1)
    {
        Batches.CheckImages(network, images);
        if (labels is not null)
            Batches.Check(network, images, labels);

        var predictions = new List<Classification>((int)images.shape[0]);
        ForEachBatch(network, theta, images, batchSize, (outputs, first, size) =>
        {
            var (confidence, label) = nn.functional.softmax(outputs / temperature, 1).max(1);
            double[] confidences = confidence.cpu().to(ScalarType.Float64).data<double>().ToArray();
            long[] predicted = label.cpu().data<long>().ToArray();
            long[]? actual = labels is null ? null : Batches.ClassesOf(labels.narrow(0, first, size)).cpu().data<long>().ToArray();
            for (int i = 0; i < size; i++)
                predictions.Add(new Classification((int)predicted[i], confidences[i], (int?)actual?[i]));
        });
        return new Predictions(predictions, (int)network.OutputShape[0]);
    }

    /// <summary>Accuracy and mean cross-entropy on a data set.</summary>
    /// <param name="network">The network.</param>
    /// <param name="theta">Its parameters.</param>
    /// <param name="data">Labeled images.</param>
    /// <exception cref="ArgumentException">The images or the parameters do not fit the network.</exception>
    public static Score Evaluate(Network network, Parameters theta, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Evaluate(network, theta, data.Images, data.Labels);
    }

    /// <summary>The most probable class of each image of a data set, with its probability.</summary>
    /// <param name="network">The network.</param>
    /// <param name="theta">Its parameters.</param>
    /// <param name="data">Labeled images.</param>
    /// <param name="temperature">Divides the outputs before they become probabilities, as <see cref="Temperature"/> finds it.</param>
    /// <exception cref="ArgumentException">The images or the parameters do not fit the network.</exception>
    public static Predictions Predict(Network network, Parameters theta, ImageDataset data, double temperature = 1)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Predict(network, theta, data.Images, data.Labels, temperature: temperature);
    }

    /// <summary>The outputs for images, [n, classes].</summary>
    internal static Tensor Outputs(Network network, Parameters theta, Tensor images)
    {
        Batches.CheckImages(network, images);
        using var scope = NewDisposeScope();
        var all = new List<Tensor>();
        ForEachBatch(network, theta, images, Blocks.Evaluation, (outputs, _, _) => all.Add(outputs.DetachFromDisposeScope()));
        var joined = cat(all).MoveToOuterDisposeScope();
        all.ForEach(static part => part.Dispose());
        return joined;
    }

    private static void ForEachBatch(Network network, Parameters theta, Tensor images, int batchSize, Action<Tensor, long, long> use)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        using var inference = no_grad();
        foreach (var (first, size) in Blocks.Of(images.shape[0], batchSize))
        {
            using var scope = NewDisposeScope();
            use(network.Forward(theta, images.narrow(0, first, size)), first, size);
        }
    }
}
