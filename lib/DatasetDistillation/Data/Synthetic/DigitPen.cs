using System.Numerics;

namespace DatasetDistillation.Data;

/// <summary>
/// Writes digits as people would: one of a digit's styles, its points moved, bent, slanted and turned at random, drawn
/// with a pen of random width and pressure, sized and centered by mass as MNIST's digits are. Not thread-safe.
/// </summary>
internal sealed class DigitPen
{
    public const int Side = 28;
    private const int StepsPerCurve = 8;
    private const float BoxSide = 20; // MNIST's digits fit a box of 20×20 pixels

    private readonly List<Segment> segments = [];
    private readonly float[] ink = new float[Side * Side];
    private readonly float[] blurred = new float[Side * Side];

    /// <summary>Draws into <paramref name="image"/>, <c>[28, 28]</c>, from 0 (paper) to 255 (ink).</summary>
    public void Draw(int digit, ref SplitMix random, Span<byte> image)
    {
        segments.Clear();
        Trace(digit, ref random);
        float radius = 0.75f * MathF.Exp(random.Uniform(0f, 0.95f));
        Place(radius, ref random);

        Array.Clear(ink);
        float phase = random.Uniform(0, MathF.Tau), pressure = random.Uniform(0, 0.3f);
        for (int i = 0; i < segments.Count; i++)
            Stamp(segments[i], radius * (1 + (pressure * MathF.Sin(phase + (0.12f * i)))));
        Develop(ref random, image);
    }

    /// <summary>The pen's way over the paper, as short straight segments.</summary>
    private void Trace(int digit, ref SplitMix random)
    {
        var styles = DigitStrokes.StylesOf(digit);
        var style = styles[random.Below(styles.Length)];
        var distortion = new Distortion(ref random);
        float unsteadiness = random.Uniform(1.5f, 5f);
        Span<Vector2> points = stackalloc Vector2[32];
        foreach (var stroke in style)
        {
            for (int i = 0; i < stroke.Length; i++)
                points[i] = stroke[i].Position + (unsteadiness * new Vector2(random.Normal(), random.Normal()));
            for (int first = 0, i = 1; i < stroke.Length; i++)
            {
                if (!stroke[i].IsCorner && i < stroke.Length - 1)
                    continue;
                AddCurve(points[first..(i + 1)], distortion);
                first = i;
            }
        }
    }

    /// <summary>A Catmull-Rom spline through the points.</summary>
    private void AddCurve(ReadOnlySpan<Vector2> points, in Distortion distortion)
    {
        var from = distortion.Apply(points[0]);
        for (int i = 0; i + 1 < points.Length; i++)
        {
            var before = i == 0 ? (2 * points[0]) - points[1] : points[i - 1];
            var after = i + 2 == points.Length ? (2 * points[i + 1]) - points[i] : points[i + 2];
            for (int step = 1; step <= StepsPerCurve; step++)
            {
                var to = distortion.Apply(CatmullRom(before, points[i], points[i + 1], after, step / (float)StepsPerCurve));
                segments.Add(new Segment(from, to));
                from = to;
            }
        }
    }

    private static Vector2 CatmullRom(Vector2 a, Vector2 b, Vector2 c, Vector2 d, float t) => 0.5f * (
        (2 * b) + ((c - a) * t) + (((2 * a) - (5 * b) + (4 * c) - d) * (t * t)) + (((3 * b) - a - (3 * c) + d) * (t * t * t)));

    /// <summary>
    /// Scales the segments to the box, keeping their proportions, and moves their center of mass near the image's center.
    /// </summary>
    private void Place(float radius, ref SplitMix random)
    {
        Vector2 low = new(float.MaxValue), high = new(float.MinValue), moment = Vector2.Zero;
        float length = 0;
        foreach (var (from, to) in segments)
        {
            low = Vector2.Min(low, Vector2.Min(from, to));
            high = Vector2.Max(high, Vector2.Max(from, to));
            float part = Vector2.Distance(from, to);
            moment += part * (from + to) / 2;
            length += part;
        }

        var extent = high - low;
        float scale = ((BoxSide * random.Uniform(0.86f, 1.04f)) - (2 * radius)) / Math.Max(extent.X, extent.Y);
        var center = new Vector2((Side - 1) / 2f) + (0.8f * new Vector2(random.Normal(), random.Normal()));
        var offset = center - (scale * moment / length);
        for (int i = 0; i < segments.Count; i++)
            segments[i] = new Segment((scale * segments[i].From) + offset, (scale * segments[i].To) + offset);
    }

    /// <summary>Inks the pixels within a radius of the segment, with an edge one pixel soft.</summary>
    private void Stamp(Segment segment, float radius)
    {
        var (from, to) = segment;
        var low = Vector2.Min(from, to) - new Vector2(radius + 0.5f);
        var high = Vector2.Max(from, to) + new Vector2(radius + 0.5f);
        int left = Math.Max(0, (int)MathF.Ceiling(low.X)), right = Math.Min(Side - 1, (int)MathF.Floor(high.X));
        int top = Math.Max(0, (int)MathF.Ceiling(low.Y)), bottom = Math.Min(Side - 1, (int)MathF.Floor(high.Y));
        var along = to - from;
        float perLength = 1 / Math.Max(along.LengthSquared(), 1e-12f);
        for (int y = top; y <= bottom; y++)
        {
            for (int x = left; x <= right; x++)
            {
                var pixel = new Vector2(x, y) - from;
                float nearest = Math.Clamp(Vector2.Dot(pixel, along) * perLength, 0, 1);
                float coverage = radius + 0.5f - (pixel - (nearest * along)).Length();
                ref float value = ref ink[(y * Side) + x];
                value = Math.Max(value, Math.Min(coverage, 1));
            }
        }
    }

    /// <summary>Blurs a little, sets the blackness of the ink, and makes it uneven.</summary>
    private void Develop(ref SplitMix random, Span<byte> image)
    {
        float blur = random.Uniform(0, 0.2f);
        float blackness = random.Uniform(0.85f, 1.2f);
        float unevenness = random.Uniform(0, 0.08f);
        Blur(ink, blurred, 1, blur);
        Blur(blurred, ink, Side, blur);
        for (int i = 0; i < ink.Length; i++)
        {
            float value = ink[i] > 0.02f ? ink[i] * blackness * (1 + (unevenness * random.Normal())) : 0;
            image[i] = (byte)MathF.Round(255 * Math.Clamp(value, 0, 1));
        }
    }

    /// <summary>Each pixel gives the given part of itself to each of its two neighbors; the margins are paper.</summary>
    private static void Blur(float[] from, float[] to, int step, float part)
    {
        for (int i = 0; i < from.Length; i++)
        {
            float neighbors = (i < step ? 0 : from[i - step]) + (i + step >= from.Length ? 0 : from[i + step]);
            to[i] = ((1 - (2 * part)) * from[i]) + (part * neighbors);
        }
    }

    private readonly record struct Segment(Vector2 From, Vector2 To);

    /// <summary>
    /// A random distortion of the paper: the waist of the digit moved up or down and left or right, an elastic field of
    /// two plane waves, then proportions, slant and turn.
    /// </summary>
    private readonly struct Distortion
    {
        private readonly Vector2 exponent;
        private readonly Vector2 waveNumber1, waveNumber2, amplitude1, amplitude2;
        private readonly float phase1, phase2;
        private readonly Matrix3x2 affine;

        public Distortion(ref SplitMix random)
        {
            exponent = new Vector2(MathF.Exp(0.12f * random.Normal()), MathF.Exp(0.16f * random.Normal()));
            waveNumber1 = Wave(ref random);
            waveNumber2 = Wave(ref random);
            amplitude1 = 2.6f * new Vector2(random.Normal(), random.Normal());
            amplitude2 = 1.8f * new Vector2(random.Normal(), random.Normal());
            phase1 = random.Uniform(0, MathF.Tau);
            phase2 = random.Uniform(0, MathF.Tau);

            float slender = MathF.Exp(0.16f * random.Normal()) * 0.78f;
            float slant = -0.12f + (0.2f * random.Normal());
            float turn = 0.11f * random.Normal();
            affine = Matrix3x2.CreateScale(slender, 1) * new Matrix3x2(1, 0, slant, 1, 0, 0) * Matrix3x2.CreateRotation(turn);
        }

        public Vector2 Apply(Vector2 point)
        {
            var warped = 100 * new Vector2(SignedPower(point.X / 100, exponent.X), SignedPower(point.Y / 100, exponent.Y));
            var bent = warped
                + (amplitude1 * MathF.Sin(Vector2.Dot(waveNumber1, warped) + phase1))
                + (amplitude2 * MathF.Sin(Vector2.Dot(waveNumber2, warped) + phase2));
            return Vector2.Transform(bent, affine);
        }

        private static Vector2 Wave(ref SplitMix random)
        {
            var (sin, cos) = MathF.SinCos(random.Uniform(0, MathF.Tau));
            return random.Uniform(0.03f, 0.08f) * new Vector2(cos, sin); // 0.5 to 1.3 waves over the paper
        }

        private static float SignedPower(float value, float power) => MathF.CopySign(MathF.Pow(MathF.Abs(value), power), value);
    }
}
