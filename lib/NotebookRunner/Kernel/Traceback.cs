using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;

namespace NotebookRunner.Kernel;

/// <summary>Tells where a cell failed, in the cell's own lines, without the frames of the runner and of the runtime.</summary>
internal static partial class Traceback
{
    private const int MaxFrames = 30;

    /// <param name="exception">What the cell threw.</param>
    /// <param name="cell">The cell's name, which its frames carry as their file.</param>
    /// <param name="source">The cell's source, of which the failing line is quoted.</param>
    public static ErrorEvent Describe(Exception exception, string cell, string source)
    {
        var lines = new List<string>();
        Append(exception, "", lines);
        for (var inner = exception.InnerException; inner is not null; inner = inner.InnerException)
            Append(inner, "Caused by ", lines);

        var failing = FailingLine(exception, cell);
        var sourceLines = source.Split('\n');
        if (failing is > 0 && failing <= sourceLines.Length)
        {
            lines.Add("");
            for (var i = Math.Max(1, failing.Value - 2); i <= Math.Min(sourceLines.Length, failing.Value + 2); i++)
                lines.Add($"{(i == failing ? "---->" : "     ")}{i,4} | {sourceLines[i - 1].TrimEnd()}");
        }
        return new ErrorEvent(exception.GetType().Name, exception.Message, [.. lines]);
    }

    private static void Append(Exception exception, string prefix, List<string> lines)
    {
        lines.AddRange($"{prefix}{exception.GetType().FullName}: {exception.Message}".ReplaceLineEndings("\n").Split('\n'));
        var frames = UserFrames(exception);
        lines.AddRange(frames.Take(MaxFrames));
        if (frames.Count > MaxFrames)
            lines.Add($"   … {frames.Count - MaxFrames} more");
    }

    private static List<string> UserFrames(Exception exception)
    {
        var frames = new StackTrace(exception, fNeedFileInfo: true).GetFrames();
        var last = Array.FindLastIndex(frames, IsCell);
        var shown = last < 0 ? frames.Where(f => !IsRunner(f)) : frames.Take(last + 1);
        return [.. shown.Where(f => !IsPlumbing(f)).Select(Describe).Distinct()];
    }

    private static int? FailingLine(Exception exception, string cell)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            var frame = new StackTrace(e, fNeedFileInfo: true).GetFrames().FirstOrDefault(f => f.GetFileName() == cell);
            if (frame is not null)
                return frame.GetFileLineNumber();
        }
        return null;
    }

    private static string Describe(StackFrame frame)
    {
        var (type, name) = OriginalName(frame.GetMethod()!);
        var isCell = IsCell(frame);
        var where = frame.GetFileName() is { } file
            ? $" in {(isCell ? file : Path.GetFileName(file))}, line {frame.GetFileLineNumber()}"
            : "";
        if (isCell && name is "<Initialize>" or "<Factory>" or ".ctor" or "<Main>")
            return "   at" + where[3..];
        return $"   at {(isCell ? SubmissionPrefix().Replace(type, "") : type + ".")}{name}{where}";
    }

    /// <summary>Undoes what the compiler made of asynchronous methods, iterators, lambdas and local functions.</summary>
    private static (string Type, string Name) OriginalName(MethodBase method)
    {
        var type = method.DeclaringType?.FullName?.Replace('+', '.') ?? "";
        var name = method.Name;
        if (name == "MoveNext" && StateMachine().Match(type) is { Success: true } machine)
            (type, name) = (type[..machine.Index].TrimEnd('.'), machine.Groups[1].Value);
        if (LocalFunction().Match(name) is { Success: true } local)
            name = local.Groups[1].Value;
        else if (name.StartsWith('<') && name.Contains(">b__", StringComparison.Ordinal))
            name = "lambda";
        return (ClosureType().Replace(type, ""), name);
    }

    private static bool IsCell(StackFrame frame) =>
        frame.GetMethod()?.DeclaringType?.Assembly is { } assembly && assembly.GetName().Name!.StartsWith('ℛ');

    private static bool IsRunner(StackFrame frame) =>
        frame.GetMethod()?.DeclaringType?.Assembly == typeof(Traceback).Assembly;

    private static bool IsPlumbing(StackFrame frame)
    {
        var method = frame.GetMethod();
        var type = method?.DeclaringType;
        return method is null || method.IsDefined(typeof(StackTraceHiddenAttribute), false)
            || (type is not null && (type.IsDefined(typeof(StackTraceHiddenAttribute), false) || IsRunner(frame)
                || type.Namespace is "System.Runtime.CompilerServices" or "System.Runtime.ExceptionServices"));
    }

    [GeneratedRegex(@"<(<Initialize>|\w+)>d__\d+(`\d+)?$")]
    private static partial Regex StateMachine();

    [GeneratedRegex(@"^<.*>g__(\w+)\|")]
    private static partial Regex LocalFunction();

    [GeneratedRegex(@"\.?<>c(__DisplayClass\w+)?(`\d+)?$")]
    private static partial Regex ClosureType();

    [GeneratedRegex(@"^Submission#\d+\.?")]
    private static partial Regex SubmissionPrefix();
}
