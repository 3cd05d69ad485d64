using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Models;

namespace DatasetDistillation.Distillation;

/// <summary>What must be equal for a run to be continued: the method with all its options, the seed, and every image and label.</summary>
internal static class RunIdentity
{
    /// <summary>In words and, of the data, a fingerprint.</summary>
    /// <exception cref="NotSupportedException">An option of the method cannot say what it is.</exception>
    public static string Of(IDistiller distiller, ImageDataset data, long seed) => string.Create(
        CultureInfo.InvariantCulture,
        $"{distiller.Name}; {distiller.Identity}; seed {seed}; " +
        $"{data.Count} images of {data.Name} ({Fingerprint.Of(data.Images, data.Labels)})");
}
