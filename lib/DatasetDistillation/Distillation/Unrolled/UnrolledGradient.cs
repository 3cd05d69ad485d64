using DatasetDistillation.Models;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// The derivative of an outer loss through an unrolled inner loop θ_{t+1} = step(θ_t, ∇L(θ_t; x_t, y_t), η_t) with respect to
/// images, labels, raw rates and θ_0 (Wang et al. 2018, algorithm 1; Maclaurin et al. 2015 for the way back). Forward keeps
/// the weights of every step alone; backward rebuilds the graph of one step at a time and multiplies the cotangent with its
/// transposed Jacobian. So T steps need T weight vectors and the graph of one step.
/// </summary>
internal sealed class UnrolledGradient(Network network, InnerOptimizer optimizer, LossFunction innerLoss, LossFunction outerLoss)
{
    /// <summary>
    /// Numbers that one graph holds for each activation: the values, their gradients, and what the derivatives saved of both.
    /// </summary>
    private const int GraphFactor = 4;

    /// <summary>The same where only first derivatives are taken.</summary>
    private const int FirstOrderFactor = 3;

    /// <summary>The bytes that kept graphs may take where nobody says how many are kept.</summary>
    private const long KeptBytes = 100L << 20;

    /// <summary>Bytes that the outer loss takes on a batch of real images.</summary>
    public static long OuterBytes(Network network, long batch, long numberBytes) =>
        batch * Activations(network) * FirstOrderFactor * numberBytes;

    /// <summary>Numbers that the layers of one image take, the image itself among them.</summary>
    private static long Activations(Network network) => network.Activations + Layer.Size(network.InputShape);

    /// <summary>Bytes that the graph of one inner step takes on a batch of distilled images.</summary>
    public static long GraphBytes(Network network, long batch, long numberBytes) =>
        numberBytes * ((batch * Activations(network) * GraphFactor) + (3 * network.ParameterCount));

    /// <summary>How many graphs are kept: as many as are asked for, else as fit.</summary>
    public static int Kept(int? keptGraphs, int innerSteps, long graphBytes) =>
        keptGraphs ?? (int)Math.Min(innerSteps, KeptBytes / graphBytes);

    /// <summary>Real images whose activations are in memory at once, about 64 MB.</summary>
    private readonly long outerBlock = Math.Max(Blocks.OuterLoss, (1L << 24) / network.Activations);

    /// <summary>The number of last steps whose graph is kept from the way forward instead of being built again.</summary>
    public int KeptGraphs { get; init; }

    /// <summary>Whether labels get a gradient.</summary>
    public bool LearnLabels { get; init; }

    /// <summary>A seed for each step, from which its dropout is drawn; null: dropout does not act.</summary>
    public IReadOnlyList<long>? DropoutSeeds { get; init; }

    /// <summary>Whether θ_0 gets a gradient.</summary>
    public bool WantTheta { get; init; }

    /// <summary>The outer loss at θ_last and its gradients.</summary>
    /// <param name="set">The distilled images and the schedule; without history.</param>
    /// <param name="theta0">The flat weights to start from.</param>
    /// <param name="realImages">[n, …network.InputShape].</param>
    /// <param name="realLabels">Int64 [n].</param>
    /// <param name="first">The first step that is differentiated; the ones before are taken as they come.</param>
    /// <param name="last">The step before which the loop ends.</param>
    public MetaGradient Compute(UnrolledVariables set, Tensor theta0, Tensor realImages, Tensor realLabels, int first, int last)
    {
        using var scope = NewDisposeScope();
        var iterates = new Tensor?[last + 1][];
        iterates[0] = [theta0.detach(), .. new Tensor?[optimizer.Moments]];
        var tapes = new Tape?[last];
        for (var t = 0; t < last; t++)
        {
            if (t >= Math.Max(first, last - KeptGraphs))
                tapes[t] = Record(set, iterates[t][0]!, t);
            iterates[t + 1] = Advance(set, iterates[t], tapes[t], t, isLast: t == last - 1);
            if (t < first && t > 0)
                Dispose(iterates[t]);
        }

        var (loss, cotangent) = Outer(iterates[last][0]!, realImages, realLabels);
        var gradient = new MetaGradient(loss, set.Steps, last);
        Tensor?[] cotangents = [cotangent, .. new Tensor?[optimizer.Moments]];
        for (var t = last - 1; t >= first; t--)
        {
            var later = cotangents;
            cotangents = Retreat(set, iterates[t], tapes[t] ?? Record(set, iterates[t][0]!, t), later, t, gradient, t > first || WantTheta);
            Dispose(later);
            Dispose(iterates[t + 1]);
        }
        gradient.Theta0 = cotangents[0];
        gradient.MoveToOuterScope();
        return gradient;
    }

    /// <summary>θ_T, the weights after the whole loop, without any derivative.</summary>
    /// <param name="set">The distilled images and the schedule; without history.</param>
    /// <param name="theta0">The flat weights to start from; they stay as they are.</param>
    public Tensor Replay(UnrolledVariables set, Tensor theta0)
    {
        using var scope = NewDisposeScope();
        Tensor?[] iterate = [theta0.detach(), .. new Tensor?[optimizer.Moments]];
        for (var t = 0; t < set.LearningRates.Count; t++)
        {
            var former = iterate;
            iterate = Advance(set, former, null, t, isLast: t == set.LearningRates.Count - 1);
            Dispose(former);
        }
        return iterate[0]!.MoveToOuterDisposeScope();
    }

    private Tensor?[] Advance(UnrolledVariables set, Tensor?[] iterate, Tape? tape, int t, bool isLast)
    {
        using var scope = NewDisposeScope();
        var gradient = tape?.Gradient ?? Gradient(set, iterate[0]!, t);
        return Keep(optimizer.Next(iterate, gradient, set.LearningRates[t], t, isLast));
    }

    private Tensor Gradient(UnrolledVariables set, Tensor theta, int t)
    {
        var leaf = theta.detach().requires_grad_();
        using var dropout = Dropout(t);
        var loss = innerLoss.Of(
            network.Forward(new Parameters(network.Layout, leaf), set.ImagesOf(t), training: dropout is not null, dropout),
            set.LabelsOf(t));
        return Gradients.Of(loss, leaf);
    }

    private Tape Record(UnrolledVariables set, Tensor weights, int t)
    {
        using var scope = NewDisposeScope();
        using var dropout = Dropout(t);
        var at = network.Linearize(new Parameters(network.Layout, weights.detach()), set.ImagesOf(t).detach(), dropout);
        var outputs = at.Outputs.detach().requires_grad_();
        var labels = set.LabelsOf(t).detach().requires_grad_(LearnLabels);
        var delta = Gradients.Of(innerLoss.Of(outputs, labels), outputs, createGraph: true);
        var gradient = at.Gradient(delta.detach());
        return new Tape(
            at,
            outputs.MoveToOuterDisposeScope(),
            labels.MoveToOuterDisposeScope(),
            delta.MoveToOuterDisposeScope(),
            gradient.MoveToOuterDisposeScope());
    }

    private Generator? Dropout(int t) => DropoutSeeds is null ? null : new Generator((ulong)DropoutSeeds[t]);

    /// <summary>The mean loss and its gradient, block by block of images.</summary>
    private (double Loss, Tensor Cotangent) Outer(Tensor weights, Tensor images, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var count = images.shape[0];
        Tensor? cotangent = null;
        double loss = 0;
        foreach (var (start, size) in Blocks.Of(count, outerBlock))
        {
            using var block = NewDisposeScope();
            var theta = weights.detach().requires_grad_();
            var part = outerLoss.Of(
                network.Forward(new Parameters(network.Layout, theta), images.narrow(0, start, size)), labels.narrow(0, start, size));
            var gradient = Gradients.Of(part, theta);
            if (cotangent is not null)
                cotangent.PlusInPlace(gradient, (double)size / count);
            else
                cotangent = (size == count ? gradient : gradient.TimesInPlace((double)size / count)).MoveToOuterDisposeScope();
            loss += part.Number() * size / count;
        }
        return (loss, cotangent!.MoveToOuterDisposeScope());
    }

    /// <summary>From the cotangents of iterate t + 1 to those of iterate t, adding to the gradients on the way.</summary>
    private Tensor?[] Retreat(
        UnrolledVariables set, Tensor?[] iterate, Tape tape, Tensor?[] cotangents, int t, MetaGradient sum, bool wantIterate)
    {
        using var scope = NewDisposeScope();
        var values = tape.Gradient;
        var (direct, ofGradient, ofRate) = optimizer.Pull(cotangents, iterate, values, set.LearningRates[t], t);
        Tensor? ofLabels = null;
        var (ofTheta, ofImages) = tape.At.Along(ofGradient, along =>
        {
            // A loss whose gradient does not depend on the outputs has none here.
            var products = Gradients.Of(tape.Delta, LearnLabels ? [tape.Outputs, tape.Labels] : [tape.Outputs], along, allowUnused: true);
            ofLabels = LearnLabels ? products[1].MoveToOuterDisposeScope() : null;
            return products[0].IsInvalid ? zeros_like(along) : products[0];
        });
        sum.Add(t, ofImages, ofLabels, ofRate);
        tape.Dispose();
        if (!wantIterate)
            return [null];
        direct[0] = ofTheta.PlusInPlace(direct[0]!);
        return Keep(direct);
    }

    private static Tensor?[] Keep(Tensor?[] tensors)
    {
        foreach (var tensor in tensors)
            tensor?.MoveToOuterDisposeScope();
        return tensors;
    }

    private static void Dispose(Tensor?[] tensors)
    {
        foreach (var tensor in tensors)
            tensor?.Dispose();
    }

    /// <summary>
    /// One step of the inner loop: the network, the cotangent δ of its outputs as a function of them and of the labels, and ∇L.
    /// </summary>
    private sealed record Tape(Linearization At, Tensor Outputs, Tensor Labels, Tensor Delta, Tensor Gradient) : IDisposable
    {
        public void Dispose()
        {
            UnrolledGradient.Dispose([Outputs, Labels, Delta, Gradient]);
            At.Dispose();
        }
    }
}

/// <summary>What an unrolled loop trains on: P batches of images, gone through again and again, with a rate for each step.</summary>
/// <param name="Images">[P·b, c, h, w].</param>
/// <param name="Labels">[P·b, classes].</param>
/// <param name="LearningRates">The rate of each of the T steps.</param>
/// <param name="Steps">P.</param>
internal sealed record UnrolledVariables(Tensor Images, Tensor Labels, IReadOnlyList<double> LearningRates, int Steps)
{
    /// <summary>The images of step t, [b, c, h, w].</summary>
    public Tensor ImagesOf(int t) => Part(Images, t);

    /// <summary>The labels of step t, [b, classes].</summary>
    public Tensor LabelsOf(int t) => Part(Labels, t);

    private Tensor Part(Tensor all, int t)
    {
        var size = all.shape[0] / Steps;
        return all.narrow(0, t % Steps * size, size);
    }
}
