using System.Diagnostics;
using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>One run of a trainer: the parameters while they change, and what is remembered of them.</summary>
internal sealed class TrainingRun : IDisposable
{
    private readonly Trainer trainer;
    private readonly Network network;
    private readonly Tensor images;
    private readonly Tensor labels;
    private readonly Tensor flat;
    private readonly Parameters theta;
    private readonly Parameters judged;
    private readonly Descent optimizer;
    private readonly Generator generator;
    private readonly List<EpochReport> epochs = [];
    private readonly long stepsPerEpoch;
    private (int Epoch, double Accuracy, Parameters? Parameters) best;
    private long step;
    private double rate;
    private double? divergedLoss;

    public TrainingRun(Trainer trainer, Network network, Parameters start, Tensor images, Tensor labels)
    {
        (this.trainer, this.network, this.images, this.labels) = (trainer, network, images, labels);
        flat = start.Flat.detach().clone().requires_grad_().DetachFromDisposeScope();
        theta = start.With(flat);
        judged = trainer.Averaging == 0 ? theta : start.Clone();
        optimizer = new Descent(trainer, flat);
        generator = new Generator((ulong)trainer.Seed);
        stepsPerEpoch = (images.shape[0] + trainer.BatchSize - 1) / trainer.BatchSize;
        best.Accuracy = double.NegativeInfinity;
    }

    public TrainingResult Execute((Tensor Images, Tensor Labels)? validation, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        for (int epoch = 1; epoch <= trainer.Epochs; epoch++)
        {
            var epochStart = Stopwatch.GetTimestamp();
            var learned = Learn(epoch, cancellation);
            if (divergedLoss is { } infinite)
                throw new TrainingDivergedException(infinite, step, epoch, rate, Result(isCanceled: true));
            if (learned is not { } training)
                return Result(isCanceled: true);
            var trainingTime = Stopwatch.GetElapsedTime(epochStart);

            Score? score = validation is { } v
                ? Evaluation.Evaluate(network, judged, v.Images, v.Labels, loss: trainer.Loss)
                : null;
            Remember(epoch, score?.Accuracy);
            epochs.Add(new EpochReport(
                epoch, trainer.Epochs, training.Loss, training.Accuracy, score?.Loss, score?.Accuracy, rate, trainingTime,
                Stopwatch.GetElapsedTime(start)));
            trainer.Progress?.Report(epochs[^1]);
        }
        return Result(isCanceled: false);
    }

    /// <summary>Goes through the training set once; null if it was canceled or diverged before its end.</summary>
    private Score? Learn(int epoch, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        long count = images.shape[0];
        var order = randperm(count, generator: generator);
        double loss = 0, right = 0;
        for (long first = 0; first < count; first += trainer.BatchSize)
        {
            if (cancellation.IsCancellationRequested)
                return null;
            long size = Math.Min(trainer.BatchSize, count - first);
            var (batchLoss, batchRight) = Learn(order.narrow(0, first, size));
            if (divergedLoss is not null)
                return null;
            loss += batchLoss * size;
            right += batchRight;
            trainer.StepProgress?.Report((step, stepsPerEpoch * trainer.Epochs, epoch, batchLoss));
        }
        return new Score(loss / count, right / count);
    }

    /// <summary>One step on one batch; its mean loss and how many images were classified rightly.</summary>
    private (double Loss, double Right) Learn(Tensor indices)
    {
        using var scope = NewDisposeScope();
        var here = indices.to(images.device);
        rate = trainer.LearningRate * trainer.Schedule.Factor((double)step / (stepsPerEpoch * trainer.Epochs));
        step++;

        var x = images.Rows(here);
        var y = labels.index_select(0, here);
        if (trainer.Augmentation is { } augment)
            x = augment.Apply(x, generator);

        var outputs = network.Forward(theta, x, training: true, generator);
        var loss = trainer.Loss.Of(outputs, y);
        double value = loss.Number();
        if (!double.IsFinite(value))
        {
            divergedLoss = value;
            return (value, 0);
        }

        optimizer.Step(Gradients.Of(loss, flat), rate);
        Average();
        return (value, Batches.CountRight(outputs.detach(), y));
    }

    /// <summary>The running mean after t steps weighs them by decay^(t − i), without the weights that it began with.</summary>
    private void Average()
    {
        if (ReferenceEquals(judged, theta))
            return;
        using var inference = no_grad();
        double decay = trainer.Averaging, part = (1 - decay) / (1 - Math.Pow(decay, step));
        judged.Flat.TimesInPlace(1 - part).PlusInPlace(flat, part);
    }

    private void Remember(int epoch, double? accuracy)
    {
        if (accuracy is not { } value || value <= best.Accuracy)
            return;
        best.Parameters?.Dispose();
        best = (epoch, value, judged.Clone());
    }

    private TrainingResult Result(bool isCanceled)
    {
        var last = judged.Clone();
        return new TrainingResult(network, last, best.Parameters ?? last, best.Epoch, new TrainingHistory(epochs), isCanceled);
    }

    public void Dispose()
    {
        optimizer.Dispose();
        generator.Dispose();
        flat.Dispose();
        judged.Dispose();
    }
}
