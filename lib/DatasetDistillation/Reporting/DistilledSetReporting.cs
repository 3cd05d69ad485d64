using DatasetDistillation.Distillation;
using static TorchSharp.torch;

namespace DatasetDistillation.Reporting;

/// <summary>Distilled sets as pictures: their images by class and step.</summary>
public static partial class Reports
{
    private const int ShownRows = 10;

    private const string Drifted =
        "Above: the class that an image was made for. Below, where it differs: the class at which its learned label is largest.";

    /// <summary>
    /// The images with a column for each class and a row for each step, or several where a step has several images of a class. The column
    /// is the class that an image was made for; where its learned label is largest at another, that one is written below it.
    /// Pixels are those before <see cref="DistilledSet.Preprocessing"/>.
    /// </summary>
    /// <param name="set">The set.</param>
    /// <param name="rows">At most so many rows; the rest is left out, and the heading says so.</param>
    /// <param name="title">The heading; null: how many images there are.</param>
    /// <param name="scaling">How pixel values become shades.</param>
    /// <param name="zoom">Screen pixels for the side of one image pixel; 0 chooses.</param>
    public static ImageGrid Grid(
        this DistilledSet set, int rows = ShownRows, string? title = null, PixelScaling scaling = PixelScaling.AllImages, int zoom = 0)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        var arranged = Arrangement(set);
        var columns = arranged is null ? Math.Min(10, set.Count) : set.ClassCount;
        var order = (arranged ?? [.. Enumerable.Range(0, set.Count)]).Take((int)Math.Min((long)rows * columns, set.Count)).ToArray();
        var (shownRows, perStep) = ((order.Length + columns - 1) / columns, set.Count / set.Steps / columns);
        var classes = set.Classes();
        var drifted = arranged is not null && order.Where((image, place) => classes[image] != place % columns).Any();
        string[] names = [.. order.Select(image => set.ClassNames[(int)classes[image]])];
        string[]? captions = arranged is null ? names
            : drifted ? [.. order.Select((image, place) => classes[image] == place % columns ? "" : $"label {names[place]}")] : null;
        var words = title ?? $"{set.Count} images" + (order.Length < set.Count ? $", the first {order.Length}" : "");
        var steps = arranged is null || set.Steps == 1 ? null
            : Enumerable.Range(0, shownRows).Select(row => row % perStep == 0 ? $"step {(row / perStep) + 1}" : "");
        using var scope = NewDisposeScope();
        var images = set.Images.index_select(0, tensor(Array.ConvertAll(order, static i => (long)i)).to(set.Images.device));
        return ImageGrid.Of(
            set.Preprocessing?.Invert(images) ?? images, captions, columns, words, scaling,
            zoom > 0 ? zoom : Zoom(set, shownRows),
            steps,
            arranged is null ? null : set.ClassNames,
            drifted ? Drifted : "");
    }

    /// <summary>One image of each class of several sets, a row for each, its shades from its own least to its own greatest pixel.</summary>
    /// <param name="sets">The sets and their names, all of the same size of image and number of classes.</param>
    /// <param name="title">The heading.</param>
    /// <exception cref="ArgumentException">There are no sets, or they differ in the size of their images or in their classes.</exception>
    public static ImageGrid Wall(this IEnumerable<(string Name, DistilledSet Set)> sets, string title = "")
    {
        ArgumentNullException.ThrowIfNull(sets);
        (string Name, DistilledSet Set)[] all = [.. sets];
        if (all.Length == 0)
            throw new ArgumentException("A wall needs at least one set.", nameof(sets));
        var first = all[0].Set;
        foreach (var (name, set) in all)
            if (set.ClassCount != first.ClassCount || !set.Images.shape.AsSpan(1).SequenceEqual(first.Images.shape.AsSpan(1)))
                throw new ArgumentException(
                    $"The sets differ: '{all[0].Name}' has {first.ClassCount} classes "
                    + $"and images [{string.Join(", ", first.Images.shape[1..])}], "
                    + $"'{name}' has {set.ClassCount} and [{string.Join(", ", set.Images.shape[1..])}].", nameof(sets));
        using var scope = NewDisposeScope();
        var rows = all.Select(static named => OneOfEachClass(named.Set));
        return ImageGrid.Of(
            cat([.. rows]), null, first.ClassCount, title, zoom: Zoom(first, all.Length), rowLabels: all.Select(static named => named.Name),
            columnLabels: first.ClassNames);
    }

    /// <summary>Writes all images to a PNG file, laid out as <see cref="Grid"/> does.</summary>
    public static void SavePng(this DistilledSet set, string path) => set.Grid(rows: int.MaxValue).SavePng(path);

    /// <summary>The grid of images as a fragment of HTML.</summary>
    public static string ToHtml(this DistilledSet set) => set.Grid().ToHtml();

    private static int Zoom(DistilledSet set, int rows) =>
        Math.Max(1, (rows > 2 ? 56 : 84) / (int)Math.Max(set.Images.shape[2], set.Images.shape[3]));

    /// <summary>An image made for every class, in [0, 1]; blank where the set has none.</summary>
    private static Tensor OneOfEachClass(DistilledSet set)
    {
        using var scope = NewDisposeScope();
        var images = set.Preprocessing?.Invert(set.Images) ?? set.Images;
        var (least, greatest) = (images.min(), images.max());
        var scaled = greatest.Number() == least.Number() ? zeros_like(images) : (images - least) / (greatest - least);
        var (arranged, classes) = (Arrangement(set), set.Classes());
        var tiles = Enumerable.Range(0, set.ClassCount)
            .Select(c => arranged is null ? Array.IndexOf(classes, c) : arranged[c])
            .Select(i => i >= 0 ? scaled[i] : ones_like(scaled[0]));
        return stack([.. tiles]).cpu().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The images step by step, in each step row by row, a column for each class; null where there is no such order. Distillers put the
    /// images of a step class by class, and learned labels may leave their class: so the place tells what an image was made for, unless
    /// most labels speak against it and give an order of their own.
    /// </summary>
    private static int[]? Arrangement(DistilledSet set)
    {
        var classes = set.Classes();
        var byPlace = ByPlace(set);
        var agreeing = byPlace?.Where((image, place) => classes[image] == place % set.ClassCount).Count() ?? 0;
        return 2 * agreeing >= set.Count ? byPlace : ByLabel(set, classes) ?? byPlace;
    }

    private static int[]? ByPlace(DistilledSet set)
    {
        var (perStep, each) = (set.Count / set.Steps, set.Count / set.Steps / set.ClassCount);
        return each * set.ClassCount != perStep || each == 0
            ? null
            : [.. from step in Enumerable.Range(0, set.Steps)
                  from row in Enumerable.Range(0, each)
                  from label in Enumerable.Range(0, set.ClassCount)
                  select (step * perStep) + (label * each) + row];
    }

    private static int[]? ByLabel(DistilledSet set, long[] classes)
    {
        var perStep = set.Count / set.Steps;
        var each = perStep / set.ClassCount;
        var order = new List<int>(set.Count);
        for (var step = 0; step < set.Steps; step++)
        {
            var members = Enumerable.Range(step * perStep, perStep).ToLookup(i => classes[i]);
            if (each * set.ClassCount != perStep || Enumerable.Range(0, set.ClassCount).Any(c => members[c].Count() != each))
                return null;
            for (var row = 0; row < each; row++)
                order.AddRange(Enumerable.Range(0, set.ClassCount).Select(c => members[c].ElementAt(row)));
        }
        return [.. order];
    }
}
