namespace DatasetDistillation;

/// <summary>How many images are worked on at a time where not all of them need to be in memory at once.</summary>
internal static class Blocks
{
    /// <summary>Features of images without a graph: a layer's activations stay in the cache.</summary>
    public const int Features = 32;

    /// <summary>Real images of an outer loss with their graph, at least.</summary>
    public const int OuterLoss = 128;

    /// <summary>Targets of a convolutional kernel that a thread takes at a time.</summary>
    public const int KernelTargets = 256;

    /// <summary>Images of an evaluation.</summary>
    public const int Evaluation = 250;

    /// <summary>Images on which one of many small networks is judged.</summary>
    public const int Judgement = 500;

    /// <summary>Images that are compared with all images of a support set.</summary>
    public const int Comparison = 2000;

    /// <summary>The first image and the number of images of each block.</summary>
    public static IEnumerable<(long First, long Count)> Of(long count, long size)
    {
        for (long first = 0; first < count; first += size)
            yield return (first, Math.Min(size, count - first));
    }
}
