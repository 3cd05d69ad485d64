using System.Runtime.InteropServices;
using DatasetDistillation.Native;
using DatasetDistillation.Tests.Data;
using Xunit;

namespace DatasetDistillation.Tests.Native;

public class NativeLibrariesTests
{
    private static readonly string Bridge = OperatingSystem.IsWindows() ? "LibTorchSharp.dll"
        : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so";

    [Fact]
    public void This_program_has_no_native_files_of_its_own()
    {
        Assert.Null(NativeLibraries.Failure);
        Assert.False(File.Exists(Path.Combine(AppContext.BaseDirectory, Bridge)));
        Assert.False(Directory.Exists(Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier)));
    }

    [Fact]
    public void The_repository_that_the_program_lies_in_comes_before_the_one_it_was_built_in()
    {
        using var folder = new TemporaryFolder();
        var (own, natives) = (folder["copy/tests/x/bin"], Path.Combine("lib", "y", "bin"));
        var built = folder["original/lib/y/bin"];

        var folders = NativeLibraries.Folders(own, built, natives).ToList();

        Assert.InRange(folders.IndexOf(folder[Path.Combine("copy", natives)]), 0, folders.IndexOf(built) - 1);
        Assert.InRange(folders.IndexOf(own), folders.IndexOf(built), folders.Count);
    }

    [Fact]
    public void Where_there_are_no_native_files_the_message_names_the_places_and_the_command()
    {
        using var folder = new TemporaryFolder();
        var failure = NativeLibraries.LoadFrom([folder.Path, folder["none"]], []).Failure!;
        Assert.Contains($"'{Bridge}'", failure, StringComparison.Ordinal);
        Assert.Contains($"'{folder.Path}'", failure, StringComparison.Ordinal);
        Assert.Contains("dotnet build -c Release", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_a_native_file_is_missing_the_message_names_it()
    {
        using var folder = new TemporaryFolder();
        folder.Write(Bridge, "no library");
        var outcome = NativeLibraries.LoadFrom([folder["none"], folder.Path], []);
        var missing = Bridge.Replace("LibTorchSharp", "torch_cpu", StringComparison.Ordinal);
        Assert.Contains($"no '{missing}' in '{folder.Path}'", outcome.Failure, StringComparison.Ordinal);
        Assert.Contains("-p:Torch=cuda", outcome.WhyNotCuda, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Where_a_native_file_does_not_load_the_message_has_the_words_of_the_systems_loader()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The words are those of Linux.");
        using var folder = new TemporaryFolder();
        folder.Write(Bridge, "no library");
        folder.Write("libtorch_cpu.so", "no library");
        folder.Write("libtorch_cuda.so", "no library");
        var outcome = NativeLibraries.LoadFrom([folder.Path], []);
        Assert.Contains(
            $"'libtorch_cpu.so' in '{folder.Path}' does not load: {folder["libtorch_cpu.so"]}: file too short. 'ldd'",
            outcome.Failure, StringComparison.Ordinal);
        Assert.Contains("libtorch_cuda.so: file too short", outcome.WhyNotCuda, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Another_libtorch_in_the_process_is_told()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux tells what is loaded.");
        string[] ours = ["/ours/libc10.so", "/ours/libtorch_cpu.so", "/usr/lib/libm.so.6", "/usr/lib64/libm.so.6"];
        Assert.Null(NativeLibraries.OtherTorch(ours, "/ours/libLibTorchSharp.so"));
        var failure = NativeLibraries.OtherTorch([.. ours, "/theirs/libc10.so"], "/ours/libLibTorchSharp.so");
        Assert.Contains("'/theirs/libc10.so'", failure, StringComparison.Ordinal);
    }
}
