using System.Text;

namespace NotebookRunner.Kernel;

/// <summary>Stands in for <see cref="Console.Out"/> or <see cref="Console.Error"/>.</summary>
/// <param name="host">Where the text goes.</param>
/// <param name="name"><c>stdout</c> or <c>stderr</c>.</param>
internal sealed class ConsoleCapture(CellHost host, string name) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => host.WriteStream(name, [value]);

    public override void Write(string? value) => host.WriteStream(name, value);

    public override void Write(char[] buffer, int index, int count) => host.WriteStream(name, buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer) => host.WriteStream(name, buffer);

    public override void WriteLine() => host.WriteStream(name, "\n");

    public override void WriteLine(string? value) => host.WriteStream(name, value + "\n");

    public override void Flush() => host.FlushStreams();
}
