using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>One inner loop over batches of a shared set, all of its random choices drawn.</summary>
/// <param name="Plain">The steps before the window.</param>
/// <param name="Steps">All steps; the last ones, after the plain ones, are differentiated.</param>
/// <param name="Places">The images of each step, one step after another, Int64 [steps · batch]; null: all images in every step.</param>
/// <param name="Augmentation">What changes the batches; null: nothing.</param>
/// <param name="Random">What the changes are drawn from.</param>
/// <param name="DropoutSeeds">A seed of each step's dropout; null: none acts.</param>
internal sealed record SharedSetLoop(
    int Plain, int Steps, Tensor? Places, Augmentation? Augmentation, Generator Random, IReadOnlyList<long>? DropoutSeeds)
{
    /// <summary>For each step as many of the images of each class, none twice in a step.</summary>
    /// <param name="steps">How many steps.</param>
    /// <param name="classes">The number of classes, whose images lie one after another.</param>
    /// <param name="perClass">Images of a class in the set.</param>
    /// <param name="inBatch">Images of a class in a batch; 0, or as many as there are: all, and nothing is drawn.</param>
    /// <param name="random">What they are drawn from.</param>
    public static Tensor? DrawBatches(int steps, int classes, int perClass, int inBatch, Generator random)
    {
        if (inBatch == 0 || inBatch == perClass)
            return null;
        // The places of the least of random numbers are a random choice without repetition.
        var chosen = rand([steps, classes, perClass], float64, generator: random).argsort(2).narrow(2, 0, inBatch);
        var first = arange(0, (long)classes * perClass, perClass, int64).view(1, classes, 1);
        return (chosen + first).flatten();
    }

    /// <summary>The outer loss after the loop, and its gradients through the window.</summary>
    /// <param name="unrolled">The derivative of a loop over given batches.</param>
    /// <param name="images">The set's images [n, …], of which gradients are taken.</param>
    /// <param name="labels">Their labels [n, C].</param>
    /// <param name="rate">η.</param>
    /// <param name="theta0">The weights to start from.</param>
    /// <param name="real">Real images.</param>
    /// <param name="classes">Their classes, Int64.</param>
    public SharedSetGradient Differentiate(
        UnrolledGradient unrolled, Tensor images, Tensor labels, double rate, Tensor theta0, Tensor real, Tensor classes)
    {
        using var scope = NewDisposeScope();
        var parts = new List<(Tensor Images, Tensor Labels)>();
        using (no_grad())
            if (Plain > 0)
                parts.Add(Batches(images, labels, 0, Plain));
        var window = Batches(images, labels, Plain, Steps - Plain);
        parts.Add(window);
        // Every step has a batch of its own, so that what is changed at random has a gradient of its own.
        var variables = new UnrolledVariables(
            cat([.. parts.Select(static p => p.Images.detach())]),
            cat([.. parts.Select(static p => p.Labels.detach())]),
            Enumerable.Repeat(rate, Steps).ToArray(),
            Steps);
        var gradient = unrolled.Compute(variables, theta0, real, classes, Plain, Steps);
        var toImages = Gradient(window.Images, images, gradient.Images);
        var toLabels = unrolled.LearnLabels ? Gradient(window.Labels, labels, gradient.Labels) : null;
        return new SharedSetGradient(
            gradient.Loss, toImages.MoveToOuterDisposeScope(), toLabels?.MoveToOuterDisposeScope(), gradient.SharedRate);

        static Tensor Gradient(Tensor batches, Tensor set, Tensor all) =>
            Models.Gradients.Of(batches, set, all.narrow(0, all.shape[0] - batches.shape[0], batches.shape[0]));
    }

    /// <summary>The batches of some steps one after another, as functions of the set.</summary>
    private (Tensor Images, Tensor Labels) Batches(Tensor images, Tensor labels, int first, int count)
    {
        var size = (Places?.shape[0] ?? images.shape[0] * Steps) / Steps;
        var places = (Places?.narrow(0, first * size, count * size) ?? arange(0, size, int64).repeat(count)).to(images.device);
        var batches = images.index_select(0, places);
        return (Augmentation?.Apply(batches, Random) ?? batches, labels.index_select(0, places));
    }
}

/// <summary>A loss and its gradients with respect to a shared set and its rate.</summary>
/// <param name="Loss">The outer loss.</param>
/// <param name="ToImages">Of the images' shape.</param>
/// <param name="ToLabels">Of the labels' shape; null where they are not learned.</param>
/// <param name="ToRate">dL/dη.</param>
internal readonly record struct SharedSetGradient(double Loss, Tensor ToImages, Tensor? ToLabels, double ToRate);
