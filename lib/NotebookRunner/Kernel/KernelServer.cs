using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Connection;
using Microsoft.DotNet.Interactive.CSharp;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;
using Microsoft.DotNet.Interactive.PackageManagement;

namespace NotebookRunner.Kernel;

/// <summary>
/// The process that runs a notebook's code, in .NET Interactive's kernels. It takes their commands from its standard input, one a line, and
/// writes their events to its standard output, each after <see cref="EventMark"/>: text without the mark was written past
/// <see cref="Console"/>, by native code. It lives no longer than the runner: it ends when its standard input does, whatever the code does.
/// </summary>
internal sealed class KernelServer : IDisposable
{
    /// <summary>The command-line word that starts it.</summary>
    public const string Command = "kernel";

    public const char EventMark = '\u0001';

    /// <summary>How long a text may be that is shown; notebooks with longer ones are of no use to anybody.</summary>
    public const int MaxChars = 16 << 20;

    // `display` of 1.0.0-beta.26120.1 shows one display and returns another, so that updates find nothing to replace.
    private const string Prelude = """
        Microsoft.DotNet.Interactive.Formatting.DisplayedValue display(object value, params string[] mimeTypes) =>
            Microsoft.DotNet.Interactive.KernelInvocationContext.Current is { } context
                ? Microsoft.DotNet.Interactive.KernelInvocationContextExtensions.Display(context, value, mimeTypes)
                : value.Display(mimeTypes);
        """;

    private static readonly SubmitCode s_cell = new("");
    private readonly Lock _order = new();
    private readonly TextWriter _events;
    private readonly CSharpKernel _csharp = new CSharpKernel().UseKernelHelpers().UseValueSharing().UseNugetDirective(AddPackagesAsync);
    private readonly CompositeKernel _kernel;
    private int _cells;

    private KernelServer(TextWriter events, IReadOnlyDictionary<string, string> inputs)
    {
        _events = events;
        _kernel = new CompositeKernel { _csharp, new HtmlKernel() };
        _kernel.DefaultKernelName = _csharp.Name;
        _kernel.UseImportMagicCommand();
        _kernel.RegisterCommandHandler<RequestInput>((request, context) =>
        {
            var name = request.Prompt;
            if (inputs.TryGetValue(name, out var value))
                context.Publish(new InputProduced(value, request));
            else
                context.Fail(request, message: $"The notebook asks for the input \"{name}\": run it with --input {name}=VALUE.");
            return Task.CompletedTask;
        });
        _kernel.SetDefaultTargetKernelNameForCommand(typeof(RequestInput), _kernel.Name);
    }

    public static async Task RunAsync(IReadOnlyDictionary<string, string> inputs)
    {
        // Ctrl-C reaches every process of a terminal; it is the runner that decides what becomes of this one.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        using var requests = new StreamReader(Console.OpenStandardInput());
        await using var events = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), 1 << 16);
        Console.SetIn(TextReader.Null);
        Console.SetOut(Console.Error); // Where text goes that no cell is known to have written.

        using var server = new KernelServer(events, inputs);
        await server._kernel.SendAsync(new SubmitCode(Prelude)).ConfigureAwait(false);
        using var subscription = server._kernel.KernelEvents.Subscribe(server.Forward);
        server.Send(new KernelReady([]));
        while (await requests.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (KernelCommandEnvelope.Deserialize(line).Command is SubmitCode cell)
                _ = Task.Run(() => server.RunCellAsync(cell));
        }
        Process.GetCurrentProcess().Kill();
    }

    public void Dispose() => _kernel.Dispose();

    private static Task AddPackagesAsync(CSharpKernel kernel, IReadOnlyList<ResolvedPackageReference> packages)
    {
        kernel.AddAssemblyReferences(packages.SelectMany(package => package.AssemblyPaths));
        return Task.CompletedTask;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_scriptOptions")]
    private static extern ref ScriptOptions OptionsOf(CSharpKernel kernel);

    private async Task RunCellAsync(SubmitCode cell)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"Cell [{++_cells}]");
        ref var options = ref OptionsOf(_csharp); // Tracebacks with lines, and loops at full speed.
        options = options.WithFilePath(name).WithFileEncoding(Encoding.UTF8).WithEmitDebugInformation(true)
            .WithOptimizationLevel(OptimizationLevel.Release);
        string? failure;
        try
        {
            var result = await _kernel.SendAsync(cell).ConfigureAwait(false);
            var failed = result.Events.OfType<CommandFailed>().LastOrDefault();
            failure = failed is null ? null : Traceback.Describe(failed.Message, name, cell.Code);
        }
        catch (Exception e)
        {
            failure = Traceback.Describe(e.ToString(), name, cell.Code);
        }
        Send(failure is null ? new CommandSucceeded(s_cell) : new CommandFailed(failure, s_cell));
    }

    /// <summary>Tells the runner what there is to see, without the values themselves.</summary>
    private void Forward(KernelEvent message)
    {
        KernelEvent? shown = message switch
        {
            ReturnValueProduced { Value: DisplayedValue } => null,
            ReturnValueProduced result => new ReturnValueProduced(null, s_cell, Cut(result)),
            DisplayedValueProduced display => new DisplayedValueProduced(null, s_cell, Cut(display), display.ValueId),
            DisplayedValueUpdated update => new DisplayedValueUpdated(null, update.ValueId, s_cell, Cut(update)),
            StandardOutputValueProduced text => new StandardOutputValueProduced(s_cell, Cut(text)),
            StandardErrorValueProduced text => new StandardErrorValueProduced(s_cell, Cut(text)),
            _ => null,
        };
        if (shown is not null)
            Send(shown);
    }

    private static FormattedValue[] Cut(DisplayEvent display)
    {
        var length = display.FormattedValues.Max(value => value.Value?.Length ?? 0);
        return length <= MaxChars
            ? [.. display.FormattedValues]
            : [new("text/plain", $"An output of {length:N0} characters is left out: it is too long.\n")];
    }

    private void Send(KernelEvent message)
    {
        var json = KernelEventEnvelope.Serialize(message);
        lock (_order)
        {
            _events.Write(EventMark);
            _events.WriteLine(json);
            _events.Flush();
        }
    }
}
