using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Kernels;
using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// What distillation must beat with as many images (Wang et al. 2018, section 4.1): real images and means of real images,
/// each as a distilled set with one-hot labels, class by class. <see cref="DistilledSet.WithSchedule"/> gives such a set
/// the schedule of a distilled one; <see cref="DistilledSet.NearestNeighborAccuracy"/> classifies with it directly.
/// </summary>
public static class Baselines
{
    /// <summary>Real images drawn at random, none twice.</summary>
    /// <param name="data">The training images.</param>
    /// <param name="perClass">Images of each class.</param>
    /// <param name="seed">Which draw.</param>
    /// <exception cref="ArgumentException">A class has fewer images.</exception>
    public static DistilledSet RandomReal(ImageDataset data, int perClass = 1, long seed = 0)
    {
        var members = Members(data, perClass);
        var chosen = members.SelectMany((own, label) => Sampling.Permutation(own.Length, seed, label).Take(perClass).Select(i => own[i]));
        using var scope = NewDisposeScope();
        var images = data.Images.index_select(0, tensor(chosen.ToArray()).to(data.Device));
        return Set(data, images, perClass, string.Create(CultureInfo.InvariantCulture, $"random real images, draw {seed}"));
    }

    /// <summary>The first real images of each class, in the order of the data.</summary>
    /// <param name="data">The training images.</param>
    /// <param name="perClass">Images of each class.</param>
    /// <exception cref="ArgumentException">A class has fewer images.</exception>
    public static DistilledSet FirstReal(ImageDataset data, int perClass = 1)
    {
        var chosen = Members(data, perClass).SelectMany(own => own.Take(perClass));
        using var scope = NewDisposeScope();
        var images = data.Images.index_select(0, tensor(chosen.ToArray()).to(data.Device));
        return Set(data, images, perClass, "the first real images of each class");
    }

    /// <summary>The best of many random draws.</summary>
    /// <param name="data">The training images.</param>
    /// <param name="judge">
    /// Scores a draw, higher is better: such as the accuracy of networks trained on it, measured on other training images. Test
    /// images do not belong here.
    /// </param>
    /// <param name="perClass">Images of each class.</param>
    /// <param name="draws">How many draws there are.</param>
    /// <param name="seed">The draws are those of seed, seed + 1, …</param>
    /// <param name="progress">Receives the share done, in [0, 1].</param>
    /// <param name="cancellation">Stops between two draws.</param>
    /// <exception cref="ArgumentException">A class has fewer images.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static DistilledSet BestRandomReal(
        ImageDataset data, Func<DistilledSet, double> judge, int perClass = 1, int draws = 50, long seed = 0,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(judge);
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 1);
        var (best, score) = (seed, double.NegativeInfinity);
        for (var draw = 0; draw < draws; draw++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var set = RandomReal(data, perClass, seed + draw);
            if (judge(set) is var own && own > score)
                (best, score) = (seed + draw, own);
            progress?.Report((draw + 1.0) / draws);
        }
        using var winner = RandomReal(data, perClass, best);
        return new DistilledSet(
            winner.Images.clone(), winner.Labels.clone(),
            string.Create(CultureInfo.InvariantCulture,
            $"best of {draws} draws of random real images, " +
            $"draw {best} with a score of {score:G4}"), data.Standardization, classNames: data.ClassNames);
    }

    /// <summary>The mean image of each class.</summary>
    /// <param name="data">The training images.</param>
    /// <exception cref="ArgumentException">A class has no images.</exception>
    public static DistilledSet ClassMeans(ImageDataset data) =>
        Set(data, static (own, _) => own.mean([0], keepdim: true), 1, "mean image of each class");

    /// <summary>
    /// The means of clusters of each class: k-means++ (Arthur and Vassilvitskii 2007), then Lloyd's iterations until no image
    /// changes its cluster.
    /// </summary>
    /// <param name="data">The training images.</param>
    /// <param name="perClass">Clusters of each class.</param>
    /// <param name="seed">Of the first centers.</param>
    /// <exception cref="ArgumentException">A class has fewer images.</exception>
    public static DistilledSet KMeans(ImageDataset data, int perClass = 1, long seed = 0) => Set(
        data, (own, label) => Distillation.KMeans.Centers(own, perClass, seed, label), perClass,
        string.Create(CultureInfo.InvariantCulture, $"k-means of each class, seed {seed}"));

    /// <summary>
    /// One image of each class, in closed form, from which linear ridge regression finds what it
    /// finds on all images (Chen et al. 2024, "Provable and efficient dataset distillation for kernel
    /// ridge regression", for the linear kernel without a bias). Only a linear model reads them.
    /// </summary>
    /// <param name="data">The training images.</param>
    /// <param name="regularization">λ of the regression on all images, relative to the mean diagonal of XᵀX; above 0.</param>
    /// <exception cref="ArgumentException">A class has no images, or an image holds a NaN.</exception>
    public static DistilledSet LinearRidge(ImageDataset data, double regularization = 1e-4)
    {
        _ = new KernelRidge(regularization);
        Members(data, 1);
        KernelInputs.RequireFinite(data.Images, "images");
        using var scope = NewDisposeScope();
        return Set(
            data, RidgeImages.Of(data, regularization).reshape([-1, .. data.Images.shape[1..]]), 1,
            string.Create(CultureInfo.InvariantCulture, $"linear ridge regression in closed form, λ {regularization}"));
    }

    /// <summary>
    /// The same images with the probabilities that a trained network gives their classes, instead
    /// of the labels that they have: what distilled images with soft labels are to be compared
    /// with (Qin et al. 2024, "A label is worth a thousand images in dataset distillation").
    /// </summary>
    /// <param name="set">Images, such as <see cref="RandomReal"/>; they stay as they are.</param>
    /// <param name="teacher">A network.</param>
    /// <param name="theta">Its trained parameters.</param>
    /// <param name="temperature">By which logits are divided; the higher, the softer the labels. Above 0.</param>
    /// <exception cref="ArgumentException">The network takes other images or has another number of classes.</exception>
    public static DistilledSet WithTeacher(DistilledSet set, Network teacher, Parameters theta, double temperature = 1)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(theta);
        if (!(temperature > 0) || !double.IsFinite(temperature))
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "A temperature is positive and finite.");
        set.RequireFit(teacher);
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var logits = teacher.Forward(theta, set.Images.to(theta.Flat.device));
        return new DistilledSet(
            set.Images.clone(), nn.functional.softmax(logits.Over(temperature), 1).to(set.Images.device),
            string.Create(CultureInfo.InvariantCulture,
            $"{set.Method}; labels of a trained {teacher.Name}, temperature {temperature}"), set.Preprocessing,
            set.LearningRates, set.Steps, set.ClassNames);
    }

    private static DistilledSet Set(ImageDataset data, Func<Tensor, int, Tensor> summarize, int perClass, string method)
    {
        var members = Members(data, perClass);
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var pixels = data.Images.flatten(1);
        var centers = members.Select((own, label) =>
        {
            using var inner = NewDisposeScope();
            return summarize(pixels.index_select(0, tensor(own).to(data.Device)), label).MoveToOuterDisposeScope();
        });
        return Set(data, cat([.. centers]).reshape([-1, .. data.Images.shape[1..]]), perClass, method);
    }

    private static DistilledSet Set(ImageDataset data, Tensor images, int perClass, string method)
    {
        using var scope = NewDisposeScope();
        var classes = tensor(Enumerable.Range(0, data.ClassCount * perClass).Select(i => (long)(i / perClass)).ToArray());
        var labels = nn.functional.one_hot(classes, data.ClassCount).to(ScalarType.Float32).to(data.Device);
        return new DistilledSet(images, labels, $"{method}, {perClass} per class of {data.Name}", data.Standardization,
            classNames: data.ClassNames);
    }

    /// <summary>The places of the images of each class.</summary>
    private static long[][] Members(ImageDataset data, int perClass)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentOutOfRangeException.ThrowIfLessThan(perClass, 1);
        var members = data.LabelValues().Select(static (label, place) => (label, place)).ToLookup(static p => p.label,
            static p => (long)p.place);
        long[][] all = [.. Enumerable.Range(0, data.ClassCount).Select(label => members[label].ToArray())];
        var poorest = Array.FindIndex(all, own => own.Length < perClass);
        return poorest < 0
            ? all
            : throw new ArgumentException(
                $"{perClass} images per class are wanted, " +
                $"but class {data.ClassNames[poorest]} of {data.Name} has {all[poorest].Length}.", nameof(perClass));
    }
}
