using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Models;
using DatasetDistillation.Training;

namespace DatasetDistillation.Distillation;

/// <summary>
/// How well an attack works: whether networks take one class for another while they stay
/// accurate on the other classes, so that nobody notices (Wang et al. 2018, section 4.3).
/// </summary>
public sealed class PoisoningEffect
{
    private PoisoningEffect((int From, int To) attack, IReadOnlyList<ConfusionMatrix> networks)
    {
        Attack = attack;
        Success = new Spread(networks.Select(c => c.Share(attack.From, attack.To)));
        Accuracy = new Spread(networks.Select(static c => c.Accuracy));
        OtherAccuracy = new Spread(networks.Select(c => AccuracyWithout(c, attack.From)));
        Confusion = ConfusionMatrix.Sum(networks);
    }

    /// <summary>The class that is attacked, and the class that it is to be taken for.</summary>
    public (int From, int To) Attack { get; }

    /// <summary>The share, in [0, 1], of the attacked class that a network takes for the other one.</summary>
    public Spread Success { get; }

    /// <summary>The accuracy on all images with their true labels, in [0, 1].</summary>
    public Spread Accuracy { get; }

    /// <summary>The accuracy on the images of all classes but the attacked one, in [0, 1].</summary>
    public Spread OtherAccuracy { get; }

    /// <summary>The predictions of all networks together.</summary>
    public ConfusionMatrix Confusion { get; }

    /// <summary>Judges networks, whether attacked or not.</summary>
    /// <param name="attack">The class that is attacked, and the class that it is to be taken for.</param>
    /// <param name="network">The architecture.</param>
    /// <param name="networks">The weights of at least one network.</param>
    /// <param name="test">Labeled images with their true labels, standardized as the training images were.</param>
    /// <exception cref="ArgumentException">
    /// There is no network, an architecture does not fit, or the attacked class has no images.
    /// </exception>
    public static PoisoningEffect Of((int From, int To) attack, Network network, IEnumerable<Parameters> networks, ImageDataset test)
    {
        ArgumentNullException.ThrowIfNull(networks);
        ArgumentNullException.ThrowIfNull(test);
        if (!Poisoning.IsWithin(attack, test.ClassCount))
            throw new ArgumentException(
                $"The attack {Poisoning.Text(attack)} needs two classes from 0 to {test.ClassCount - 1}.", nameof(attack));
        if (test.ClassHistogram()[attack.From] == 0)
            throw new ArgumentException(
                $"{test.Name} has no image of class {attack.From}, " +
                $"so that nothing shows whether the attack {Poisoning.Text(attack)} works.", nameof(test));
        return new PoisoningEffect(attack, [.. networks.Select(theta => Evaluation.Predict(network, theta, test).Confusion())]);
    }

    /// <summary>The three figures in a line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Poisoning.Text(Attack)}: {Success.Mean:P1} taken for it, " +
        $"{OtherAccuracy.Mean:P1} right on the other classes ({Success.Count} networks)");

    private static double AccuracyWithout(ConfusionMatrix confusion, int truth)
    {
        var others = Enumerable.Range(0, confusion.ClassCount).Where(c => c != truth).ToArray();
        var all = others.Sum(c => Enumerable.Range(0, confusion.ClassCount).Sum(p => confusion[c, p]));
        return (double)others.Sum(c => confusion[c, c]) / all;
    }
}
