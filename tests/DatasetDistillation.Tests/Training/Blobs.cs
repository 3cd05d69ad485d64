using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Training;

/// <summary>A small problem: ten fixed random images, each seen through noise.</summary>
internal static class Blobs
{
    public static (Tensor Images, Tensor Labels) Draw(int count, int seed, double noise = 1)
    {
        var patterns = randn([10, 1, 28, 28], generator: new Generator(99));
        var generator = new Generator((ulong)seed);
        var labels = randint(10, [count], generator: generator);
        return (patterns.index_select(0, labels) + (randn([count, 1, 28, 28], generator: generator) * noise), labels);
    }
}
