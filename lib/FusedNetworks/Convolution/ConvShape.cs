namespace FusedNetworks;

/// <summary>
/// A two-dimensional convolution of images [N, C, H, W] with weights [O, C, KH, KW] into [N, O, OH, OW], as
/// cross-correlation with zero padding.
/// </summary>
internal readonly record struct ConvShape(
    int N, int C, int H, int W, int O, int KH, int KW, int StrideH, int StrideW, int PadH, int PadW)
{
    /// <summary>Height of the output, less than 1 if the kernel does not fit in the padded image.</summary>
    public int OH => OutputSize(H, KH, StrideH, PadH);

    /// <summary>Width of the output, less than 1 if the kernel does not fit in the padded image.</summary>
    public int OW => OutputSize(W, KW, StrideW, PadW);

    private static int OutputSize(int size, int kernel, int stride, int pad)
    {
        int room = size + 2 * pad - kernel;
        return room < 0 ? 0 : room / stride + 1;
    }
}

/// <summary>
/// What a convolution and the gradient of its input have in common: correlation of padded planes with weights. A source image
/// [In, SourceH, SourceW] lies in planes [In, PlaneH, PlaneW] of zeros, its row 0 and column 0 at (PadH, PadW), which may be
/// negative, and its rows and columns UpH and UpW apart.
/// </summary>
internal readonly record struct Correlation
{
    public int N { get; private init; }
    public int In { get; private init; }
    public int SourceH { get; private init; }
    public int SourceW { get; private init; }
    public int PadH { get; private init; }
    public int PadW { get; private init; }
    public int UpH { get; private init; }
    public int UpW { get; private init; }
    public int PlaneH { get; private init; }
    public int PlaneW { get; private init; }
    public int Out { get; private init; }
    public int OH { get; private init; }
    public int OW { get; private init; }
    public int KH { get; private init; }
    public int KW { get; private init; }
    public int StrideH { get; private init; }
    public int StrideW { get; private init; }

    /// <summary>Distance in the stored weights between two output channels.</summary>
    public nint WeightOutStride { get; private init; }

    /// <summary>Distance in the stored weights between two input channels.</summary>
    public nint WeightInStride { get; private init; }

    /// <summary>Whether the stored weights of a channel pair are used in reverse.</summary>
    public bool Flipped { get; private init; }

    /// <summary>Weights of a channel pair.</summary>
    public int KernelSize => KH * KW;
    public int Taps => In * KernelSize;
    public int Positions => OH * OW;
    public nint PlaneSize => (nint)PlaneH * PlaneW;

    /// <summary>Multiply-adds for one image.</summary>
    public long ImageWork => (long)Out * Taps * Positions;

    public static Correlation Forward(in ConvShape s) => new()
    {
        N = s.N,
        In = s.C,
        SourceH = s.H,
        SourceW = s.W,
        PadH = s.PadH,
        PadW = s.PadW,
        UpH = 1,
        UpW = 1,
        PlaneH = s.H + 2 * s.PadH,
        PlaneW = s.W + 2 * s.PadW,
        Out = s.O,
        OH = s.OH,
        OW = s.OW,
        KH = s.KH,
        KW = s.KW,
        StrideH = s.StrideH,
        StrideW = s.StrideW,
        WeightOutStride = (nint)s.C * s.KH * s.KW,
        WeightInStride = (nint)s.KH * s.KW,
    };

    /// <summary>The input's gradient: the output's gradient, spread by the stride, correlated with the reversed weights.</summary>
    public static Correlation InputGradient(in ConvShape s) => new()
    {
        N = s.N,
        In = s.O,
        SourceH = s.OH,
        SourceW = s.OW,
        PadH = s.KH - 1 - s.PadH,
        PadW = s.KW - 1 - s.PadW,
        UpH = s.StrideH,
        UpW = s.StrideW,
        PlaneH = s.H + s.KH - 1,
        PlaneW = s.W + s.KW - 1,
        Out = s.C,
        OH = s.H,
        OW = s.W,
        KH = s.KH,
        KW = s.KW,
        StrideH = 1,
        StrideW = 1,
        WeightOutStride = (nint)s.KH * s.KW,
        WeightInStride = (nint)s.C * s.KH * s.KW,
        Flipped = true,
    };

    /// <summary>Where each tap (input channel, row, column of the stored weights) lies in the planes; [Taps].</summary>
    public unsafe void TapOffsets(nint* offsets)
    {
        for (int i = 0; i < In; i++)
            for (int ky = 0; ky < KH; ky++)
                for (int kx = 0; kx < KW; kx++)
                {
                    int y = Flipped ? KH - 1 - ky : ky, x = Flipped ? KW - 1 - kx : kx;
                    *offsets++ = i * PlaneSize + (nint)y * PlaneW + x;
                }
    }

    /// <summary>
    /// The same with the taps in another order: rows of the window from the top, in each input channels, then columns; [Taps].
    /// </summary>
    public unsafe void TapOffsetsByRow(nint* offsets)
    {
        for (int y = 0; y < KH; y++)
            for (int i = 0; i < In; i++)
                for (int kx = 0; kx < KW; kx++)
                    *offsets++ = i * PlaneSize + (nint)y * PlaneW + (Flipped ? KW - 1 - kx : kx);
    }

    /// <summary>Which rows of the window see the image from an output row, and not only zeros around it.</summary>
    public (int Begin, int End) WindowRows(int outputRow)
    {
        int top = outputRow * StrideH - PadH;
        int begin = Math.Max(-top, 0);
        int last = (SourceH - 1) * UpH - top;
        int end = Math.Clamp(last + 1, 0, KH);
        return (Math.Min(begin, end), end);
    }

    /// <summary>Where each output position's window begins in a plane; [Positions].</summary>
    public unsafe void PositionOffsets(nint* offsets)
    {
        for (int oy = 0; oy < OH; oy++)
            for (int ox = 0; ox < OW; ox++)
                *offsets++ = (nint)oy * StrideH * PlaneW + ox * StrideW;
    }
}
