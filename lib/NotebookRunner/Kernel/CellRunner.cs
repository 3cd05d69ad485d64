using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotebookRunner.Api;
using NotebookRunner.Execution;
using NotebookRunner.Formatting;

namespace NotebookRunner.Kernel;

/// <summary>Runs cells: their code, their <c>#!</c> lines and what they import.</summary>
internal sealed partial class CellRunner(CellHost host)
{
    private readonly CellCompiler _compiler = new();
    private readonly Stack<string> _imports = new();

    /// <summary>Runs a cell and sends all that comes of it, errors too.</summary>
    public async Task RunAsync(ExecuteRequest request)
    {
        var source = request.Code;
        try
        {
            source = AnswerInputs(request.Code);
            await RunAsync(request.Name, source, request.Language, showValue: true).ConfigureAwait(false);
        }
        catch (CellException e)
        {
            host.Send(new ErrorEvent(e.Name, e.Message, e.Details.Count == 0 ? [$"{e.Name}: {e.Message}"] : [.. e.Details]));
        }
        catch (Exception e)
        {
            host.Send(Traceback.Describe(e, request.Name, source));
        }
        host.Send(new CompletedEvent());
    }

    private async Task RunAsync(string name, string source, string language, bool showValue)
    {
        var parts = CellSplitter.Split(source, language);
        Stopwatch? watch = null;
        foreach (var part in parts)
        {
            switch (part.Kind)
            {
                case CellPartKind.Time:
                    watch ??= Stopwatch.StartNew();
                    break;
                case CellPartKind.Html:
                    host.DisplayText(part.Text, "text/html");
                    break;
                case CellPartKind.Markdown:
                    host.DisplayText(part.Text, "text/markdown");
                    break;
                case CellPartKind.Import:
                    await ImportAsync(part.Text).ConfigureAwait(false);
                    break;
                case CellPartKind.Code:
                    var (hasValue, value) = await _compiler.RunAsync(name, part.Text).ConfigureAwait(false);
                    if (hasValue && showValue && value is not DisplayedValue)
                        host.Send(new ResultEvent(ValueFormatter.Format(value, [])));
                    break;
            }
        }
        if (watch is not null)
            host.DisplayText(string.Create(CultureInfo.InvariantCulture, $"Wall time: {watch.Elapsed.TotalMilliseconds:0.0} ms"), "text/plain");
    }

    private async Task ImportAsync(string file)
    {
        var path = Path.GetFullPath(file);
        if (!File.Exists(path))
            throw new CellException("ImportError", $"#!import {file}: there is no file {path}.");
        if (_imports.Contains(path))
            throw new CellException("ImportError", $"#!import {file}: the file imports itself ({string.Join(" → ", _imports.Reverse().Append(path).Select(Path.GetFileName))}).");

        _imports.Push(path);
        try
        {
            var name = Path.GetFileName(path);
            if (Path.GetExtension(path) is ".ipynb")
            {
                var number = 0;
                foreach (var cell in ReadNotebook(path).CodeCells)
                    await RunAsync($"{name}, cell {++number}", AnswerInputs(cell.Source), cell.Language, showValue: true).ConfigureAwait(false);
            }
            else if (Path.GetExtension(path) is ".csx" or ".cs")
            {
                await RunAsync(name, AnswerInputs(await File.ReadAllTextAsync(path).ConfigureAwait(false)), "csharp", showValue: false).ConfigureAwait(false);
            }
            else
            {
                throw new CellException("ImportError", $"#!import {file}: only .ipynb, .csx and .cs files can be imported.");
            }
        }
        finally
        {
            _imports.Pop();
        }
    }

    private static NotebookDocument ReadNotebook(string path)
    {
        try
        {
            return NotebookDocument.Load(path);
        }
        catch (Exception e) when (e is NotebookException or JsonException)
        {
            throw new CellException("ImportError", e.Message);
        }
    }

    private string AnswerInputs(string source) => InputMark().Replace(source, match => host.Input(match.Groups[1].Value));

    [GeneratedRegex("@input:\"([^\"\n]+)\"")]
    private static partial Regex InputMark();
}
