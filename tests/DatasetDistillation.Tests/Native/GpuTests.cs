using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Native;

/// <summary>On a machine with an NVIDIA GPU nothing that code makes stays on the processor by accident.</summary>
public sealed class GpuTests
{
    private static readonly Network Small = Networks.ConvNet(depth: 2, width: 8);

    private static readonly Dictionary<string, IDistiller> Distillers = new()
    {
        ["unrolled"] = new UnrolledDistiller { Network = Small, BatchSize = 20 },
        ["unrolled, Adam"] = new UnrolledDistiller { Network = Small, Inner = InnerOptimizer.Adam(), BatchSize = 20, LearnLabels = true },
        ["features"] = new FeatureRegression { Network = Small, BatchSize = 20, Pool = new FeaturePool { Size = 2, Lifetime = 5 } },
        ["kernel inducing points"] = new KernelInducingPoints { BatchSize = 20 },
        ["logistic"] = new LogisticDistiller(),
    };

    public static TheoryData<string> Names => [.. Distillers.Keys];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Every_tensor_of_a_distiller_is_on_the_device(string name)
    {
        Skip.If(Compute.Device.type != DeviceType.CUDA, $"There is no GPU: {Compute.WhyNotCuda}.");
        using var scope = NewDisposeScope();
        using var digits = SyntheticDigits.Create(100, seed: 1);
        using var data = digits.Standardize();
        using var state = Distillers[name].Initialize(data, seed: 1);
        for (int step = 0; step < 2; step++)
            Distillers[name].Step(state, data);
        // Counters of steps are single whole numbers, and stay where they are read.
        Assert.All(
            state.Names.Select(tensor => state[tensor]).Where(static tensor => tensor.is_floating_point() && tensor.numel() > 1),
            static tensor => Assert.Equal(Compute.Device.type, tensor.device_type));
        using var set = Distillers[name].Result(state, data);
        Assert.Equal(Compute.Device.type, set.Images.device_type);
        Assert.Equal(Compute.Device.type, set.Labels.device_type);
    }

    [SkippableFact]
    public void Training_and_reading_out_stay_on_the_device()
    {
        Skip.If(Compute.Device.type != DeviceType.CUDA, $"There is no GPU: {Compute.WhyNotCuda}.");
        using var scope = NewDisposeScope();
        using var digits = SyntheticDigits.Create(100, seed: 1);
        using var data = digits.Standardize();
        using var result = new Trainer { Epochs = 1, BatchSize = 20 }.Fit(Small, data);
        Assert.Equal(Compute.Device.type, result.Parameters.Flat.device_type);
        Assert.Equal(Compute.Device.type, Small.Forward(result.Parameters, data.Images).device_type);
    }
}
