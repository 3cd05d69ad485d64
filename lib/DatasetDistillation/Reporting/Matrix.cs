using System.Collections.Immutable;
using TorchSharp;

namespace DatasetDistillation.Reporting;

/// <summary>
/// A matrix of numbers to be shown, row by row. Rectangular and jagged arrays convert to it by themselves. The numbers are copied.
/// </summary>
internal sealed class Matrix
{
    private readonly ImmutableArray<double> values;

    private Matrix(int rows, int columns, IEnumerable<double> values)
    {
        if (rows == 0 || columns == 0)
            throw new ArgumentException($"The matrix is empty: {rows} rows, {columns} columns.");
        Rows = rows;
        Columns = columns;
        this.values = [.. values];
    }

    /// <summary>How many rows there are.</summary>
    public int Rows { get; }

    /// <summary>How many columns there are.</summary>
    public int Columns { get; }

    /// <summary>The number in a row and a column.</summary>
    public double this[int row, int column] => values[row * Columns + column];

    /// <summary>All numbers, row by row.</summary>
    public ImmutableArray<double> Values => values;

    /// <summary>The numbers of one row.</summary>
    public ReadOnlySpan<double> Row(int row) => values.AsSpan(row * Columns, Columns);

    /// <summary>Copies a rectangular array.</summary>
    public static implicit operator Matrix(double[,] values) => From(values);

    /// <summary>Copies a rectangular array.</summary>
    public static implicit operator Matrix(float[,] values) => From(values);

    /// <summary>Copies a rectangular array.</summary>
    public static implicit operator Matrix(int[,] values) => From(values);

    /// <summary>Copies a rectangular array.</summary>
    public static implicit operator Matrix(long[,] values) => From(values);

    /// <summary>Copies an array of rows.</summary>
    public static implicit operator Matrix(double[][] rows) => From(rows, v => v);

    /// <summary>Copies an array of rows.</summary>
    public static implicit operator Matrix(float[][] rows) => From(rows, v => v);

    /// <summary>Copies an array of rows.</summary>
    public static implicit operator Matrix(int[][] rows) => From(rows, v => v);

    /// <summary>Copies a tensor [rows, columns] of any numeric type.</summary>
    /// <exception cref="ArgumentException">The tensor has another number of dimensions.</exception>
    public static implicit operator Matrix(torch.Tensor values) => values.shape is [var rows, var columns]
        ? new Matrix((int)rows, (int)columns, TensorValues.Of(values, torch.float64, t => t.data<double>().ToArray()))
        : throw new ArgumentException($"A matrix has two dimensions; this tensor is [{string.Join(", ", values.shape)}].");

    private static Matrix From<T>(T[,] values)
        where T : IConvertible =>
        new(values.GetLength(0), values.GetLength(1), values.Cast<T>().Select(v => v.ToDouble(null)));

    private static Matrix From<T>(T[][] rows, Func<T, double> convert)
    {
        var columns = rows.Length == 0 ? 0 : rows[0].Length;
        for (var row = 1; row < rows.Length; row++)
            if (rows[row].Length != columns)
                throw new ArgumentException(
                    $"The matrix is ragged: row 0 has {columns} values, row {row} has {rows[row].Length}. Give every row the same length.");
        return new Matrix(rows.Length, columns, rows.SelectMany(row => row.Select(convert)));
    }
}
