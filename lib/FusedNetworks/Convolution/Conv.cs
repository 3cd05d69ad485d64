using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FusedNetworks;

/// <summary>
/// Two-dimensional convolution (cross-correlation, zero padding) and its gradients, in float or double: images NCHW, weights
/// OIHW. Which kernel computes depends on the shape alone and every sum is taken in one fixed order, so results are the same
/// bits for any number of threads.
/// </summary>
internal static unsafe class Conv
{
    /// <summary>y[N, O, OH, OW] = x[N, C, H, W] ∗ w[O, C, KH, KW] + bias[O].</summary>
    public static void Forward<T>(in ConvShape s, T* x, T* w, T* biasOrNull, T* y) where T : unmanaged
    {
        Scalar.Require<T>();
        Correlate(Correlation.Forward(in s), x, w, biasOrNull, y);
    }

    /// <summary>gx[N, C, H, W] = ∂⟨gy, x ∗ w⟩/∂x for gy[N, O, OH, OW]; overwrites gx.</summary>
    public static void InputGradient<T>(in ConvShape s, T* gy, T* w, T* gx) where T : unmanaged
    {
        Scalar.Require<T>();
        Correlate(Correlation.InputGradient(in s), gy, w, null, gx);
    }

    /// <summary>gw[O, C, KH, KW] = ∂⟨gy, x ∗ w⟩/∂w for gy[N, O, OH, OW]; overwrites gw.</summary>
    public static void WeightGradient<T>(in ConvShape s, T* x, T* gy, T* gw) where T : unmanaged
    {
        Scalar.Require<T>();
        var c = Correlation.Forward(in s);
        if (c.N == 0 || c.Positions == 0)
        {
            NativeMemory.Clear(gw, (nuint)c.Out * (nuint)c.Taps * (nuint)Unsafe.SizeOf<T>());
            return;
        }
        if (Winograd.Suits<T>(in c))
        {
            if (Vector512.IsHardwareAccelerated)
                WinogradKernel<Simd512<float>, Vector512<float>>.WeightGradient(in c, (float*)x, (float*)gy, (float*)gw);
            else if (Vector256.IsHardwareAccelerated)
                WinogradKernel<Simd256<float>, Vector256<float>>.WeightGradient(in c, (float*)x, (float*)gy, (float*)gw);
            else
                WinogradKernel<Simd128<float>, Vector128<float>>.WeightGradient(in c, (float*)x, (float*)gy, (float*)gw);
        }
        else if (Vector512.IsHardwareAccelerated && GradientLanes<T>(in c) > Vector256<T>.Count)
            ConvKernel<Simd512<T>, Vector512<T>, T>.WeightGradient(in c, x, gy, gw);
        else if (Vector256.IsHardwareAccelerated && GradientLanes<T>(in c) > Vector128<T>.Count)
            ConvKernel<Simd256<T>, Vector256<T>, T>.WeightGradient(in c, x, gy, gw);
        else
            ConvKernel<Simd128<T>, Vector128<T>, T>.WeightGradient(in c, x, gy, gw);
    }

    private static int GradientLanes<T>(in Correlation c) where T : unmanaged =>
        ConvKernel<Simd512<T>, Vector512<T>, T>.GradientLanesAlongPositions(in c) ? c.OW : c.Out;

    private static void Correlate<T>(in Correlation c, T* source, T* w, T* biasOrNull, T* output) where T : unmanaged
    {
        if (c.N == 0 || c.Positions == 0)
            return;
        if (Winograd.Suits<T>(in c))
        {
            if (Vector512.IsHardwareAccelerated)
                WinogradKernel<Simd512<float>, Vector512<float>>.Correlate(
                    in c, (float*)source, (float*)w, (float*)biasOrNull, (float*)output);
            else if (Vector256.IsHardwareAccelerated)
                WinogradKernel<Simd256<float>, Vector256<float>>.Correlate(
                    in c, (float*)source, (float*)w, (float*)biasOrNull, (float*)output);
            else
                WinogradKernel<Simd128<float>, Vector128<float>>.Correlate(
                    in c, (float*)source, (float*)w, (float*)biasOrNull, (float*)output);
            return;
        }
        int lanes = ConvKernel<Simd512<T>, Vector512<T>, T>.LanesAlongChannels(in c) ? c.Out : c.OW;
        if (Vector512.IsHardwareAccelerated && lanes > Vector256<T>.Count)
            ConvKernel<Simd512<T>, Vector512<T>, T>.Correlate(in c, source, w, biasOrNull, output);
        else if (Vector256.IsHardwareAccelerated && lanes > Vector128<T>.Count)
            ConvKernel<Simd256<T>, Vector256<T>, T>.Correlate(in c, source, w, biasOrNull, output);
        else
            ConvKernel<Simd128<T>, Vector128<T>, T>.Correlate(in c, source, w, biasOrNull, output);
    }
}
