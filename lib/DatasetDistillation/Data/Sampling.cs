namespace DatasetDistillation.Data;

/// <summary>Random orders and fair shares, the same on every machine.</summary>
internal static class Sampling
{
    /// <summary>0 … count − 1 in random order (Fisher and Yates).</summary>
    public static int[] Permutation(int count, long seed, long stream)
    {
        var random = new SplitMix(seed, stream);
        var order = new int[count];
        for (int i = 0; i < count; i++)
        {
            int other = random.Below(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        return order;
    }

    /// <summary>
    /// Shares <paramref name="total"/> out in proportion to the sizes: each rounded down, what is left to the largest remainders.
    /// </summary>
    public static int[] LargestRemainder(int[] sizes, int total)
    {
        long sum = sizes.Sum(size => (long)size);
        var shares = Array.ConvertAll(sizes, size => (int)((long)size * total / sum));
        var byRemainder = Enumerable.Range(0, sizes.Length).OrderByDescending(i => (long)sizes[i] * total % sum);
        foreach (int i in byRemainder.Take(total - shares.Sum()))
            shares[i]++;
        return shares;
    }
}
