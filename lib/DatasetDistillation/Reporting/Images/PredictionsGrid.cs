using System.Collections.Immutable;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Reporting;

/// <summary>
/// Images with the class a network saw in each and how sure it was. A wrong one is framed in red, crossed, and says the true class.
/// </summary>
public sealed class PredictionsGrid : IPicture
{
    private readonly GridPainter painter;
    private readonly ImmutableArray<string> classNames;

    private PredictionsGrid(
        ImageBatch images, Numbers predicted, Numbers confidence, Numbers truth, int columns, string title, int zoom,
        IEnumerable<string>? classNames)
    {
        (Images, Columns, Title) = (images, columns, title);
        this.classNames = (classNames ?? []).ToImmutableArray();
        Predictions = [.. predicted.Values.Select((p, i) =>
            new Classification((int)p, confidence.Values[i], truth.Count == 0 ? null : (int)truth.Values[i]))];
        painter = new GridPainter(images, [.. Predictions.Select(TileOf)], columns, zoom, new GridWords(title, [], [], ""));
    }

    /// <summary>The images.</summary>
    internal ImageBatch Images { get; }

    /// <summary>What was predicted for each image.</summary>
    public ImmutableArray<Classification> Predictions { get; }

    /// <summary>Images in a row.</summary>
    public int Columns { get; }

    /// <summary>The heading.</summary>
    public string Title { get; }

    /// <summary>How many predictions are wrong; 0 where the truth is not known.</summary>
    public int WrongCount => Predictions.Count(prediction => prediction.IsWrong);

    /// <summary>Shows predictions.</summary>
    /// <param name="images">The images, n of them.</param>
    /// <param name="predicted">The predicted class of each, from 0.</param>
    /// <param name="confidence">The probability given to the predicted class, in [0, 1].</param>
    /// <param name="truth">The true classes; none where they are not known.</param>
    /// <param name="columns">Images in a row; 0 takes 10, or as many as there are images.</param>
    /// <param name="title">The heading.</param>
    /// <param name="classNames">The names of the classes; null shows their numbers.</param>
    /// <param name="zoom">Screen pixels for the side of one image pixel; 0 makes images about 84 pixels wide.</param>
    /// <param name="scaling">How pixel values become shades.</param>
    /// <exception cref="ArgumentException">The numbers of images, predictions, confidences and true classes differ.</exception>
    internal static PredictionsGrid Of(
        ImageBatch images, Numbers predicted, Numbers confidence, Numbers truth = default, int columns = 0, string title = "",
        IEnumerable<string>? classNames = null, int zoom = 0, PixelScaling scaling = PixelScaling.UnitRange)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (predicted.Count != images.Count || confidence.Count != images.Count || (truth.Count != 0 && truth.Count != images.Count))
            throw new ArgumentException(
                $"{images.Count} images, but {predicted.Count} predictions, {confidence.Count} confidences and {truth.Count} true classes. "
                + "Give one of each for each image.");
        var names = classNames?.ToArray();
        var last = predicted.Values.Concat(truth.Values).Max();
        if (names is not null && last >= names.Length)
            throw new ArgumentException($"Class {last} has no name: {names.Length} class names were given.", nameof(classNames));
        return new PredictionsGrid(
            images, predicted, confidence, truth, GridSize.Columns(columns, images), title, GridSize.Zoom(zoom, images), names)
        { Scaling = scaling };
    }

    /// <summary>Shows predictions of a trained network.</summary>
    /// <param name="images"><c>[n, channels, height, width]</c> with 1 or 3 channels, or gray <c>[n, height, width]</c>.</param>
    /// <param name="predictions">One for each image; all with their true class, or none.</param>
    /// <param name="columns">Images in a row; 0 takes 10, or as many as there are images.</param>
    /// <param name="title">The heading.</param>
    /// <param name="classNames">The names of the classes; null shows their numbers.</param>
    /// <exception cref="ArgumentException">The numbers of images and predictions differ.</exception>
    public static PredictionsGrid Of(
        Tensor images, IEnumerable<Classification> predictions, int columns = 0, string title = "", IEnumerable<string>? classNames = null)
    {
        var all = predictions.ToArray();
        var known = all.All(static p => p.Truth is not null);
        return Of(
            (ImageBatch)images,
            all.Select(static p => p.Predicted).ToArray(),
            all.Select(static p => p.Confidence).ToArray(),
            known ? all.Select(static p => p.Truth!.Value).ToArray() : default(Numbers),
            columns,
            title,
            classNames);
    }

    /// <summary>How pixel values become shades.</summary>
    public PixelScaling Scaling { get; private init; }

    /// <summary>Writes the picture to a PNG file.</summary>
    /// <exception cref="ArgumentException">The path is that of a folder.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public void SavePng(string path) => OutputFile.Write(path, ToPng());

    /// <inheritdoc/>
    public byte[] ToPng() => painter.Paint(Scaling);

    /// <inheritdoc/>
    public string ToHtml() => GridSize.Html(ToPng(), painter, Title);

    /// <summary>A line for each image, the wrong ones crossed.</summary>
    public override string ToString()
    {
        var heading = $"{(Title.Length > 0 ? Title + ": " : "")}{GridSize.Text(Images, painter.Rows)}, {WrongCount} wrong";
        return string.Join("\n", Predictions.Select((p, i) => $"  {i,3}: {string.Join(", ", TileOf(p).Lines)}").Prepend(heading));
    }

    /// <summary>The upper left pixel of an image in the picture.</summary>
    internal (int X, int Y) PlaceOf(int image) => painter.PlaceOf(image);

    private Tile TileOf(Classification prediction)
    {
        var seen = $"{NameOf(prediction.Predicted)} · {NumberText.Percent(prediction.Confidence, 0)}";
        return prediction.IsWrong
            ? new Tile([$"✗ {seen}", $"true {NameOf(prediction.Truth!.Value)}"], Marked: true)
            : new Tile([seen]);
    }

    private string NameOf(int label) => label >= 0 && label < classNames.Length ? classNames[label] : NumberText.Whole(label);
}
