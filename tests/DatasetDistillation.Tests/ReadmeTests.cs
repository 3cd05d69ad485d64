using System.Diagnostics;
using System.Text.RegularExpressions;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Kernels;
using DatasetDistillation.Tests.Data;
using DatasetDistillation.Tests.Distillation;
using DatasetDistillation.Tests.Native;
using Xunit;

namespace DatasetDistillation.Tests;

/// <summary>The programs of the README's section "Your own images", taken out of it and run as they are printed.</summary>
public sealed class ReadmeTests : IDisposable
{
    private const string NumPyAlone = "import numpy", WithTorch = "import numpy, torch";

    /// <summary>Judges the model of a program on the images that its set was distilled from.</summary>
    private const string Judge = """

        source = np.load("source.npz")
        names = lambda classes: classes if isinstance(classes, np.ndarray) else source["class_names"][classes.numpy()]
        images = source["images"] if "torch" not in globals() else torch.tensor(source["images"])
        print("accuracy", (names(predict(images)) == source["class_names"][source["labels"]]).mean())
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Ten_lines_go_from_a_folder_to_a_set_that_is_saved_and_judged()
    {
        WritePhotos("photos", classes: 3, perClass: 20);
        string code = Blocks("csharp").Single(static block => block.Contains("FromFolder", StringComparison.Ordinal));
        Assert.Equal(10, code.Split('\n').Count(static line => line.Length > 0 && !line.StartsWith("using ", StringComparison.Ordinal)));
        Assert.Contains("Steps = 500", code, StringComparison.Ordinal);
        folder.Write("mine/Program.cs", code.Replace("Steps = 500", "Steps = 30", StringComparison.Ordinal));
        var project = folder.Write(
            "mine/mine.csproj", ElsewhereTests.Project.Replace("LIBRARY", ElsewhereTests.Library, StringComparison.Ordinal));
        ElsewhereTests.DotNet("build", project, $"-p:Torch={ElsewhereTests.Build["Torch"].First()}");
        string program = folder[$"mine/bin/{ElsewhereTests.Build["Configuration"].First()}/net10.0/mine.dll"];
        string[] lines = ElsewhereTests.Start("dotnet", [program], [], folder.Path);

        var said = Regex.Match(lines[^1], @"^3 images teach new networks to name (\d+)\s?% of 12 photos$");
        Assert.True(said.Success, lines[^1]);
        Assert.InRange(int.Parse(said.Groups[1].Value, null), 67, 100);
        using var set = DistilledSet.Load(folder["distilled.npz"]);
        Assert.Equal(["wave 0", "wave 1", "wave 2"], set.ClassNames);
        Assert.Equal([3, 3, 32, 32], set.Images.shape);
        Assert.Equal(3, Directory.GetFiles(folder["distilled"], "*.png", SearchOption.AllDirectories).Length);
        Assert.True(File.Exists(folder["distilled/distilled.json"]));
    }

    [Fact]
    public void The_files_that_a_notebook_refers_to_are_there()
    {
        string[] files = Blocks("csharp")
            .SelectMany(static block => Regex.Matches(block, "^#r \"(.+)\"$", RegexOptions.Multiline))
            .Select(static match => match.Groups[1].Value)
            .ToArray();
        Assert.Equal(2, files.Length);
        var repository = ElsewhereTests.Build["RepositoryRoot"].First();
        Assert.All(files, file => Assert.True(File.Exists(file.Replace("REPOSITORY", repository, StringComparison.Ordinal)), file));
    }

    [SkippableTheory]
    [InlineData(NumPyAlone, false)]
    [InlineData(NumPyAlone, true)]
    [InlineData(WithTorch, false)]
    [InlineData(WithTorch, true)]
    public void Python_learns_from_a_saved_set_what_the_real_images_say(string imports, bool inColor)
    {
        string? python = Python(imports);
        Skip.If(python is null, $"There is no python3 with what '{imports}' needs: Debian's python3-numpy and python3-torch.");
        string program = Blocks("python").Single(block => block.Contains("torch", StringComparison.Ordinal) == (imports == WithTorch));
        using var source = inColor ? Patterns.Create(3, 16, 12, classes: 5, perClass: 40) : SyntheticDigits.Create(1000);
        source.Save(folder["source.npz"]);
        using var real = source.Standardize();
        using var run = new DistillationDriver { Steps = 100 }
            .Run(new KernelInducingPoints { Kernel = new FullyConnectedKernel(2), BatchSize = 200 }, real);
        run.Set.Save(folder["distilled.npz"]);

        string script = folder.Write("readme.py", program + Judge);
        string[] lines = ElsewhereTests.Start(python, [script], [], folder.Path);
        Assert.InRange(double.Parse(lines[^1].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), inColor ? 0.9 : 0.6, 1);
    }

    /// <summary>The programs in a language in the section.</summary>
    private static IEnumerable<string> Blocks(string language)
    {
        string readme = File.ReadAllText(Path.Combine(ElsewhereTests.Build["RepositoryRoot"].First()!, "README.md"));
        int begin = readme.IndexOf("\n## Your own images\n", StringComparison.Ordinal);
        int end = readme.IndexOf("\n## ", begin + 1, StringComparison.Ordinal);
        return Regex.Matches(readme[begin..end], $"^```{language}\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)
            .Select(static match => match.Groups[1].Value);
    }

    /// <summary>The first python3 on the path that can import something; null where there is none.</summary>
    private static string? Python(string imports) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(static folder => Path.Combine(folder, "python3"))
            .Where(File.Exists)
            .FirstOrDefault(file =>
            {
                using var process = Process.Start(new ProcessStartInfo(file, ["-c", imports]) { RedirectStandardError = true })!;
                process.StandardError.ReadToEnd();
                process.WaitForExit();
                return process.ExitCode == 0;
            });

    /// <summary>Writes images in color as PNGs, larger than wanted and not square.</summary>
    private void WritePhotos(string name, int classes, int perClass)
    {
        const int Height = 40, Width = 48;
        using var data = Patterns.Create(3, Height, Width, classes, perClass);
        using var scope = TorchSharp.torch.NewDisposeScope();
        byte[] bytes = Array.ConvertAll(
            data.Images.permute(0, 2, 3, 1).contiguous().data<float>().ToArray(), static value => (byte)MathF.Round(255 * value));
        foreach (var (i, label) in data.LabelValues().Index())
            folder.Write(
                $"{name}/{data.ClassNames[(int)label]}/{i}.png",
                Png.Encode(Width, Height, 3, bytes.AsSpan(i * 3 * Height * Width, 3 * Height * Width)));
    }
}
