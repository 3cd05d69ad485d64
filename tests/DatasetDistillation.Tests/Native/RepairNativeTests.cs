using System.Collections;
using System.Diagnostics;
using DatasetDistillation.Build;
using DatasetDistillation.Tests.Data;
using Microsoft.Build.Framework;
using Xunit;

namespace DatasetDistillation.Tests.Native;

public class RepairNativeTests
{
    private const string Cpp = "libstdc++.so.6", Old = "GLIBCXX_3.4.30", New = "GLIBCXX_3.4.32";

    private static readonly byte[] OldCpp = new ElfImage().Defines("GLIBCXX_3.4").Defines(Old).ToArray();
    private static readonly byte[] NewCpp = new ElfImage().Defines("GLIBCXX_3.4").Defines(Old).Defines(New).ToArray();

    private static ElfImage Library() => new ElfImage().Needs("libm.so.6", "GLIBC_2.2.5").Needs(Cpp, Old).Needs(Cpp, New).Uses(Old);

    [Fact]
    public void A_version_that_the_system_lacks_and_nothing_uses_is_marked_as_weak_and_no_other_byte_changes()
    {
        var file = Library().ToArray();
        var (content, message) = RepairNative.Repaired(file, "libx.so", OldCpp);

        Assert.Equal([false, false, true], new ElfFile(content).NeededVersions().Select(need => need.IsWeak));
        Assert.Single(file.Zip(content), pair => pair.First != pair.Second);
        Assert.StartsWith($"libx.so asks for {New}, which this system's {Cpp} lacks", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message!);
        Assert.Equal((content, null), RepairNative.Repaired(content, "libx.so", OldCpp));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(23)]
    public void A_version_in_use_is_left_alone(long table)
    {
        var file = Library().Uses(New, table).ToArray();
        var (content, message) = RepairNative.Repaired(file, "libx.so", OldCpp);
        Assert.Same(file, content);
        Assert.Contains($"{New} is in use", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_said_where_nothing_is_missing()
    {
        var file = Library().ToArray();
        Assert.Equal((file, null), RepairNative.Repaired(file, "libx.so", NewCpp));
        var older = new ElfImage().Needs(Cpp, Old).Needs("libother.so", "OTHER_9").ToArray();
        Assert.Equal((older, null), RepairNative.Repaired(older, "libx.so", OldCpp));
        var none = new ElfImage().ToArray();
        Assert.Equal((none, null), RepairNative.Repaired(none, "libx.so", OldCpp));
    }

    [Fact]
    public void Another_kind_of_file_is_left_alone_with_a_sentence()
    {
        var (narrow, big) = (Library().ToArray(), Library().ToArray());
        narrow[4] = 1;
        big[5] = 2;
        foreach (var file in new[] { [], "plain text"u8.ToArray(), new byte[200], narrow, big })
        {
            var (content, message) = RepairNative.Repaired(file, "libx.so", OldCpp);
            Assert.Same(file, content);
            Assert.StartsWith("libx.so stays as it is: it is no ", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_that_was_cut_off_anywhere_is_left_alone()
    {
        var whole = Library().Uses(New, 23).ToArray();
        for (int length = 0; length < whole.Length - 16; length++) // the last entry says only that there are no more
        {
            var file = whole[..length];
            var (content, message) = RepairNative.Repaired(file, "libx.so", OldCpp);
            Assert.Same(file, content);
            Assert.StartsWith("libx.so stays as it is: ", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_with_any_damage_is_read_to_an_end()
    {
        var whole = Library().ToArray();
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < whole.Length; i++)
            foreach (byte value in new byte[] { 0, 0x7f, 0xff })
            {
                var file = (byte[])whole.Clone();
                file[i] = value;
                Assert.Equal(file.Length, RepairNative.Repaired(file, "libx.so", OldCpp).Content.Length);
            }
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
    }

    [SkippableFact]
    public void The_task_writes_a_new_file_once_and_says_so_once()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The task is for Linux.");
        using var folder = new TemporaryFolder();
        var (source, copy) = (folder["libx.so"], folder["out/libx.so"]);
        File.WriteAllBytes(source, new ElfImage().Needs(Cpp, "GLIBCXX_9.9.9").ToArray());
        var original = File.ReadAllBytes(source);
        var engine = new Engine();
        var task = new RepairNative { BuildEngine = engine, Source = source, Destination = copy };

        Assert.True(task.Execute());
        Assert.Contains("GLIBCXX_9.9.9", Assert.Single(engine.Messages), StringComparison.Ordinal);
        Assert.True(new ElfFile(File.ReadAllBytes(copy)).NeededVersions()[0].IsWeak);
        var written = File.GetLastWriteTimeUtc(copy);
        using var loaded = File.OpenRead(copy);
        Assert.True(task.Execute());
        Assert.Single(engine.Messages);
        Assert.Equal(written, File.GetLastWriteTimeUtc(copy));

        task.IsRepairWanted = false;
        Assert.True(task.Execute());
        Assert.Equal(original, File.ReadAllBytes(copy));
        Assert.NotEqual(original[..(int)loaded.Length], ReadAll(loaded)); // who has the old file still has it
        Assert.Equal(original, File.ReadAllBytes(source));
        Assert.Equal(["libx.so"], Directory.GetFiles(Path.GetDirectoryName(copy)!).Select(Path.GetFileName));
    }

    [Fact]
    public void A_source_that_is_not_there_is_an_error_with_its_path()
    {
        using var folder = new TemporaryFolder();
        var engine = new Engine();
        Assert.False(new RepairNative { BuildEngine = engine, Source = folder["none.so"], Destination = folder["copy.so"] }.Execute());
        Assert.Contains("none.so", Assert.Single(engine.Errors), StringComparison.Ordinal);
    }

    private static byte[] ReadAll(FileStream file)
    {
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private sealed class Engine : IBuildEngine
    {
        public List<string> Messages { get; } = [];

        public List<string> Errors { get; } = [];

        public bool ContinueOnError => false;

        public int LineNumberOfTaskNode => 0;

        public int ColumnNumberOfTaskNode => 0;

        public string ProjectFileOfTaskNode => "";

        public bool BuildProjectFile(string projectFileName, string[] targetNames, IDictionary properties, IDictionary outputs) => false;

        public void LogCustomEvent(CustomBuildEventArgs e) { }

        public void LogErrorEvent(BuildErrorEventArgs e) => Errors.Add(e.Message!);

        public void LogMessageEvent(BuildMessageEventArgs e) => Messages.Add(e.Message!);

        public void LogWarningEvent(BuildWarningEventArgs e) { }
    }
}
