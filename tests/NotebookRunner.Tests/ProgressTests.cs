using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;
using NotebookRunner.Execution;
using NotebookRunner.Progress;
using Spectre.Console;
using Xunit;

namespace NotebookRunner.Tests;

public sealed class ProgressTests
{
    private const string Bar =
        "████████████░░░░░░░░░░░░░░░░░░  40 %  1 min 05 s elapsed, about 1 h 06 min left  feature regression, outer loss";

    private static readonly SubmitCode s_cell = new("");

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void A_terminal_shows_the_step_and_its_bar_within_its_width(int width)
    {
        var progress = new RunProgress(AnsiConsole.Console);
        progress.CellStarted(3, "A heading that is so long that no terminal has room for it beside the time, whatever one does");
        progress.Output(Display(("text/html", "<div>bar</div>"), ("text/plain", Bar)));
        var lines = progress.StatusLines(width).ToList();
        Assert.Equal(2, lines.Count);
        Assert.StartsWith("  ▸ [3/0] A heading that is so long", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("0.0 s", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("    ████████████░░░░░░░░░░░░░░░░░░  40 %  1 min 05 s elapsed", lines[1], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.InRange(line.Length, 60, width - 1));
    }

    [Fact]
    public void An_update_takes_the_place_of_the_words_before_and_a_picture_says_nothing()
    {
        var progress = new RunProgress(AnsiConsole.Console);
        progress.CellStarted(1, "Training");
        progress.Output(Display(("text/plain", "10 %")));
        progress.Output(new DisplayedValueUpdated(null, "id", s_cell, [new FormattedValue("text/plain", "20 %")]));
        progress.Output(Display(("image/png", "AQID"), ("text/plain", "ten images")));
        progress.Output(Display(("text/html", "<table>"), ("text/plain", "a table\nof two lines")));
        progress.Output(new ReturnValueProduced(null, s_cell, [new FormattedValue("text/plain", "a result")]));
        Assert.Equal("    20 %", progress.StatusLines(80).Last());
        progress.CellStarted(2, "The next step");
        Assert.Equal("  ▸ [2/0] The next step 0.0 s", Assert.Single(progress.StatusLines(80)));
    }

    [Fact]
    public void Words_are_shown_without_what_a_terminal_would_obey()
    {
        const string Written = "first\n\u001b[2J\u001b[31m50 % done\u001b[0m\b\u0007\r\n";
        var text = new StandardOutputValueProduced(s_cell, [new FormattedValue("text/plain", Written)]);
        Assert.Equal("50 % done", ProgressText.LastLine(text));
        Assert.Equal("ab…", ProgressText.Shorten("ab\ud83d\ude00cd", 4));
        Assert.Equal("ab\ud83d\ude00…", ProgressText.Shorten("ab\ud83d\ude00cd", 5));
        Assert.Equal("abcd", ProgressText.Shorten("abcd", 4));
    }

    [Fact]
    public void Titles_and_errors_with_brackets_are_text()
    {
        using var written = new StringWriter();
        var settings = new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(written) };
        var progress = new RunProgress(AnsiConsole.Create(settings));
        progress.CellStarted(1, "The [red] image");
        progress.CellEnded(RunStatus.Failed, TimeSpan.FromSeconds(75), "a[0] is\n[bold] wrong");
        const string Expected = "  ✗ [1/0] The [red] image 1 min 15 s FAILED\n      a[0] is\n      [bold] wrong\n";
        Assert.Equal(Expected, written.ToString().ReplaceLineEndings("\n"));
    }

    private static DisplayedValueProduced Display(params (string Type, string Text)[] values) =>
        new(null, s_cell, [.. values.Select(value => new FormattedValue(value.Type, value.Text))], "id");
}
