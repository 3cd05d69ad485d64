using System.Numerics;
using System.Runtime.InteropServices;
using Xunit;

namespace FusedNetworks.Tests;

/// <summary>A native array that ends exactly at its last element, filled at will and freed at the end of a test.</summary>
internal sealed unsafe class Native<T> : IDisposable where T : unmanaged, IFloatingPointIeee754<T>
{
    private static readonly nuint Guard = 64;

    public Native(int count, Func<int, double> value)
    {
        Count = count;
        Block = (byte*)NativeMemory.Alloc((nuint)count * (nuint)sizeof(T) + 2 * Guard);
        new Span<byte>(Block, (int)Guard).Fill(0xFF);
        new Span<byte>(Block + Guard + count * sizeof(T), (int)Guard).Fill(0xFF);
        for (int i = 0; i < count; i++)
            this[i] = value(i);
    }

    public int Count { get; }

    public T* Pointer => (T*)(Block + Guard);

    private byte* Block { get; }

    public double this[int i]
    {
        get => double.CreateChecked(Pointer[i]);
        set => Pointer[i] = T.CreateChecked(value);
    }

    public static Native<T> Random(Random random, int count) => new(count, _ => 2 * random.NextDouble() - 1);

    /// <summary>An output, filled with NaN so that a value never written or one read before it is written shows.</summary>
    public static Native<T> Output(int count) => new(count, _ => double.NaN);

    public double[] ToArray() => [.. Enumerable.Range(0, Count).Select(i => this[i])];

    /// <summary>Fails if a kernel wrote before the first or after the last element.</summary>
    public void AssertBoundsKept()
    {
        Assert.Equal(-1, new Span<byte>(Block, (int)Guard).IndexOfAnyExcept((byte)0xFF));
        Assert.Equal(-1, new Span<byte>(Block + Guard + Count * sizeof(T), (int)Guard).IndexOfAnyExcept((byte)0xFF));
    }

    public void Dispose() => NativeMemory.Free(Block);
}
