using DatasetDistillation.Data;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Training;

public sealed class TrainerTests
{
    [Theory]
    [InlineData(OptimizerKind.Adam, 1e-3)]
    [InlineData(OptimizerKind.AdamW, 1e-3)]
    [InlineData(OptimizerKind.Sgd, 1e-2)]
    public void A_network_learns_and_its_history_tells(OptimizerKind optimizer, double rate)
    {
        using var scope = NewDisposeScope();
        var (images, labels) = Blobs.Draw(600, seed: 1);
        var validation = Blobs.Draw(200, seed: 2);
        var reports = new List<EpochReport>();
        var trainer = new Trainer
        {
            Epochs = 4,
            BatchSize = 50,
            Optimizer = optimizer,
            LearningRate = rate,
            Progress = new Recorder<EpochReport>(reports)
        };

        var result = trainer.Fit(Networks.Mlp(32), images, labels, validation);

        Assert.Equal([1, 2, 3, 4], result.History.Select(static e => e.Epoch));
        Assert.Equal(reports, result.History);
        Assert.False(result.IsCanceled);
        Assert.True(result.History.TrainingLoss[^1] < 0.2 * result.History.TrainingLoss[0]);
        Assert.True(result.History.TrainingAccuracy[^1] > 0.97);
        Assert.True(result.History.ValidationAccuracy[^1] > 0.95);
        Assert.Equal(
            Evaluation.Evaluate(result.Network, result.Parameters, validation.Images, validation.Labels).Accuracy,
            result.History.ValidationAccuracy[^1]);
        Assert.Equal(
            result.History.ValidationAccuracy.Max(),
            Evaluation.Evaluate(result.Network, result.Best, validation.Images, validation.Labels).Accuracy);
        Assert.Equal(result.History.ValidationAccuracy.Max(), result.History[result.BestEpoch - 1].ValidationAccuracy);
        Assert.All(result.History, static e => Assert.True(e.TrainingTime > TimeSpan.Zero && e.Elapsed >= e.TrainingTime));
    }

    [Fact]
    public void Soft_labels_teach_what_labels_teach()
    {
        using var scope = NewDisposeScope();
        var (images, labels) = Blobs.Draw(900, seed: 3, noise: 0.5);
        var test = Blobs.Draw(200, seed: 4, noise: 0.5);
        var oneHot = nn.functional.one_hot(labels, 10).to(float32);
        var network = Networks.Mlp(32);
        var trainer = new Trainer { Epochs = 2, BatchSize = 30 };
        double Accuracy(Trainer with, Tensor targets) =>
            Evaluation.Evaluate(network, with.Fit(network, images, targets).Parameters, test.Images, test.Labels).Accuracy;

        Assert.Equal(trainer.Fit(network, images, labels).Parameters.ToArray(), trainer.Fit(network, images, oneHot).Parameters.ToArray());
        var squared = new Trainer { Epochs = 10, BatchSize = 30, Loss = LossFunction.SquaredError };
        Assert.InRange(Accuracy(squared, labels), 0.85, 1);
        Assert.InRange(Accuracy(squared, (oneHot * 0.9) + 0.01), 0.85, 1);
    }

    [Fact]
    public void The_losses_are_their_formulas()
    {
        using var scope = NewDisposeScope();
        var outputs = tensor([1.0, 2, 0, 0.5], [2, 2]);
        double LogSumExp(double a, double b) => Math.Log(Math.Exp(a) + Math.Exp(b));

        Assert.Equal(
            (LogSumExp(1, 2) - 2 + LogSumExp(0, 0.5)) / 2, LossFunction.CrossEntropy.Of(outputs, tensor([1L, 0])).ToDouble(), 1e-12);
        Assert.Equal(
            0.25 * ((1.5 * 1.5) + (1.5 * 1.5) + (0.5 * 0.5) + 1), LossFunction.SquaredError.Of(outputs, tensor([1L, 0])).ToDouble(), 1e-12);
        Assert.Equal(0.25 * (1 + 4 + 0.25), LossFunction.SquaredError.Of(outputs, zeros([2, 2], float64)).ToDouble(), 1e-12);
    }

    [Fact]
    public void The_seed_decides_every_bit()
    {
        using var scope = NewDisposeScope();
        var (images, labels) = Blobs.Draw(90, seed: 5);
        var network = new Network("small", [1, 28, 28],
            [new Conv(4, 5), new ReLU(), new MaxPool(4), new Dropout(0.3), new Flatten(), new Linear(10)]);
        double[] Train(long seed) =>
            new Trainer { Epochs = 2, BatchSize = 20, Seed = seed, Augmentation = Augmentation.Shift(2) }
                .Fit(network, images, labels).Parameters.ToArray();

        double[] first = Train(1);
        int threads = Compute.Threads;
        Compute.Threads = 3;
        double[] again = Train(1);
        Compute.Threads = threads;

        Assert.Equal(first, again);
        Assert.NotEqual(first, Train(2));
    }

    [Fact]
    public void A_data_set_trains_as_its_tensors_do()
    {
        using var scope = NewDisposeScope();
        var (images, labels) = Blobs.Draw(60, seed: 9);
        using var data = new ImageDataset(images.sigmoid(), labels, "blobs", classCount: 10);
        var network = Networks.SoftmaxRegression();
        var trainer = new Trainer { Epochs = 2, BatchSize = 20, Seed = 4 };

        var result = trainer.Fit(network, data, data);

        Assert.Equal(trainer.Fit(network, data.Images, data.Labels).Parameters.ToArray(), result.Parameters.ToArray());
        Assert.Equal(result.History.ValidationAccuracy[^1], Evaluation.Evaluate(network, result.Parameters, data).Accuracy);
        Assert.Equal(result.History.ValidationAccuracy[^1], Evaluation.Predict(network, result.Parameters, data).Accuracy);
    }

    [Fact]
    public void A_canceled_run_keeps_what_was_learned()
    {
        using var scope = NewDisposeScope();
        var (images, labels) = Blobs.Draw(300, seed: 6);
        using var cancellation = new CancellationTokenSource();
        var network = Networks.SoftmaxRegression();
        var trainer = new Trainer
        {
            Epochs = 10,
            BatchSize = 50,
            StepProgress = new Observer<(long Step, long Steps, int Epoch, double Loss)>(report =>
            {
                Assert.Equal(60, report.Steps);
                if (report.Step == 15)
                    cancellation.Cancel();
            }),
        };

        var result = trainer.Fit(network, images, labels, (images, labels), cancellation.Token);

        Assert.True(result.IsCanceled);
        Assert.Equal(2, result.History.Count);
        Assert.Equal(2, result.BestEpoch);
        Assert.NotEqual(result.Best.ToArray(), result.Parameters.ToArray());
        Assert.True(Evaluation.Evaluate(network, result.Parameters, images, labels).Loss < result.History.ValidationLoss[^1]);

        var untouched = trainer.Fit(network, images, labels, cancellation: cancellation.Token);
        Assert.True(untouched.IsCanceled);
        Assert.Empty(untouched.History);
        Assert.Equal(network.Initialize(0).ToArray(), untouched.Best.ToArray());
    }

    [Fact]
    public void A_run_that_diverges_says_where_and_keeps_what_was_learned()
    {
        using var scope = NewDisposeScope();
        var (images, labels) = Blobs.Draw(200, seed: 7);
        images[120] = tensor(float.NaN);
        int first = 1;
        var trainer = new Trainer
        {
            Epochs = 3,
            BatchSize = 10,
            Optimizer = OptimizerKind.Sgd,
            LearningRate = 1e30,
            StepProgress = new Observer<(long Step, long Steps, int Epoch, double Loss)>(r => first = (int)r.Step + 1)
        };

        var error = Assert.Throws<TrainingDivergedException>(() => trainer.Fit(Networks.Mlp(8), images, labels));

        Assert.Equal(first, error.Step);
        Assert.False(double.IsFinite(error.Loss));
        Assert.Contains("MLP diverged", error.Message, StringComparison.Ordinal);
        Assert.Contains($"at step {first} (epoch 1) with learning rate 1E+30", error.Message, StringComparison.Ordinal);
        Assert.Contains("Try a learning rate of 1E+29", error.Message, StringComparison.Ordinal);
        Assert.Equal(Networks.Mlp(8).ParameterCount, error.Result.Parameters.ToArray().Length);
    }

    [Fact]
    public void Data_and_options_that_do_not_fit_are_rejected()
    {
        using var scope = NewDisposeScope();
        var network = Networks.SoftmaxRegression();
        var images = rand([4, 1, 28, 28]);
        var labels = tensor([0L, 1, 2, 3]);
        void Rejects(string message, Tensor x, Tensor y) =>
            Assert.Contains(
                message, Assert.ThrowsAny<ArgumentException>(() => new Trainer().Fit(network, x, y)).Message, StringComparison.Ordinal);

        Rejects("4 images need labels [4]; got [3]", images, tensor([0L, 1, 2]));
        Rejects("from 0 to 9; got 10", images, tensor([0L, 1, 2, 10]));
        Rejects("from 0 to 9; got -1", images, tensor([0L, 1, 2, -1]));
        Rejects("[4, 10]; got Float32 [4, 9]", images, rand(4, 9));
        Rejects("takes at least one image, [n, 1, 28, 28]; got [4, 784]", images.reshape(4, 784), labels);
        Rejects("got [0, 1, 28, 28]", images.narrow(0, 0, 0), labels.narrow(0, 0, 0));
        foreach (var trainer in new Trainer[]
        {
            new() { Epochs = -1 },
            new() { BatchSize = 0 },
            new() { LearningRate = 0 },
            new() { LearningRate = double.NaN },
            new() { Momentum = 1 },
            new() { WeightDecay = -1 },
        })
            Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(network, images, labels));
    }

    [Fact]
    public void The_cosine_schedule_rises_and_falls_and_the_history_shows_it()
    {
        var schedule = LearningRateSchedule.Cosine(warmUp: 0.2, final: 0.1);
        Assert.Equal([0, 0.5, 1, 0.55, 0.1], new[] { 0, 0.1, 0.2, 0.6, 1 }.Select(p => Math.Round(schedule.Factor(p), 12)));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Cosine(warmUp: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningRateSchedule.Cosine(final: 2));

        using var scope = NewDisposeScope();
        var (images, labels) = Blobs.Draw(40, seed: 8);
        var history = new Trainer { Epochs = 5, BatchSize = 40, LearningRate = 0.1, Schedule = schedule }
            .Fit(Networks.SoftmaxRegression(), images, labels).History;
        Assert.Equal(
            [0, 0.1, 0.1 * schedule.Factor(0.4), 0.055, 0.1 * schedule.Factor(0.8)],
            history.Select(static e => e.LearningRate),
            (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void Shifted_images_are_the_images_moved()
    {
        using var scope = NewDisposeScope();
        var image = arange(36, dtype: float32).reshape(1, 1, 6, 6).expand(200, 1, 6, 6);

        var shifted = Augmentation.Shift(2).Apply(image, new Generator(3));

        var moves = new HashSet<(int, int)>();
        for (int i = 0; i < 200; i++)
        {
            float[] pixels = shifted[i].contiguous().data<float>().ToArray();
            // Pixel (3, 3) came from (3 + dy, 3 + dx).
            int source = (int)pixels[21], dy = (source / 6) - 3, dx = (source % 6) - 3;
            moves.Add((dy, dx));
            for (int p = 0; p < 36; p++)
                Assert.Equal((6 * Math.Clamp((p / 6) + dy, 0, 5)) + Math.Clamp((p % 6) + dx, 0, 5), pixels[p]);
        }
        Assert.Equal(25, moves.Count);
        Assert.All(moves, static m => Assert.True(Math.Abs(m.Item1) <= 2 && Math.Abs(m.Item2) <= 2));
    }

    private sealed class Recorder<T>(List<T> values) : IProgress<T>
    {
        public void Report(T value) => values.Add(value);
    }

    private sealed class Observer<T>(Action<T> observe) : IProgress<T>
    {
        public void Report(T value) => observe(value);
    }
}
