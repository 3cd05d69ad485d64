using DatasetDistillation.Data;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>Clusters of points with the least squared distances to their means.</summary>
internal static class KMeans
{
    // Lloyd's iterations end by themselves; rounding could make two clusters exchange a point for ever.
    private const int MaximumIterations = 500;

    /// <summary>The means of k clusters, Float32 [k, d]; a pure function of the points, k, the seed and the stream.</summary>
    /// <param name="points">Float32 [n, d], n ≥ k.</param>
    /// <param name="k">How many clusters.</param>
    /// <param name="seed">Of the first centers.</param>
    /// <param name="stream">Another number gives other random numbers of the same seed.</param>
    public static Tensor Centers(Tensor points, int k, long seed, long stream)
    {
        using var scope = NewDisposeScope();
        var squares = points.Squared().sum([1]);
        var centers = FirstCenters(points, squares, k, new SplitMix(seed, stream));
        var before = Array.Empty<long>();
        for (var iteration = 0; iteration < MaximumIterations; iteration++)
        {
            var former = centers;
            var (next, clusters) = Improve(points, squares, centers);
            centers = next;
            former.Dispose();
            if (clusters.AsSpan().SequenceEqual(before))
                break;
            before = clusters;
        }
        return centers.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// ‖x‖² − 2·x·c + ‖c‖² of every point and center, [n, k]; never negative.
    /// </summary>
    internal static Tensor SquaredDistances(Tensor points, Tensor squares, Tensor centers)
    {
        using var scope = NewDisposeScope();
        var products = points.matmul(centers.t());
        products.TimesInPlace(-2).PlusInPlace(squares.unsqueeze(1)).PlusInPlace(centers.Squared().sum([1]));
        return products.relu_().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The first center is any point; each further one is a point chosen with probability proportional to its squared distance.
    /// </summary>
    private static Tensor FirstCenters(Tensor points, Tensor squares, int k, SplitMix random)
    {
        using var scope = NewDisposeScope();
        var count = (int)points.shape[0];
        var chosen = new List<long> { random.Below(count) };
        var nearest = Enumerable.Repeat(double.PositiveInfinity, count).ToArray();
        while (chosen.Count < k)
        {
            using var inner = NewDisposeScope();
            var last = points.narrow(0, chosen[^1], 1);
            var distances = SquaredDistances(points, squares, last).cpu().data<float>().ToArray();
            for (var i = 0; i < count; i++)
                nearest[i] = Math.Min(nearest[i], distances[i]);
            // A center is as near to itself as can be, whatever rounding says.
            nearest[chosen[^1]] = 0;
            chosen.Add(Pick(nearest, random.Uniform() * nearest.Sum(), chosen));
        }
        return points.index_select(0, tensor(chosen.ToArray()).to(points.device)).MoveToOuterDisposeScope();
    }

    /// <summary>The first point at which the weights add up to more than the target; of points all alike, one not yet chosen.</summary>
    private static long Pick(double[] weights, double target, List<long> chosen)
    {
        var sum = 0.0;
        for (var i = 0; i < weights.Length; i++)
            if ((sum += weights[i]) > target)
                return i;
        return Enumerable.Range(0, weights.Length).First(i => !chosen.Contains(i));
    }

    /// <summary>
    /// Every point goes to its nearest center, every center to the mean of its
    /// points; one without points goes to the point farthest from its own.
    /// </summary>
    private static (Tensor Centers, long[] Clusters) Improve(Tensor points, Tensor squares, Tensor centers)
    {
        using var scope = NewDisposeScope();
        var k = centers.shape[0];
        var (distances, nearest) = SquaredDistances(points, squares, centers).min(1);
        var members = nn.functional.one_hot(nearest, k).to(points.dtype);
        var sizes = members.sum(dim: 0);
        var means = members.t().matmul(points).div_(maximum(sizes, ones_like(sizes)).unsqueeze(1));
        var counts = sizes.cpu().data<float>().ToArray();
        if (counts.Contains(0))
            Refill(means, counts, points, distances);
        return (means.MoveToOuterDisposeScope(), nearest.cpu().data<long>().ToArray());
    }

    private static void Refill(Tensor means, float[] counts, Tensor points, Tensor distances)
    {
        var own = distances.cpu().data<float>().ToArray();
        var empty = Enumerable.Range(0, counts.Length).Where(c => counts[c] == 0);
        var farthest = Enumerable.Range(0, own.Length).OrderByDescending(i => own[i]);
        foreach (var (cluster, point) in empty.Zip(farthest))
            means.narrow(0, cluster, 1).copy_(points.narrow(0, point, 1));
    }
}
