using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Training;

namespace DatasetDistillation;

/// <summary>
/// What the notebooks leave for one another: result rows, distilled sets and, in the full profile, checkpoints. Everything lies in
/// <c>data/saved/quick</c> or <c>data/saved/full</c> of the repository, so that the figures of the two profiles never mix.
/// </summary>
public static class Saved
{
    /// <summary>The folder of this profile. It need not exist.</summary>
    public static string Folder => Current.Folder;

    private static SavedFolder Current => new(Path.Combine(DataFolders.OfRepository, "saved", Profile.Name));

    /// <summary>
    /// Where a distillation keeps its checkpoint, for <see cref="DistillationDriver.Checkpoint"/>: a run that was stopped goes on from
    /// there, and one that was finished is not computed again.
    /// </summary>
    /// <param name="name">The run's name, such as "03-kip"; letters, digits, points, dashes and underscores.</param>
    /// <returns>A path; null in the quick profile, whose runs are too short to resume.</returns>
    public static string? Checkpoint(string name) => Profile.IsFull ? Current.Checkpoint(name) : null;

    /// <summary>Keeps a distilled set as <c>name.npz</c>, in place of an earlier one of that name.</summary>
    /// <param name="name">As of a checkpoint; beginning with the notebook's number, such as "03-kip".</param>
    /// <param name="set">The set; it stays the caller's.</param>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static void Write(string name, DistilledSet set) => Current.Write(name, set);

    /// <summary>Keeps a row, in place of one that measured the same (<see cref="ResultRow.Replaces"/>).</summary>
    /// <exception cref="ArgumentException">The row has no notebook, or its accuracy is not in [0, 1].</exception>
    /// <exception cref="InvalidDataException">The rows that the notebook wrote before are damaged.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static void Write(ResultRow row) => Current.Write(row);

    /// <summary>
    /// Keeps a measured accuracy as a row, in place of one of the same notebook, training set, read-out and number of images.
    /// </summary>
    /// <param name="notebook">The notebook that measured it, such as "02".</param>
    /// <param name="trainingSet">What was trained on, such as "KIP, FC6".</param>
    /// <param name="readOut">The classifier and how it learned, such as "digit CNN, soft labels".</param>
    /// <param name="images">How many images were trained on.</param>
    /// <param name="accuracy">On test images, in [0, 1], of one classifier or of several.</param>
    /// <param name="distilling">How long the set took to make; zero for real images.</param>
    /// <param name="training">How long one classifier took to learn.</param>
    /// <param name="data">The data set that the figure is about.</param>
    /// <inheritdoc cref="Write(ResultRow)" path="/exception"/>
    public static void Keep(
        string notebook, string trainingSet, string readOut, int images, Spread accuracy, TimeSpan distilling, TimeSpan training,
        ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(accuracy);
        ArgumentNullException.ThrowIfNull(data);
        Write(new ResultRow(
            notebook, trainingSet, readOut, images, distilling, training, accuracy.Mean, accuracy.StandardDeviation, data.Name));
    }

    /// <summary>All rows of this profile, by notebook and in the order in which each wrote them; none when nothing was saved.</summary>
    /// <exception cref="InvalidDataException">A file of rows is damaged; the message says which and how to renew it.</exception>
    public static IReadOnlyList<ResultRow> Rows() => Current.Rows();

    /// <summary>All distilled sets of this profile in the order of their names. The sets are the caller's.</summary>
    /// <exception cref="InvalidDataException">A file is no distilled set; the message says which.</exception>
    public static IReadOnlyList<(string Name, DistilledSet Set)> Sets() => Current.Sets();

    /// <summary>The names of the sets that come with the repository, in <c>data/distilled</c>, such as "mnist-10-convnet".</summary>
    public static IReadOnlyList<string> ShippedNames => OfRepository.Names();

    /// <summary>A set that comes with the repository, and how long it took to make. The set is the caller's.</summary>
    /// <param name="name">One of <see cref="ShippedNames"/>.</param>
    /// <exception cref="FileNotFoundException">There is none of that name; the message says what makes it.</exception>
    /// <exception cref="InvalidDataException">The set or its record is damaged.</exception>
    public static (DistilledSet Set, TimeSpan Distilling) Shipped(string name) => OfRepository.Shipped(name);

    private static SavedFolder OfRepository => new(Path.Combine(DataFolders.OfRepository, "distilled"));
}
