using DatasetDistillation.Data;

namespace Benchmarks;

/// <summary>The data of the benchmarks: MNIST, and never a download or a substitute, which would be another measurement.</summary>
/// <param name="folder">The folder with MNIST; null: where the library looks.</param>
internal sealed class Inputs(string? folder)
{
    public const string FolderDescription = "The folder with MNIST; left out, the one that DISTILLATION_DATA names.";

    private DataOptions Options => new()
    {
        Folders = folder is null ? null : [folder],
        AllowDownload = false,
        Notice = static text => throw new FileNotFoundException(text + " Pass --data DIR, or set DISTILLATION_DATA."),
    };

    /// <summary>The 60,000 training images in [0, 1].</summary>
    public ImageDataset Train() => Digits.Load(Options);

    /// <summary>The 10,000 test images in [0, 1].</summary>
    public ImageDataset Test() => Digits.LoadTest(Options);

    /// <summary>The training images, standardized.</summary>
    public ImageDataset Standardized()
    {
        using var images = Train();
        return images.Standardize();
    }
}
