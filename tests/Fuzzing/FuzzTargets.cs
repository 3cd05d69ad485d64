using System.Globalization;
using System.Text;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DistillationProcess;
using SkiaSharp;
using static TorchSharp.torch;

namespace Fuzzing;

/// <summary>Every reader of files.</summary>
internal static class FuzzTargets
{
    private const int Classes = 3;

    private static readonly Dictionary<string, Func<FuzzTarget>> Targets = new()
    {
        ["npz"] = Npz,
        ["idx"] = Idx,
        ["usps"] = Usps,
        ["csv"] = Csv,
        ["images"] = ImageFolder,
        ["set"] = Set,
        ["checkpoint"] = Checkpoint,
    };

    public static IReadOnlyCollection<string> Names => Targets.Keys;

    public static FuzzTarget Create(string name)
    {
        _ = DatasetDistillation.Compute.Device; // the library loads libtorch, before TorchSharp is used directly
        return Targets[name]();
    }

    private static FuzzTarget Npz()
    {
        byte[] own = Written(path =>
        {
            using var data = new ImageDataset(
                rand([9, 3, 4, 5]),
                tensor(Enumerable.Range(0, 9).Select(static i => (long)i % Classes).ToArray()),
                "own",
                classNames: ["a", "b", "c"]);
            data.Save(path);
        });
        byte[] others = Written(static path => new Npz
        {
            ["images"] = NpyArray.From(Enumerable.Range(0, 9 * 7 * 6).Select(static i => (byte)i).ToArray(), 9, 7, 6),
            ["labels"] = NpyArray.From<byte>([0, 1, 2, 0, 1, 2, 0, 1, 2]),
        }.Save(path, compress: false));
        return new FuzzTarget("npz", [One("x.npz", own), One("x.npz", others)], static (_, file, random) => Mutations.Archive(file, random),
            static folder => ImageDataset.FromNpz(Path.Combine(folder, "x.npz")).Dispose());
    }

    private static FuzzTarget Idx()
    {
        byte[] images = [0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 6, 0, 0, 0, 5, .. Enumerable.Range(0, 9 * 30).Select(static i => (byte)i)];
        byte[] labels = [0, 0, 8, 1, 0, 0, 0, 9, 0, 1, 2, 0, 1, 2, 0, 1, 2];
        return new FuzzTarget(
            "idx",
            [
                new Dictionary<string, byte[]> { ["images"] = images, ["labels"] = labels },
                new Dictionary<string, byte[]> { ["images"] = Mutations.Gzipped(images), ["labels"] = Mutations.Gzipped(labels) },
            ],
            static (_, file, random) => file[0] == 0x1F ? Mutations.Gzip(file, random) : Mutations.Bytes(file, random),
            static folder => ImageDataset.FromIdx(Path.Combine(folder, "images"), Path.Combine(folder, "labels")).Dispose());
    }

    private static FuzzTarget Usps()
    {
        var dense = new StringBuilder();
        var sparse = new StringBuilder();
        for (int i = 0; i < 6; i++)
        {
            var grays = Enumerable.Range(0, 256)
                .Select(j => (((i + j) % 21 / 10.0) - 1).ToString("F4", CultureInfo.InvariantCulture));
            var numbered = Enumerable.Range(1, 256).Select(j => $"{j}:{((i + j) % 3) - 1}");
            dense.Append(CultureInfo.InvariantCulture, $"{i}.0000 {string.Join(' ', grays)} \n");
            sparse.Append(CultureInfo.InvariantCulture, $"{i + 1} {string.Join(' ', numbered)} \n");
        }
        byte[][] files = [.. ((StringBuilder[])[dense, sparse]).Select(static text => Encoding.ASCII.GetBytes(text.ToString()))];
        return new FuzzTarget(
            "usps",
            [.. files.SelectMany(static bytes => new[] { One("usps", bytes), One("usps", Mutations.Gzipped(bytes)) })],
            static (_, file, random) => file[0] == 0x1F ? Mutations.Gzip(file, random) : Mutations.Bytes(file, random),
            static folder => UspsReader.Read(Path.Combine(folder, "usps")));
    }

    private static FuzzTarget Csv()
    {
        string header = $"label,{string.Join(',', Enumerable.Range(0, 20).Select(static i => $"pixel{i}"))}\n";
        string lines = string.Concat(Enumerable.Range(0, 9).Select(
            static i => $"{i % Classes},{string.Join(',', Enumerable.Range(0, 20).Select(j => (i * j) % 256))}\n"));
        return new FuzzTarget(
            "csv",
            [One("train.csv", Encoding.ASCII.GetBytes(header + lines))],
            static (_, file, random) => Mutations.Bytes(file, random),
            static folder => ImageDataset.FromCsv(Path.Combine(folder, "train.csv"), 4, 5).Dispose());
    }

    private static FuzzTarget ImageFolder()
    {
        byte[] pixels = [.. Enumerable.Range(0, 12 * 10 * 4).Select(static i => (byte)(i * 7))];
        return new FuzzTarget(
            "images",
            [
                new Dictionary<string, byte[]>
                {
                    ["a/1.png"] = Png.Encode(12, 10, 1, pixels.AsSpan(0, 120)),
                    ["b/1.png"] = Png.Encode(12, 10, 3, pixels.AsSpan(0, 360))
                },
                new Dictionary<string, byte[]>
                {
                    ["a/1.png"] = Png.Encode(12, 10, 4, pixels),
                    ["b/1.png"] = Png.Encode(12, 10, 3, pixels.AsSpan(0, 360))
                },
                new Dictionary<string, byte[]> { ["a/1.png"] = Jpeg(), ["b/1.png"] = Png.Encode(12, 10, 3, pixels.AsSpan(0, 360)) },
            ],
            static (_, file, random) => file[0] == 0x89 ? Mutations.Png(file, random) : Mutations.Bytes(file, random),
            static folder => ImageDataset.FromFolder(folder, 5, 6).Dispose());
    }

    private static FuzzTarget Set()
    {
        byte[] own = Written(static path =>
        {
            using var set = new DistilledSet(
                rand([6, 3, 4, 5]), eye(Classes).repeat(2, 1), "own", new Standardization(0.5f, 0.25f), [0.5, 0.25, 0.1, 0.1], steps: 2);
            set.Save(path);
        });
        byte[] published = Written(static path => new Npz
        {
            ["images"] = NpyArray.From(new double[3 * 4 * 5], 3, 4, 5, 1),
            ["labels"] = NpyArray.From(new double[9], 3, 3),
        }.Save(path));
        return new FuzzTarget(
            "set",
            [One("set.npz", own), One("set.npz", published)],
            static (_, file, random) => Mutations.Archive(file, random),
            static folder => DistilledSet.Load(Path.Combine(folder, "set.npz")).Dispose());
    }

    private static FuzzTarget Checkpoint()
    {
        byte[] stopped = Written(static path =>
        {
            using var data = ToyDistiller.Data();
            ToyDistiller.Driver(6, path).Run(new ToyDistiller(), data).Dispose();
        });
        return new FuzzTarget(
            "checkpoint",
            [One("run.npz", stopped)],
            static (_, file, random) => Mutations.Archive(file, random),
            static folder =>
            {
                using var data = ToyDistiller.Data();
                ToyDistiller.Driver(8, Path.Combine(folder, "run.npz")).Run(new ToyDistiller(), data).Dispose();
            });
    }

    private static Dictionary<string, byte[]> One(string name, byte[] content) => new() { [name] = content };

    private static byte[] Written(Action<string> write)
    {
        string folder = Directory.CreateTempSubdirectory("distillation-fuzz-").FullName;
        try
        {
            using var scope = NewDisposeScope();
            manual_seed(1);
            string path = Path.Combine(folder, "file");
            write(path);
            return File.ReadAllBytes(path);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static byte[] Jpeg()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(12, 10, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int i = 0; i < 120; i++)
            bitmap.SetPixel(i % 12, i / 12, new SKColor((byte)(i * 2), (byte)(255 - i), (byte)(i * 31)));
        using var encoded = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return encoded.ToArray();
    }
}
