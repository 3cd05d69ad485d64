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
        if (failing > 0 && failing <= sourceLines.Length)
        {
            lines.Add("");
            for (var i = Math.Max(1, failing - 2); i <= Math.Min(sourceLines.Length, failing + 2); i++)
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
        var end = Array.FindLastIndex(frames, IsCell) is var last && last < 0 ? frames.Length : last + 1;
        return [.. Enumerable.Range(0, end).Where(i => !IsPlumbing(frames[i])).Select(i => Describe(frames[i], Line(frames, i))).Distinct()];
    }

    /// <summary>
    /// The line of a frame, 0 if it is not known. A bounds check in optimised code fails in a block that all checks of the
    /// method share, and to which the runtime gives the method's first line.
    /// </summary>
    private static int Line(StackFrame[] frames, int index) =>
        index > 0 && frames[index].GetILOffset() == 0 && frames[index - 1].GetMethod()?.DeclaringType?.Name == "ThrowHelpers"
            ? 0
            : frames[index].GetFileLineNumber();

    private static int FailingLine(Exception exception, string cell)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            var frames = new StackTrace(e, fNeedFileInfo: true).GetFrames();
            if (Array.FindIndex(frames, f => f.GetFileName() == cell) is var index && index >= 0)
                return Line(frames, index);
        }
        return 0;
    }

    private static string Describe(StackFrame frame, int line)
    {
        var (type, name) = OriginalName(frame.GetMethod()!);
        if (!IsCell(frame))
            return $"   at {type}.{name}{(frame.GetFileName() is { } file ? $" in {Path.GetFileName(file)}, line {line}" : "")}";
        var cell = (frame.GetFileName() ?? "a cell") + (line > 0 ? $", line {line}" : ", line not known");
        return name is "<Initialize>" or "<Factory>" or ".ctor" ? "   at " + cell : $"   at {SubmissionPrefix().Replace(type, "")}{name} in {cell}";
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
