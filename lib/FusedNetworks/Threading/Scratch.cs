using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FusedNetworks;

/// <summary>
/// Working memory of a kernel: native blocks aligned to 64 bytes, cached per thread and handed out in last-in-first-out order
/// (<c>using var panel = Scratch.Rent&lt;float&gt;(n)</c>). The contents are undefined.
/// </summary>
internal static unsafe class Scratch
{
    private const nuint Alignment = 64;

    [ThreadStatic]
    private static Stack? stack;

    /// <summary>
    /// At least <paramref name="count"/> elements, followed by 64 bytes that may be read (vector loads past the end).
    /// </summary>
    public static Lease<T> Rent<T>(long count) where T : unmanaged
    {
        Stack s = stack ??= new Stack();
        return new Lease<T>(s, (T*)s.Push((nuint)count * (nuint)Unsafe.SizeOf<T>() + Alignment));
    }

    internal readonly ref struct Lease<T>(Stack owner, T* pointer) where T : unmanaged
    {
        public T* Pointer => pointer;

        public void Dispose() => owner.Pop();
    }

    internal sealed class Stack
    {
        private void*[] blocks = new void*[8];
        private nuint[] sizes = new nuint[8];
        private int depth;

        ~Stack()
        {
            foreach (void* block in blocks)
                NativeMemory.AlignedFree(block);
        }

        public void* Push(nuint bytes)
        {
            if (depth == blocks.Length)
            {
                var grown = new void*[2 * depth];
                Array.Copy(blocks, grown, depth);
                blocks = grown;
                Array.Resize(ref sizes, 2 * depth);
            }
            if (sizes[depth] < bytes)
            {
                NativeMemory.AlignedFree(blocks[depth]);
                blocks[depth] = null;
                sizes[depth] = 0;
                blocks[depth] = NativeMemory.AlignedAlloc(bytes, Alignment);
                sizes[depth] = bytes;
            }
            return blocks[depth++];
        }

        public void Pop() => depth--;
    }
}
