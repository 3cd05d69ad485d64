using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Tests.Data;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

public sealed class TemplateDistillerTests : IDisposable
{
    private readonly ImageDataset data = SyntheticDigits.Create(400).Standardize();
    private readonly TemporaryFolder folder = new();

    [Fact]
    public void The_images_become_the_means_of_their_classes()
    {
        using var scope = NewDisposeScope();
        var means = Baselines.ClassMeans(data).Images;
        using var run = new DistillationDriver { Steps = 400 }.Run(new TemplateDistiller(), data);
        Assert.InRange((run.Set.Images - means).square().mean().ToDouble(), 0, 0.05);
        Assert.Equal(Enumerable.Range(0, 10).Select(static c => (long)c), run.Set.Classes());
    }

    [Fact]
    public void A_run_that_is_stopped_goes_on_to_the_same_bits()
    {
        var driver = new DistillationDriver { Steps = 20, Seed = 1 };
        var stored = new DistillationDriver { Steps = 20, Seed = 1, Checkpoint = folder["run.npz"] };
        using var whole = driver.Run(new TemplateDistiller(), data);
        using (var stop = new CancellationTokenSource())
            stored.Run(new TemplateDistiller(), data, p => { if (p.Step == 7) stop.Cancel(); }, stop.Token).Dispose();
        using var resumed = stored.Run(new TemplateDistiller(), data);
        DriverRuns.AssertSame(whole, resumed);
    }

    public void Dispose()
    {
        data.Dispose();
        folder.Dispose();
    }
}
