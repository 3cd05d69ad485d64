using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace NotebookRunner.Kernel;

/// <summary>
/// The process that runs a notebook's code. It lives no longer than the runner: when its standard input ends, it ends,
/// whatever the code is doing.
/// </summary>
internal static class KernelServer
{
    /// <summary>The command-line word that starts it.</summary>
    public const string Command = "kernel";

    private const int CellStackBytes = 16 << 20;

    public static int Run()
    {
        // Ctrl-C reaches every process of a terminal; it is the runner that decides what becomes of this one.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        var utf8 = new UTF8Encoding(false);
        using var requests = new StreamReader(Console.OpenStandardInput(), utf8);
        using var events = new StreamWriter(Console.OpenStandardOutput(), utf8, 1 << 16);

        if (requests.ReadLine() is not { } first || Protocol.Read<KernelRequest>(first) is not StartRequest start)
            return 1;

        using var host = new CellHost(message =>
        {
            events.Write(Protocol.EventMark);
            events.WriteLine(Protocol.Write(message));
            events.Flush();
        }, start.Inputs);
        CellHost.Current = host;
        using var stdout = new ConsoleCapture(host, "stdout");
        using var stderr = new ConsoleCapture(host, "stderr");
        Console.SetIn(TextReader.Null);
        Console.SetOut(stdout);
        Console.SetError(stderr);

        // The compiler's own first compilation takes seconds, which are no cell's.
        new CellCompiler().RunAsync("", "1 + 1").GetAwaiter().GetResult();
        host.Send(new ReadyEvent());

        var runner = new CellRunner(host);
        while (requests.ReadLine() is { } line)
        {
            if (Protocol.Read<KernelRequest>(line) is ExecuteRequest request)
                new Thread(() => runner.RunAsync(request).GetAwaiter().GetResult(), CellStackBytes) { IsBackground = true }.Start();
        }
        Process.GetCurrentProcess().Kill();
        return 0;
    }
}
