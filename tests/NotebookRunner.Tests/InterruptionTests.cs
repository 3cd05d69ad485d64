using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using NotebookRunner.Tests.Support;
using Xunit;

namespace NotebookRunner.Tests;

public sealed partial class InterruptionTests : IDisposable
{
    private const int Interrupt = 2;
    private const int Kill = 9;
    private readonly NotebookFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void Ctrl_C_stops_the_cell_and_leaves_a_valid_file()
    {
        Skip.If(OperatingSystem.IsWindows());
        Skip.If(InterruptIsIgnored(), "SIGINT is ignored by this process, as a shell in the background has it, and by what it starts.");
        using var runner = StartEndlessNotebook(out var kernel);
        Assert.Equal(0, SendSignal(runner.Id, Interrupt));
        Assert.True(runner.WaitForExit(TimeSpan.FromSeconds(60)));
        Assert.Equal(2, runner.ExitCode);

        var notebook = _folder.Executed("a.ipynb");
        Assert.Equal("interrupted", notebook.Status);
        Assert.Equal(["result:1"], notebook.Summary(0));
        Assert.Equal("error:Interrupted", notebook.Summary(1)[^1]);
        Assert.Empty(notebook.Outputs(2));
        Assert.True(File.Exists(_folder.Path("out", "a.html")));
        AssertEnds(kernel);
    }

    [SkippableFact]
    public void A_killed_runner_leaves_a_valid_file_with_the_cells_before_and_no_process()
    {
        Skip.If(OperatingSystem.IsWindows());
        using var runner = StartEndlessNotebook(out var kernel);
        Assert.Equal(0, SendSignal(runner.Id, Kill));
        Assert.True(runner.WaitForExit(TimeSpan.FromSeconds(60)));

        var notebook = _folder.Executed("a.ipynb");
        Assert.Equal("running", notebook.Status);
        Assert.Equal(["result:1"], notebook.Summary(0));
        AssertEnds(kernel);

        _folder.Write("a.ipynb", "2");
        Assert.Equal(0, _folder.Run("a.ipynb").ExitCode);
        Assert.Equal("succeeded", _folder.Executed("a.ipynb").Status);
    }

    [SkippableFact]
    public void Whenever_the_runner_is_killed_the_file_is_whole()
    {
        Skip.If(OperatingSystem.IsWindows());
        var kills = int.Parse(Environment.GetEnvironmentVariable("RUNNER_KILLS") ?? "8", CultureInfo.InvariantCulture);
        var random = new Random(1);
        const string Cell = "for (var i = 0; i < 20; i++) { display(new string('x', 200_000)); System.Threading.Thread.Sleep(5); }";
        _folder.Write("a.ipynb", [.. Enumerable.Repeat(Cell, 30)]);
        for (var i = 0; i < kills; i++)
        {
            using var runner = _folder.Start("a.ipynb", "--no-html");
            _ = runner.StandardOutput.ReadToEndAsync();
            Thread.Sleep(random.Next(1000, 6000));
            Assert.Equal(0, SendSignal(runner.Id, Kill));
            runner.WaitForExit();
            if (File.Exists(_folder.Path("out", "a.ipynb")))
                Assert.Equal("running", _folder.Executed("a.ipynb").Status);
        }
        Assert.True(File.Exists(_folder.Path("out", "a.ipynb")));
    }

    [SkippableTheory]
    [InlineData("1", 0, "result:1")]
    [InlineData("System.Diagnostics.Process.GetCurrentProcess().Kill(); await Task.Delay(60_000);", 2, "error:ProcessEnded")]
    public void A_process_that_a_cell_leaves_behind_does_not_hold_the_run(string code, int exitCode, string output)
    {
        Skip.If(OperatingSystem.IsWindows());
        const string Leave = "System.Diagnostics.Process.Start(\"bash\", \"-c \\\"sleep 300 & echo $! > left\\\"\").WaitForExit();";
        _folder.Write("a.ipynb", Leave + code);
        using var runner = _folder.Start("a.ipynb");
        _ = runner.StandardOutput.ReadToEndAsync();
        var ended = runner.WaitForExit(TimeSpan.FromSeconds(100));
        Assert.Equal(0, SendSignal(int.Parse(File.ReadAllText(_folder.Path("left")), CultureInfo.InvariantCulture), Kill));
        Assert.True(ended);
        Assert.Equal(exitCode, runner.ExitCode);
        Assert.Equal(output, _folder.Executed("a.ipynb").Summary(0)[^1]);
    }

    [Fact]
    public async Task What_a_long_cell_shows_is_in_the_file_while_it_runs()
    {
        _folder.Write("a.ipynb", """
            Console.WriteLine("early");
            for (var i = 0; i < 600 && !System.IO.File.Exists("seen"); i++) System.Threading.Thread.Sleep(100);
            System.IO.File.Exists("seen")
            """);
        using var runner = _folder.Start("a.ipynb");
        var output = runner.StandardOutput.ReadToEndAsync();
        WaitUntil(() => File.Exists(_folder.Path("out", "a.ipynb")) && _folder.Executed("a.ipynb").Summary(0).Contains("stdout:early\n"));
        _folder.WriteText("seen", "");
        await runner.WaitForExitAsync();
        Assert.Equal(["stdout:early\n", "result:True"], _folder.Executed("a.ipynb").Summary(0));
        Assert.Contains("succeeded", await output, StringComparison.Ordinal);
    }

    private Process StartEndlessNotebook(out Process kernel)
    {
        _folder.Write("a.ipynb", "1", "System.IO.File.WriteAllText(\"kernel\", Environment.ProcessId.ToString()); while (true) { }", "3");
        var runner = _folder.Start("a.ipynb");
        _ = runner.StandardOutput.ReadToEndAsync();
        var id = 0;
        var file = _folder.Path("kernel");
        WaitUntil(() => File.Exists(file) && int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out id));
        kernel = Process.GetProcessById(id);
        return runner;
    }

    private static void AssertEnds(Process kernel)
    {
        using (kernel)
            Assert.True(kernel.WaitForExit(TimeSpan.FromSeconds(60)));
    }

    private static void WaitUntil(Func<bool> condition)
    {
        for (var i = 0; i < 1200 && !condition(); i++)
            Thread.Sleep(50);
        Assert.True(condition());
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);

    private static bool InterruptIsIgnored()
    {
        const string Status = "/proc/self/status", Ignored = "SigIgn:";
        return File.Exists(Status)
            && File.ReadLines(Status).FirstOrDefault(static line => line.StartsWith(Ignored, StringComparison.Ordinal)) is { } line
            && (Convert.ToUInt64(line[Ignored.Length..].Trim(), 16) >> (Interrupt - 1) & 1) == 1;
    }
}
