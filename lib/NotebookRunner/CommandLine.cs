using System.CommandLine;
using System.Globalization;
using NotebookRunner.Execution;
using NotebookRunner.Progress;
using Spectre.Console;

namespace NotebookRunner;

/// <summary>The runner's command line.</summary>
internal static class CommandLine
{
    private const int UnbrokenLine = 4000;

    public static RootCommand Create()
    {
        var notebooks = new Argument<string[]>("notebooks")
        {
            Description = "Paths of notebooks, or names or numbers such as 01. Without any: every notebook of the repository, in order.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var output = new Option<string?>("--output") { Description = "The folder for executed notebooks and pages.", HelpName = "DIR" };
        var keepGoing = new Option<bool>("--keep-going") { Description = "Go on after a cell or a notebook that failed." };
        var input = new Option<string[]>("--input") { Description = "Answer an input; repeatable.", HelpName = "NAME=VALUE" };
        var profile = new Option<string>("--profile") { Description = "How much work is done.", DefaultValueFactory = _ => "quick" };
        var cellTimeout = new Option<string?>("--cell-timeout") { Description = "Stop a cell that runs longer.", HelpName = "SECONDS" };
        var inPlace = new Option<bool>("--in-place") { Description = "Also write each notebook that succeeded back over its source." };
        var noHtml = new Option<bool>("--no-html") { Description = "Write no HTML pages." };
        profile.AcceptOnlyFromAmong("quick", "full");
        input.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(t => t.Value.IndexOf('=', StringComparison.Ordinal) <= 0))
                result.AddError($"--input {token.Value}: expected NAME=VALUE.");
        });
        cellTimeout.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(t => Seconds(t.Value) is null))
                result.AddError($"--cell-timeout {token.Value}: expected a number of seconds above zero.");
        });
        notebooks.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(t => t.Value.StartsWith('-')))
                result.AddError($"There is no option {token.Value}; --help lists them.");
        });

        var command = new RootCommand("Executes C# notebooks. Exit code: 0 success, 1 nothing was run, 2 a cell failed.")
        {
            notebooks, output, keepGoing, input, profile, cellTimeout, inPlace, noHtml,
        };
        command.SetAction((arguments, _) => RunAsync(new RunRequest
        {
            Notebooks = arguments.GetValue(notebooks) ?? [],
            OutputFolder = arguments.GetValue(output),
            InPlace = arguments.GetValue(inPlace),
            WritePages = !arguments.GetValue(noHtml),
            Execution = new ExecutionOptions
            {
                KeepGoing = arguments.GetValue(keepGoing),
                Profile = arguments.GetValue(profile)!,
                CellTimeout = Seconds(arguments.GetValue(cellTimeout)),
                Inputs = Inputs(arguments.GetValue(input) ?? []),
            },
        }));
        return command;
    }

    private static async Task<int> RunAsync(RunRequest request)
    {
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected)
        {
            console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Interactive = InteractionSupport.No });
            console.Profile.Width = UnbrokenLine;
        }
        using var interruption = new Interruption();
        try
        {
            return await new NotebookSeries(request, new RunProgress(console)).RunAsync(interruption.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotebookException or OutputException)
        {
            await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return 1;
        }
    }

    private static TimeSpan? Seconds(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 && seconds <= int.MaxValue
            ? TimeSpan.FromSeconds(seconds)
            : null;

    /// <summary>Inputs given as <c>NAME=VALUE</c>.</summary>
    public static Dictionary<string, string> Inputs(IEnumerable<string> given)
    {
        var inputs = new Dictionary<string, string>();
        foreach (var pair in given)
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            inputs[pair[..equals]] = pair[(equals + 1)..];
        }
        return inputs;
    }
}
