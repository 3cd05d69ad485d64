using TorchSharp.Kernels;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The matrix product; vectors and leading batch dimensions as in NumPy.</summary>
        public Tensor matmul(Tensor target)
        {
            var (a, b) = (shape.Length, target.shape.Length);
            if (a == 0 || b == 0 || shape[^1] != target.shape[^Math.Min(b, 2)])
                throw Mismatch("matmul", this, target);
            if (a == 2 && b == 2)
                return mm(target);
            if (a == 1)
            {
                using var row = unsqueeze(0);
                using var product = row.matmul(target);
                return product.squeeze(b == 1 ? 0 : -2);
            }
            if (b == 1)
            {
                using var column = target.unsqueeze(1);
                using var product = matmul(column);
                return product.squeeze(-1);
            }
            // A stack of matrices times one matrix is one tall product.
            if (b == 2)
            {
                using var tall = reshape(Count(Shape[..^1]), shape[^1]);
                using var product = tall.mm(target);
                return product.reshape([.. shape[..^1], target.shape[1]]);
            }
            var batch = Dispatch.BroadcastShape("matmul", Shape[..^2], target.Shape[..^2]);
            var count = Count(batch);
            using var left = expand([.. batch, .. shape[^2..]]);
            using var right = target.expand([.. batch, .. target.shape[^2..]]);
            using var x = left.reshape(count, shape[^2], shape[^1]);
            using var z = right.reshape(count, target.shape[^2], target.shape[^1]);
            using var products = x.bmm(z);
            return products.reshape([.. batch, shape[^2], target.shape[^1]]);
        }

        /// <summary>[m, k] times [k, n].</summary>
        public Tensor mm(Tensor target)
        {
            Require("mm", 2, this, target);
            return Record(Product(this, target), "mm", [this, target], [this, target],
                static (g, s, i) => (i, s[i].IsTransposed) switch
                {
                    (0, false) => g.mm(s[1].mT),
                    (0, true) => s[1].mm(g.mT).mT,
                    (_, false) => s[0].mT.mm(g),
                    (_, true) => g.mT.mm(s[0]).mT,
                });
        }

        /// <summary>Whether a matrix is the view of one whose rows are its columns; so its gradient is best made.</summary>
        private bool IsTransposed => Strides[0] == 1 && Strides[1] > 1;

        /// <summary>[b, m, k] times [b, k, n], product by product.</summary>
        public Tensor bmm(Tensor batch2)
        {
            Require("bmm", 3, this, batch2);
            return Record(Product(this, batch2), "bmm", [this, batch2], [this, batch2],
                static (g, s, i) => i == 0 ? g.bmm(s[1].mT) : s[0].mT.bmm(g));
        }

        /// <summary>[m, k] times [k].</summary>
        public Tensor mv(Tensor target) => shape.Length == 2 && target.shape.Length == 1 ? matmul(target) : throw Mismatch("mv", this, target);

        /// <summary>The inner product of two vectors.</summary>
        public Tensor dot(Tensor target) => shape.Length == 1 && target.shape.Length == 1 ? matmul(target) : throw Mismatch("dot", this, target);

        private static void Require(string operation, int rank, Tensor a, Tensor b)
        {
            if (a.shape.Length != rank || b.shape.Length != rank || a.shape[^1] != b.shape[^2] || (rank == 3 && a.shape[0] != b.shape[0]))
                throw Mismatch(operation, a, b);
            if (a.dtype != b.dtype || !IsFloat(a.dtype))
                throw Error(operation, $"needs two tensors of one floating-point type; they are {a.dtype} and {b.dtype}");
        }

        private static System.Runtime.InteropServices.ExternalException Mismatch(string operation, Tensor a, Tensor b) =>
            Error(operation, $"the shapes [{Text(a.shape)}] and [{Text(b.shape)}] do not multiply");

        private static Tensor Product(Tensor a, Tensor b) => a.dtype == ScalarType.Float32 ? Product<float>(a, b) : Product<double>(a, b);

        /// <summary>This [m, k] times [k, n] plus a bias [n], without history.</summary>
        internal Tensor Affine(Tensor mat2, Tensor bias)
        {
            Require("linear", 2, this, mat2);
            return dtype == ScalarType.Float32 ? Product<float>(this, mat2, bias) : Product<double>(this, mat2, bias);
        }

        private static unsafe Tensor Product<T>(Tensor a, Tensor b, Tensor? rowBias = null) where T : unmanaged
        {
            var batch = a.shape.Length == 3 ? a.shape[0] : 1;
            var (m, k, n) = ((int)a.shape[^2], (int)a.shape[^1], (int)b.shape[^1]);
            var y = Empty([.. a.shape[..^1], n], a.dtype);
            if (y.numel() == 0)
                return y;
            if (rowBias is not null)
            {
                using var bias = rowBias.Contiguous();
                for (var row = 0; row < m; row++)
                    bias.Span<T>().CopyTo(y.Span<T>().Slice(row * n, n));
            }
            using var x = Matrix(a, out var transA, out var lda);
            using var z = Matrix(b, out var transB, out var ldb);
            fixed (T* px = &x.First<T>(), pz = &z.First<T>(), py = &y.First<T>())
                if (batch == 1)
                    Gemm.Run(transA, transB, m, n, k, px, lda, pz, ldb, py, n, accumulate: rowBias is not null);
                else
                    Gemm.RunBatched((int)batch, transA, transB, m, n, k, px, lda, x.Strides[0], pz, ldb, z.Strides[0], py, n, (long)m * n);
            return y;
        }

        /// <summary>A handle on the matrix in a layout that the kernel reads: rows or columns without gaps inside.</summary>
        private static Tensor Matrix(Tensor a, out bool transposed, out int stride)
        {
            var (rows, columns) = (a.shape[^2], a.shape[^1]);
            var (down, right) = (a.Strides[^2], a.Strides[^1]);
            if ((right == 1 || columns == 1) && (down >= columns || rows == 1))
            {
                (transposed, stride) = (false, (int)(rows == 1 ? Math.Max(1, columns) : down));
                if (columns == 1 && rows > 1 && down < 1)
                    return Matrix(a.Copied(), out transposed, out stride);
                return a.detach();
            }
            if ((down == 1 || rows == 1) && (right >= rows || columns == 1))
            {
                (transposed, stride) = (true, (int)(columns == 1 ? Math.Max(1, rows) : right));
                return a.detach();
            }
            (transposed, stride) = (false, (int)Math.Max(1, columns));
            return a.Copied();
        }
    }

    public static Tensor matmul(Tensor input, Tensor target) => input.matmul(target);
    public static Tensor mm(Tensor input, Tensor target) => input.mm(target);
    public static Tensor bmm(Tensor input, Tensor batch2) => input.bmm(batch2);
    public static Tensor dot(Tensor input, Tensor other) => input.dot(other);
    public static Tensor outer(Tensor input, Tensor vec2) => input.unsqueeze(1).mm(vec2.unsqueeze(0));
}
