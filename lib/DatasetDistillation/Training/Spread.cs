using System.Globalization;

namespace DatasetDistillation.Training;

/// <summary>Repeated measurements of one quantity.</summary>
public sealed class Spread
{
    /// <summary>The spread of some values.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public Spread(IEnumerable<double> values)
    {
        Values = [.. values];
        if (Values.Count == 0)
            throw new ArgumentException("There must be at least one value.", nameof(values));
    }

    /// <summary>The results of an experiment repeated with several seeds.</summary>
    /// <param name="seeds">The seeds.</param>
    /// <param name="run">The experiment: of a seed, a number such as an accuracy.</param>
    /// <param name="cancellation">Stops between two runs.</param>
    /// <exception cref="ArgumentException">There are no seeds.</exception>
    /// <exception cref="OperationCanceledException">It was canceled before the first run was over.</exception>
    public static Spread Over(IEnumerable<long> seeds, Func<long, double> run, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(seeds);
        ArgumentNullException.ThrowIfNull(run);
        var results = new List<double>();
        foreach (long seed in seeds)
        {
            if (cancellation.IsCancellationRequested && results.Count > 0)
                break;
            cancellation.ThrowIfCancellationRequested();
            results.Add(run(seed));
        }
        return new Spread(results);
    }

    /// <summary>The values in the order of their measurement.</summary>
    public IReadOnlyList<double> Values { get; }

    /// <summary>How many there are.</summary>
    public int Count => Values.Count;

    /// <summary>Their mean.</summary>
    public double Mean => Values.Average();

    /// <summary>Their unbiased standard deviation, √(Σ(x − mean)²/(n − 1)); NaN for a single value.</summary>
    public double StandardDeviation
    {
        get
        {
            double mean = Mean;
            return Count == 1 ? double.NaN : Math.Sqrt(Values.Sum(v => (v - mean) * (v - mean)) / (Count - 1));
        }
    }

    /// <summary>A single measurement.</summary>
    public static implicit operator Spread(double value) => new([value]);

    /// <summary>The least.</summary>
    public double Minimum => Values.Min();

    /// <summary>The greatest.</summary>
    public double Maximum => Values.Max();

    /// <summary>Mean ± standard deviation.</summary>
    public override string ToString() => Count == 1
        ? Mean.ToString("G4", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Mean:G4} ± {StandardDeviation:G2} (n = {Count}, {Minimum:G4} to {Maximum:G4})");
}
