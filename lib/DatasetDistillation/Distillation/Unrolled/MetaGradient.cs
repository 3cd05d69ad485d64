using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>The outer loss of an unrolled loop with its gradients, added up step by step.</summary>
internal sealed class MetaGradient(double loss, int steps, int length)
{
    private readonly Tensor?[] images = new Tensor?[steps];
    private readonly Tensor?[] labels = new Tensor?[steps];
    private readonly Tensor?[] rates = new Tensor?[length];

    /// <summary>The outer loss.</summary>
    public double Loss { get; } = loss;

    /// <summary>The gradient with respect to the flat θ_0; null when it was not wanted.</summary>
    public Tensor? Theta0 { get; set; }

    /// <summary>Adds what step <paramref name="t"/> contributes.</summary>
    public void Add(int t, Tensor ofImages, Tensor? ofLabels, Tensor ofRate)
    {
        Add(ref images[t % images.Length], ofImages);
        if (ofLabels is not null)
            Add(ref labels[t % labels.Length], ofLabels);
        Add(ref rates[t], ofRate);
    }

    /// <summary>The gradient of all images, [P·b, c, h, w]; zero for steps that no differentiated step used.</summary>
    public Tensor Images => Join(images);

    /// <summary>The gradient of all labels, [P·b, classes].</summary>
    public Tensor Labels => Join(labels);

    /// <summary>The gradient of the raw rates r, [T]: dη/dr = σ(r) of η = softplus(r).</summary>
    /// <param name="raw">r.</param>
    public Tensor RawRates(Tensor raw)
    {
        using var scope = NewDisposeScope();
        var none = zeros([], raw.dtype, raw.device);
        var ofRates = stack(Enumerable.Range(0, (int)raw.shape[0]).Select(t => t < rates.Length && rates[t] is { } g ? g : none));
        return raw.sigmoid().mul_(ofRates).MoveToOuterDisposeScope();
    }

    /// <summary>The derivative with respect to a rate that all steps share.</summary>
    public double SharedRate => rates.Sum(static rate => rate?.Number() ?? 0);

    private IEnumerable<Tensor?> All => [.. images, .. labels, .. rates, Theta0];

    /// <summary>Keeps the gradients beyond the scope in which they were computed.</summary>
    public void MoveToOuterScope()
    {
        foreach (var tensor in All)
            tensor?.MoveToOuterDisposeScope();
    }

    /// <summary>Takes the gradients out of all scopes of the thread that computed them.</summary>
    public void Detach()
    {
        foreach (var tensor in All)
            tensor?.DetachFromDisposeScope();
    }

    /// <summary>Hands the gradients to a scope of this thread.</summary>
    public void AttachTo(DisposeScope scope)
    {
        foreach (var tensor in All)
        {
            if (tensor is not null)
                scope.Attach(tensor);
        }
    }

    /// <summary>Adds what one of <paramref name="networks"/> contributes to the mean over them.</summary>
    public static void AddShare(ref Tensor? sum, Tensor part, int networks)
    {
        var share = networks == 1 ? part : part.Over(networks);
        sum = sum is null ? share : sum.Plus(share);
    }

    private static void Add(ref Tensor? sum, Tensor part)
    {
        var former = sum;
        sum = (former is null ? part : former.Plus(part)).MoveToOuterDisposeScope();
        former?.Dispose();
    }

    private static Tensor Join(Tensor?[] parts)
    {
        var some = parts.First(static p => p is not null)!;
        return parts.Length == 1 ? some : cat([.. parts.Select(p => p ?? zeros_like(some))]);
    }
}
