using DatasetDistillation.Data;
using DatasetDistillation.Native;
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
    public void LibtorchHasOneThreadWhileTheFusedPassesDoTheWork()
    {
        var (threads, isFused) = (Compute.Threads, Compute.IsFused);
        try
        {
            Compute.IsFused = true;
            Compute.Threads = 3;
            Assert.Equal((3, 1), (Compute.Threads, get_num_threads()));
            Assert.Contains(" 3 threads", Compute.Describe(), StringComparison.Ordinal);
            Compute.IsFused = false;
            Assert.Equal((3, 3), (Compute.Threads, get_num_threads()));
            Compute.Threads = 2;
            Assert.Equal((2, 2), (Compute.Threads, get_num_threads()));
            Assert.Throws<ArgumentOutOfRangeException>(() => Compute.Threads = 0);
            Assert.Equal((2, 2), (Compute.Threads, get_num_threads()));
        }
        finally
        {
            Compute.Threads = threads;
            Compute.IsFused = isFused;
        }
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("12", 12)]
    [InlineData(null, 0)]
    [InlineData("", 0)]
    [InlineData("0", 0)]
    [InlineData("-2", 0)]
    [InlineData("4,2", 0)]
    public void TheNumberOfThreadsIsTheUsersOrThatOfTheCores(string? wish, int threads) =>
        Assert.Equal(threads == 0 ? Environment.ProcessorCount : threads, ProcessSettings.Threads(wish));

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
