using System.Globalization;
using System.Numerics;

namespace DatasetDistillation.Data;

/// <summary>A point that a pen stroke passes through, smoothly or turning a corner.</summary>
internal readonly record struct StrokePoint(Vector2 Position, bool IsCorner);

/// <summary>
/// How people write each digit: several styles of each, a style being a few pen strokes. Coordinates run from 0 to 100,
/// x to the right and y downwards; <c>!</c> marks a corner, <c>;</c> lifts the pen.
/// </summary>
internal static class DigitStrokes
{
    private static readonly string[][] Sources =
    [
        [
            "54 1, 26 14, 13 50, 24 86, 50 100, 77 85, 88 50, 76 14, 50 0",
            "62 4, 34 10, 26 50, 34 90, 52 100, 68 88, 74 50, 66 12, 46 2",
            "74 12, 44 2, 15 30, 16 72, 45 99, 80 82, 86 40, 66 8, 40 14",
        ],
        [
            "50 0, 50 50, 50 100",
            "30 22, 52 0!, 51 50, 50 100",
            "28 20, 50 0!, 50 100; 24 100, 50 99, 78 100",
            "58 0, 50 50, 44 100",
        ],
        [
            "15 24, 34 3, 64 2, 80 24, 64 54, 36 80, 12 99!, 50 98, 88 98",
            "18 20, 42 1, 74 12, 72 42, 44 76, 20 96, 8 86, 22 74, 50 90, 90 96",
            "12 12, 46 0, 76 16, 66 50, 14 98!, 50 90, 86 97",
        ],
        [
            "16 12, 46 0, 76 14, 70 38, 40 47!, 74 55, 86 78, 58 99, 12 88",
            "14 3, 48 2, 80 2!, 62 24, 44 42!, 78 52, 84 80, 52 100, 12 90",
            "20 8, 56 0, 76 20, 56 42, 44 48, 64 50, 84 72, 62 98, 18 96",
        ],
        [
            "24 4, 20 30, 16 58!, 50 58, 88 54; 70 6, 67 50, 64 100",
            "64 0!, 36 34, 8 66!, 50 67, 92 65; 64 0, 64 50, 63 100",
            "18 6, 18 38, 40 53, 74 40; 78 2, 74 50, 66 100",
            "62 2!, 30 30, 10 62!, 46 62, 78 60; 74 34, 70 66, 66 100",
        ],
        [
            "82 2, 54 2, 28 3!, 26 22, 22 44!, 52 36, 84 58, 74 90, 42 100, 12 88",
            "80 4, 44 4, 24 24, 40 44, 72 54, 80 78, 54 98, 14 92",
            "28 4, 26 24, 22 46!, 56 40, 82 64, 66 94, 36 100, 12 90; 26 4, 54 4, 86 1",
        ],
        [
            "72 2, 38 22, 15 64, 28 96, 64 97, 80 76, 60 55, 30 62, 18 80",
            "48 0, 26 40, 20 78, 42 100, 72 90, 74 66, 50 56, 24 72",
            "82 8, 50 2, 20 34, 16 74, 42 99, 76 86, 72 58, 44 52, 18 70",
        ],
        [
            "12 5, 48 5, 86 3!, 62 44, 42 100",
            "12 6, 48 5, 86 3!, 62 46, 44 100; 34 52, 56 50, 80 47",
            "12 22, 13 5!, 48 6, 84 4!, 64 40, 54 100",
            "10 10, 50 4, 82 8, 70 46, 36 100",
        ],
        [
            "76 16, 50 0, 24 16, 38 42, 72 66, 74 92, 46 100, 20 88, 28 64, 62 42, 78 20, 68 6",
            "50 47, 24 36, 26 8, 52 0, 76 12, 74 36, 50 47, 20 66, 22 92, 50 100, 80 90, 78 64, 48 46",
            "70 6, 38 2, 26 24, 52 46, 78 74, 54 100, 24 82, 44 52, 76 24, 62 4",
        ],
        [
            "78 22, 54 0, 22 16, 24 44, 52 50, 76 30, 80 8!, 78 54, 74 100",
            "80 26, 56 0, 22 14, 22 42, 50 52, 76 34, 82 14, 78 58, 58 94, 24 94",
            "74 10, 42 2, 20 28, 42 48, 72 34, 76 12!, 68 56, 48 100",
        ],
    ];

    private static readonly StrokePoint[][][][] Parsed = Array.ConvertAll(Sources, styles => Array.ConvertAll(styles, Parse));

    /// <summary>The styles of a digit: for each, its strokes; for each stroke, its points.</summary>
    public static StrokePoint[][][] StylesOf(int digit) => Parsed[digit];

    private static StrokePoint[][] Parse(string style) => Array.ConvertAll(
        style.Split(';'),
        stroke => Array.ConvertAll(stroke.Split(','), point =>
        {
            var numbers = point.TrimEnd('!').Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var position = new Vector2(float.Parse(numbers[0], CultureInfo.InvariantCulture),
                float.Parse(numbers[1], CultureInfo.InvariantCulture));
            return new StrokePoint(position, point.EndsWith('!'));
        }));
}
