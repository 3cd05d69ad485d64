using System.Diagnostics;
using System.Reflection;
using DatasetDistillation.Tests.Data;
using Xunit;

namespace DatasetDistillation.Tests.Native;

/// <summary>What others do with the library: refer to it from a program in some other folder, or compile it without libtorch.</summary>
public sealed class ElsewhereTests : IDisposable
{
    internal const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            <AllowUnsafeBlocks>true</AllowUnsafeBlocks>
          </PropertyGroup>
          <ItemGroup>
            <ProjectReference Include="LIBRARY" />
          </ItemGroup>
        </Project>
        """;

    /// <summary>Prints a gradient, how things are set, how much memory a dropped tensor leaves, and which files are loaded.</summary>
    private const string Program = """
        using System.Runtime.InteropServices;
        using DatasetDistillation;
        using TorchSharp;

        Console.WriteLine(Compute.Describe());
        var x = torch.ones(3, requires_grad: true);
        (x * x).sum().backward();
        Console.WriteLine($"gradient {x.grad!.sum().item<float>()}");
        Console.WriteLine($"threads {Compute.Threads} {torch.get_num_threads()}");
        if (!OperatingSystem.IsLinux())
            return;
        Console.WriteLine($"policy {Marshal.PtrToStringUTF8(C.GetVariable("OMP_WAIT_POLICY"))}");
        var before = Environment.WorkingSet;
        torch.ones(100_000_000).Dispose();
        Console.WriteLine($"kept {(Environment.WorkingSet - before) >> 20}");
        foreach (var line in File.ReadLines("/proc/self/maps").Where(line => line.Contains("torch") || line.Contains("libc10")))
            Console.WriteLine($"loaded {line[line.IndexOf('/')..]}");

        static class C
        {
            [DllImport("libc", EntryPoint = "getenv")]
            public static extern nint GetVariable(string name);
        }
        """;

    internal static readonly ILookup<string, string?> Build =
        typeof(ElsewhereTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().ToLookup(data => data.Key, data => data.Value);

    internal static readonly string Library =
        Path.Combine(Build["RepositoryRoot"].First()!, "lib", "DatasetDistillation", "DatasetDistillation.csproj");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_program_in_another_folder_refers_to_the_library_and_runs()
    {
        folder.Write("some program/Program.cs", Program);
        var project = folder.Write("some program/Elsewhere.csproj", Project.Replace("LIBRARY", Library, StringComparison.Ordinal));
        DotNet("build", project, $"-p:Torch={Build["Torch"].First()}");
        var output = folder[$"some program/bin/{Build["Configuration"].First()}/net10.0"];

        var copied = Directory.GetFiles(output, "*", SearchOption.AllDirectories).Select(file => Path.GetFileName(file));
        Assert.Contains("TorchSharp.dll", copied);
        Assert.DoesNotContain(copied, file => file.Contains("torch_cpu") || file.Contains("LibTorch"));

        var lines = Run(output, []);
        Assert.StartsWith("TorchSharp ", lines[0], StringComparison.Ordinal);
        Assert.Contains("gradient 6", lines);
        Assert.Contains($"threads {Environment.ProcessorCount} 1", lines);
        if (!OperatingSystem.IsLinux())
            return;

        Assert.Contains("policy PASSIVE", lines);
        Assert.InRange(Kept(lines), 300, 500);
        OnlyOursAreLoaded(lines);
        lines = Run(output, new() { ["OMP_WAIT_POLICY"] = "ACTIVE", ["OMP_NUM_THREADS"] = "3", ["MALLOC_MMAP_THRESHOLD_"] = "131072" });
        Assert.Contains("policy ACTIVE", lines);
        Assert.Contains("threads 3 1", lines);
        Assert.InRange(Kept(lines), -100, 100);
        lines = Run(output, new() { ["DISTILLATION_FUSED"] = "0" });
        Assert.Contains("policy ", lines);
        Assert.Contains($"threads {Environment.ProcessorCount} {Environment.ProcessorCount}", lines);

        foreach (var name in new[] { "libc10.so", "libtorch.so", "libtorch_cpu.so", "libLibTorchSharp.so" })
            folder.Write($"another libtorch/{name}", "no library");
        OnlyOursAreLoaded(Run(output, new() { ["LD_LIBRARY_PATH"] = folder["another libtorch"] }));
    }

    [Fact]
    public void The_library_compiles_against_TorchSharp_alone()
    {
        // What a build for CUDA compiles, whose native packages are several gigabytes and not served everywhere.
        DotNet("build", Library, "-p:Torch=none", "-p:RunAnalyzers=false");
        var output = Path.Combine(Path.GetDirectoryName(Library)!, "bin", "none");
        Assert.Empty(Directory.GetFiles(output, "*torch_cpu*", SearchOption.AllDirectories));
        Assert.NotEmpty(Directory.GetFiles(output, "DatasetDistillation.dll", SearchOption.AllDirectories));
    }

    private static long Kept(string[] lines) =>
        long.Parse(lines.Single(line => line.StartsWith("kept ", StringComparison.Ordinal))[5..], null);

    private static void OnlyOursAreLoaded(string[] lines)
    {
        var folders = lines
            .Where(line => line.StartsWith("loaded ", StringComparison.Ordinal) && line.Contains(".so", StringComparison.Ordinal))
            .Select(line => Path.GetDirectoryName(line[7..])).Distinct();
        Assert.StartsWith(Path.GetDirectoryName(Library)!, Assert.Single(folders), StringComparison.Ordinal);
    }

    internal static void DotNet(params string[] arguments)
    {
        string[] asHere = ["-c", Build["Configuration"].First()!, $"-p:TorchSharpVersion={Build["TorchSharpVersion"].First()}"];
        Start("dotnet", [.. arguments, .. asHere, "-p:UseSharedCompilation=false", "-nodeReuse:false"], []);
    }

    private static string[] Run(string output, Dictionary<string, string> variables) =>
        Start("dotnet", [Path.Combine(output, "Elsewhere.dll")], variables);

    internal static string[] Start(string program, string[] arguments, Dictionary<string, string> variables, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        foreach (var name in start.Environment.Keys.Where(IsOfTheTestRun).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(
            process.ExitCode == 0,
            $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}\n{errors.Result}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>What the SDK tells the tests about itself, which another build finds out anew, and settings that the test makes.</summary>
    private static bool IsOfTheTestRun(string name) =>
        name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase) || name.StartsWith("OMP_", StringComparison.Ordinal)
        || name.StartsWith("MALLOC_", StringComparison.Ordinal) || name is "DISTILLATION_FUSED" or "LD_LIBRARY_PATH" or "GLIBC_TUNABLES";
}
