using DatasetDistillation.Data;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Native;

public class ComputeTests
{
    private const string NoGpu = "there is none";

    [Fact]
    public void OneLineSaysVersionsAndDevice()
    {
        var line = Compute.Describe();
        Assert.DoesNotContain('\n', line);
        Assert.Matches(@"^TorchSharp \d+\.\d+\.\d+ with libtorch \d+\.\d+", line);
        Assert.Contains($" on {Compute.Device}", line, StringComparison.Ordinal);
        Assert.True(Compute.Device.type == DeviceType.CUDA || line.Contains(Compute.WhyNotCuda!, StringComparison.Ordinal));
    }

    [Fact]
    public void DataThatAreReadLieOnTheDevice()
    {
        using var digits = SyntheticDigits.Create(2);
        Assert.Equal(Compute.Device.type, digits.Device.type);
    }

    [Theory]
    [InlineData(null, NoGpu, DeviceType.CPU)]
    [InlineData("cpu", null, DeviceType.CPU)]
    [InlineData(" CPU ", NoGpu, DeviceType.CPU)]
    public void TheProcessorComputesWhereThereIsNoGpuOrNoneIsWanted(string? wish, string? whyNotCuda, DeviceType device)
    {
        var choice = Compute.Choose(wish, whyNotCuda);
        Assert.Equal(device, choice.Device.type);
        Assert.NotNull(choice.WhyNotCuda);
    }

    [SkippableTheory]
    [InlineData(null)]
    [InlineData("cuda")]
    [InlineData("CUDA:0")]
    public void AGpuComputesWhereThereIsOne(string? wish)
    {
        Skip.If(!cuda.is_available(), "TorchSharp makes a CUDA device only where there is one.");
        var choice = Compute.Choose(wish, null);
        Assert.Equal(DeviceType.CUDA, choice.Device.type);
        Assert.Null(choice.WhyNotCuda);
    }

    [Theory]
    [InlineData("gpu", null)]
    [InlineData("cuda:", null)]
    [InlineData("cuda:first", null)]
    [InlineData("cuda", NoGpu)]
    public void AWishThatCannotBeMetIsRefusedWithTheReason(string wish, string? whyNotCuda)
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => Compute.Choose(wish, whyNotCuda)).Message;
        Assert.Contains(Compute.Variable, refusal, StringComparison.Ordinal);
        Assert.Contains($"'{wish}'", refusal, StringComparison.Ordinal);
        Assert.Contains(whyNotCuda ?? "must be", refusal, StringComparison.Ordinal);
    }
}
