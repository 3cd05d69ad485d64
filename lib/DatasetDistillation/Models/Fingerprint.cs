using System.Security.Cryptography;
using static TorchSharp.torch;

namespace DatasetDistillation.Models;

/// <summary>What tells tensors from others of the same shape.</summary>
internal static class Fingerprint
{
    private const int Digits = 16;
    private const int BytesAtOnce = 1 << 24;

    /// <summary>The first digits of the SHA-256 of all elements in their order, hexadecimal.</summary>
    public static unsafe string Of(params IEnumerable<Tensor> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var each in tensors)
        {
            using var scope = NewDisposeScope();
            var elements = each.detach().cpu().contiguous();
            var (first, count) = ((nint)Memory.Of<byte>(elements), elements.numel() * elements.ElementSize);
            for (long done = 0; done < count; done += BytesAtOnce)
                hash.AppendData(new ReadOnlySpan<byte>((byte*)first + done, (int)Math.Min(BytesAtOnce, count - done)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Digits];
    }
}
