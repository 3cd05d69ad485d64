using DatasetDistillation.Data;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using TorchSharp;
using Xunit;

namespace DatasetDistillation.Tests.Training;

public class CalibrationTests
{
    [Fact]
    public void The_temperature_makes_timid_outputs_as_sure_as_they_are_right_and_changes_no_prediction()
    {
        using var digits = SyntheticDigits.Create(1200, seed: 1);
        using var heldOut = SyntheticDigits.Create(400, seed: 2);
        using var test = SyntheticDigits.Create(400, seed: 3);
        var network = Networks.Mlp(32);
        var labels = torch.eye(10).index_select(0, digits.Labels) - 0.1f;
        var trainer = new Trainer { Epochs = 20, BatchSize = 50, LearningRate = 3e-3, Loss = LossFunction.SquaredError };
        using var result = trainer.Fit(network, digits.Images, labels);

        var plain = Evaluation.Predict(network, result.Parameters, test);
        var temperature = Evaluation.Temperature(network, result.Parameters, heldOut);
        var calibrated = Evaluation.Predict(network, result.Parameters, test, temperature);
        Assert.Equal(plain.Predicted, calibrated.Predicted);
        Assert.True(plain.Confidences.Average() < plain.Accuracy - 0.3, $"{plain.Confidences.Average()}");
        Assert.Equal(calibrated.Accuracy, calibrated.Confidences.Average(), 0.06);
    }
}
