using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TorchSharp.Kernels;

/// <summary>
/// The whole state of a random stream: which stream, and how many 64-bit words have been taken from it.
/// Word <c>i</c> is a function of (seed, i) alone, so that any part of a stream can be computed by any thread.
/// </summary>
/// <remarks>
/// The words are those of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): a
/// Weyl sequence passed through a 64-bit finaliser. Its start is itself a hash of the seed, so that neighbouring
/// seeds begin at unrelated places of the sequence.
/// </remarks>
internal struct RandomState(ulong seed, ulong counter = 0)
{
    private const ulong Weyl = 0x9E3779B97F4A7C15;
    private const ulong Mix1 = 0xBF58476D1CE4E5B9;
    private const ulong Mix2 = 0x94D049BB133111EB;

    public ulong Seed = seed;

    /// <summary>Words taken so far.</summary>
    public ulong Counter = counter;

    /// <summary>Takes <paramref name="words"/> words and returns the state at which they begin.</summary>
    public RandomState Take(long words)
    {
        var start = this;
        Counter += (ulong)words;
        return start;
    }

    /// <summary>The state <paramref name="words"/> words further on.</summary>
    public readonly RandomState Skip(long words) => new(Seed, Counter + (ulong)words);

    /// <summary>The next <c>words.Length</c> words; the state does not move.</summary>
    public readonly void Peek(Span<ulong> words)
    {
        var x = Origin + Counter * Weyl;
        var i = 0;
        if (words.Length >= Vector512<ulong>.Count)
        {
            var lanes = Vector512.Create(x) + Vector512<ulong>.Indices * Weyl;
            for (; i <= words.Length - Vector512<ulong>.Count; i += Vector512<ulong>.Count)
            {
                Mix(lanes).CopyTo(words[i..]);
                lanes += Vector512.Create(unchecked(Weyl * (ulong)Vector512<ulong>.Count));
            }
        }
        for (; i < words.Length; i++)
            words[i] = Mix(x + (ulong)i * Weyl);
    }

    /// <summary>A word unrelated to <paramref name="word"/>, for drawing again what was rejected.</summary>
    public static ulong Rehash(ulong word) => Mix(word + Weyl);

    private readonly ulong Origin => Mix(Mix(Seed + Weyl) ^ BitOperations.RotateLeft(Seed, 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * Mix1;
        z = (z ^ (z >> 27)) * Mix2;
        return z ^ (z >> 31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Mix(Vector512<ulong> z)
    {
        z = (z ^ (z >>> 30)) * Mix1;
        z = (z ^ (z >>> 27)) * Mix2;
        return z ^ (z >>> 31);
    }
}
