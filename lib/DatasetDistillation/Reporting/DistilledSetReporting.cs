using DatasetDistillation.Reporting;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <content>A distilled set is shown as its images, by class and step.</content>
[TypeFormatterSource(typeof(RichOutputFormatterSource), PreferredMimeTypes = [MimeType.Png, MimeType.Text])]
public sealed partial class DistilledSet : IRichOutput
{
    private const int ShownRows = 10;

    /// <inheritdoc/>
    public IReadOnlyList<string> MimeTypes { get; } = [MimeType.Png, MimeType.Html, MimeType.Text];

    /// <inheritdoc/>
    public string Render(string mimeType) => mimeType == MimeType.Text ? ToString() : Grid().Render(mimeType);

    /// <summary>
    /// The images with a column for each class and a row for each step, or several where a step has several images of a class.
    /// Where learned labels no longer say one class for each column, the columns are those of the images' places, as distillers order
    /// them, and each image has its largest label written below it. Pixels are those before <see cref="Preprocessing"/>.
    /// </summary>
    /// <param name="rows">At most so many rows; the rest is left out, and the heading says so.</param>
    /// <param name="title">The heading; null: how many images there are.</param>
    /// <param name="scaling">How pixel values become shades.</param>
    /// <param name="zoom">Screen pixels for the side of one image pixel; 0 chooses.</param>
    public ImageGrid Grid(int rows = ShownRows, string? title = null, PixelScaling scaling = PixelScaling.AllImages, int zoom = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        var byClass = ByClass();
        var arranged = byClass ?? ByPlace();
        var columns = arranged is null ? Math.Min(10, Count) : ClassCount;
        var order = (arranged ?? [.. Enumerable.Range(0, Count)]).Take((int)Math.Min((long)rows * columns, Count)).ToArray();
        var shownRows = (order.Length + columns - 1) / columns;
        var classes = Classes();
        var perStep = Count / Steps / columns;
        var words = title ?? $"{Count} images" + (order.Length < Count ? $", the first {order.Length}" : "");
        using var scope = NewDisposeScope();
        var images = Images.index_select(0, tensor(Array.ConvertAll(order, static i => (long)i)).to(Images.device));
        return ImageGrid.Of(
            Preprocessing?.Invert(images) ?? images,
            byClass is null || shownRows == 1 ? order.Select(i => $"{classes[i]}") : null,
            columns, words, scaling,
            zoom > 0 ? zoom : Zoom(shownRows),
            arranged is not null && Steps > 1 ? Enumerable.Range(0, shownRows).Select(row => row % perStep == 0 ? $"step {(row / perStep) + 1}" : "") : null);
    }

    /// <summary>The first image of each class of several sets, a row for each set, its shades from its own least to its own greatest pixel.</summary>
    /// <param name="sets">The sets and their names, all of the same size of image and number of classes.</param>
    /// <param name="title">The heading.</param>
    /// <exception cref="ArgumentException">There are no sets, or they differ in the size of their images or in their classes.</exception>
    public static ImageGrid Wall(IEnumerable<(string Name, DistilledSet Set)> sets, string title = "")
    {
        ArgumentNullException.ThrowIfNull(sets);
        (string Name, DistilledSet Set)[] all = [.. sets];
        if (all.Length == 0)
            throw new ArgumentException("A wall needs at least one set.", nameof(sets));
        var first = all[0].Set;
        foreach (var (name, set) in all)
            if (set.ClassCount != first.ClassCount || !set.Images.shape.AsSpan(1).SequenceEqual(first.Images.shape.AsSpan(1)))
                throw new ArgumentException(
                    $"The sets differ: '{all[0].Name}' has {first.ClassCount} classes and images [{string.Join(", ", first.Images.shape[1..])}], "
                    + $"'{name}' has {set.ClassCount} and [{string.Join(", ", set.Images.shape[1..])}].", nameof(sets));
        using var scope = NewDisposeScope();
        var rows = all.Select(static named => named.Set.FirstOfEachClass());
        return ImageGrid.Of(cat([.. rows]), null, first.ClassCount, title, zoom: first.Zoom(all.Length), rowLabels: all.Select(static named => named.Name));
    }

    /// <summary>Writes all images to a PNG file, laid out as <see cref="Grid"/> does.</summary>
    public void SavePng(string path) => Grid(rows: int.MaxValue).SavePng(path);

    private int Zoom(int rows) => Math.Max(1, (rows > 2 ? 56 : 84) / (int)Math.Max(Images.shape[2], Images.shape[3]));

    /// <summary>The first image of every class in [0, 1]; a class without one is blank.</summary>
    private Tensor FirstOfEachClass()
    {
        using var scope = NewDisposeScope();
        var (least, greatest) = (Images.min(), Images.max());
        var scaled = greatest.Number() == least.Number() ? zeros_like(Images) : (Images - least) / (greatest - least);
        var classes = Classes();
        var tiles = Enumerable.Range(0, ClassCount).Select(c => Array.IndexOf(classes, c) is var i && i >= 0 ? scaled[i] : ones_like(scaled[0]));
        return stack([.. tiles]).cpu().MoveToOuterDisposeScope();
    }

    /// <summary>The same for images that lie class by class in each step, whatever their labels have become; null where a step has no equal number of each.</summary>
    private int[]? ByPlace()
    {
        var (perStep, each) = (Count / Steps, Count / Steps / ClassCount);
        return each * ClassCount != perStep || each == 0
            ? null
            : [.. from step in Enumerable.Range(0, Steps)
                  from row in Enumerable.Range(0, each)
                  from label in Enumerable.Range(0, ClassCount)
                  select (step * perStep) + (label * each) + row];
    }

    /// <summary>The images step by step, in each step row by row, a column for each class; null where there is no such order.</summary>
    private int[]? ByClass()
    {
        var (classes, perStep) = (Classes(), Count / Steps);
        var each = perStep / ClassCount;
        var order = new List<int>(Count);
        for (var step = 0; step < Steps; step++)
        {
            var members = Enumerable.Range(step * perStep, perStep).ToLookup(i => classes[i]);
            if (each * ClassCount != perStep || Enumerable.Range(0, ClassCount).Any(c => members[c].Count() != each))
                return null;
            for (var row = 0; row < each; row++)
                order.AddRange(Enumerable.Range(0, ClassCount).Select(c => members[c].ElementAt(row)));
        }
        return [.. order];
    }
}
