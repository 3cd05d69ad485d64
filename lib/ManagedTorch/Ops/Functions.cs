using TorchSharp.Kernels;

namespace TorchSharp;

// Element-wise functions, each beside its derivative.
public static partial class torch
{
    public partial class Tensor
    {
        public Tensor exp() =>
            RecordWithResult(Dispatch.Unary<Exp>("exp", this), "exp", [this], [], static (g, s, _) => g * s[0]);

        public Tensor log() =>
            Record(Dispatch.Unary<Log>("log", this), "log", [this], [this], static (g, s, _) => g / s[0]);

        public Tensor sqrt() =>
            RecordWithResult(Dispatch.Unary<Sqrt>("sqrt", this), "sqrt", [this], [], static (g, s, _) => g / (s[0] * 2));

        public Tensor rsqrt() =>
            RecordWithResult(Dispatch.Unary<ReciprocalSqrt>("rsqrt", this), "rsqrt", [this], [], static (g, s, _) => g * s[0] * s[0] * s[0] * -0.5);

        public Tensor abs() => dtype == ScalarType.Int64 ? maximum(neg())
            : Record(Dispatch.Unary<Abs>("abs", Number("abs")), "abs", [this], [this], static (g, s, _) => g * s[0].sign());

        public Tensor sign() => dtype == ScalarType.Bool ? clone() : dtype == ScalarType.Int64 ? clamp(-1, 1)
            : Record(Dispatch.Unary<Sign>("sign", this), "sign", [this], [], static (g, _, _) => zeros_like(g));

        public Tensor sin() =>
            Record(Dispatch.Unary<Sin>("sin", this), "sin", [this], [this], static (g, s, _) => g * s[0].cos());

        public Tensor cos() =>
            Record(Dispatch.Unary<Cos>("cos", this), "cos", [this], [this], static (g, s, _) => -(g * s[0].sin()));

        /// <summary>Of values in [−1, 1]; the derivative −1/√(1 − x²) is infinite at the ends.</summary>
        public Tensor acos() =>
            Record(Dispatch.Unary<Acos>("acos", this), "acos", [this], [this], static (g, s, _) => -(g / (1 - s[0] * s[0]).sqrt()));

        public Tensor tanh() => RecordWithResult(Dispatch.Unary<Tanh>("tanh", this), "tanh", [this], [], static (g, s, _) => tanh_slope(g, s[0]));

        public Tensor sigmoid() => RecordWithResult(Dispatch.Unary<Sigmoid>("sigmoid", this), "sigmoid", [this], [], static (g, s, _) => sigmoid_slope(g, s[0]));

        public Tensor relu() => dtype == ScalarType.Int64 ? clamp_min(0) : RecordWithResult(Dispatch.Unary<Relu>("relu", Number("relu")), "relu", [this], [], static (g, s, _) => where_positive(g, s[0]));

        /// <summary>Itself, which must not be of truth values.</summary>
        private Tensor Number(string operation) => dtype != ScalarType.Bool ? this : throw Error(operation, "is not defined for tensors of type Bool");

        /// <summary>relu in place; this tensor's memory and history are those of the result.</summary>
        public Tensor relu_()
        {
            var recording = Recording([this]);
            if (recording && (is_leaf || Memory.IsShared))
                throw Error("relu_", $"the tensor of shape [{Text(shape)}] is {(is_leaf ? "a leaf that requires a gradient" : "a view, or others share its memory")}; relu() makes a new one");
            if (!is_contiguous() || dtype == ScalarType.Int64)
            {
                RequireUnexpanded("relu_");
                using var result = detach().relu();
                Assign(result);
            }
            else
            {
                Dispatch.UnaryInto<Relu>("relu_", this, this);
                Memory.Version++;
            }
            if (recording)
            {
                var node = new Node("relu_", [this], [], static (g, s, _) => where_positive(g, s[0]));
                SetHistory(node, 0);
                node.SaveOutput(this);
            }
            return this;
        }

        /// <summary>log(1 + eˣ) without overflow.</summary>
        public Tensor softplus() =>
            Record(Dispatch.Unary<Softplus>("softplus", this), "softplus", [this], [this], static (g, s, _) => g * s[0].sigmoid());

        /// <summary>g where y is positive, else 0; linear in g and, as far as derivatives see, constant in y.</summary>
        private static Tensor where_positive(Tensor g, Tensor y) =>
            Record(Dispatch.Binary<WherePositive>("relu", g, y), "relu_backward", [g], [y], static (h, s, _) => where_positive(h, s[0]));

        private static Tensor tanh_slope(Tensor g, Tensor y) =>
            Record(Dispatch.Binary<TimesOneMinusSquare>("tanh", g, y), "tanh_backward", [g, y], [g, y],
                static (h, s, i) => i == 0 ? tanh_slope(h, s[1]) : h * s[0] * s[1] * -2);

        private static Tensor sigmoid_slope(Tensor g, Tensor y) =>
            Record(Dispatch.Binary<TimesLogisticSlope>("sigmoid", g, y), "sigmoid_backward", [g, y], [g, y],
                static (h, s, i) => i == 0 ? sigmoid_slope(h, s[1]) : h * s[0] * (1 - s[1] * 2));

        public Tensor gt(Tensor target) => Dispatch.Compare<Greater>("gt", this, target);
        public Tensor ge(Tensor target) => Dispatch.Compare<GreaterOrEqual>("ge", this, target);
        public Tensor lt(Tensor target) => Dispatch.Compare<Greater>("lt", target, this);
        public Tensor le(Tensor target) => Dispatch.Compare<GreaterOrEqual>("le", target, this);
        public Tensor eq(Tensor target) => Dispatch.Compare<Equal>("eq", this, target);
        public Tensor ne(Tensor target) => Dispatch.Compare<NotEqual>("ne", this, target);
        public Tensor gt(Scalar target) => gt(Constant(target));
        public Tensor ge(Scalar target) => ge(Constant(target));
        public Tensor lt(Scalar target) => lt(Constant(target));
        public Tensor le(Scalar target) => le(Constant(target));
        public Tensor eq(Scalar target) => eq(Constant(target));
        public Tensor ne(Scalar target) => ne(Constant(target));

        public static Tensor operator >(Tensor left, Tensor right) => left.gt(right);
        public static Tensor operator <(Tensor left, Tensor right) => left.lt(right);
        public static Tensor operator >=(Tensor left, Tensor right) => left.ge(right);
        public static Tensor operator <=(Tensor left, Tensor right) => left.le(right);
        public static Tensor operator >(Tensor left, Scalar right) => left.gt(right);
        public static Tensor operator <(Tensor left, Scalar right) => left.lt(right);
        public static Tensor operator >=(Tensor left, Scalar right) => left.ge(right);
        public static Tensor operator <=(Tensor left, Scalar right) => left.le(right);

        /// <summary>Element-wise, as in TorchSharp; to ask whether there is a tensor at all write <c>t is null</c>.</summary>
        public static Tensor operator ==(Tensor left, Tensor right) => left.eq(right);
        public static Tensor operator !=(Tensor left, Tensor right) => left.ne(right);

        public override bool Equals(object? obj) => ReferenceEquals(this, obj);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

        public Tensor logical_not() => eq(0);

        public Tensor isnan() => ne(this);

        public Tensor isfinite() => dtype == ScalarType.Bool ? ones_like(this) : sub(this).eq(0);

        /// <summary>True if every element is.</summary>
        public Tensor all() => ne(0).to_type(ScalarType.Int64).sum().eq(numel());

        public Tensor any() => ne(0).to_type(ScalarType.Int64).sum().gt(0);

        private Tensor Constant(Scalar s) => full([], s, Dispatch.Promote(this, s));
    }

    /// <summary>condition ? x : y, element by element with broadcasting.</summary>
    public static unsafe Tensor where(Tensor condition, Tensor x, Tensor y)
    {
        if (condition.dtype != ScalarType.Bool)
            throw Error("where", $"the condition must be Bool; it is {condition.dtype}");
        var type = Dispatch.Promote(x, y);
        if (x.dtype != y.dtype)
            return where(condition, x.to_type(type), y.to_type(type));
        var shape = Dispatch.BroadcastShape("where", condition.Shape, Dispatch.BroadcastShape("where", x.Shape, y.Shape));
        var result = Tensor.Empty(shape, type);
        var plan = LoopPlan.Create(shape, Dispatch.BroadcastStrides(condition, shape), Dispatch.BroadcastStrides(x, shape), Dispatch.BroadcastStrides(y, shape));
        if (result.numel() > 0)
            fixed (bool* pc = &condition.First<bool>())
            fixed (byte* px = &x.FirstByte(), py = &y.FirstByte(), pr = &result.FirstByte())
                switch (SizeOf(type))
                {
                    case 4: Elementwise.Where(pc, (int*)px, (int*)py, (int*)pr, plan); break;
                    case 8: Elementwise.Where(pc, (long*)px, (long*)py, (long*)pr, plan); break;
                    default: Elementwise.Where(pc, px, py, pr, plan); break;
                }
        long[][] shapes = [x.shape, y.shape];
        return Record(result, "where", [x, y], [condition],
            (g, s, i) => (i == 0 ? where(s[0], g, zeros_like(g)) : where(s[0], zeros_like(g), g)).sum_to(shapes[i]));
    }

    public static Tensor exp(Tensor input) => input.exp();
    public static Tensor log(Tensor input) => input.log();
    public static Tensor sqrt(Tensor input) => input.sqrt();
    public static Tensor rsqrt(Tensor input) => input.rsqrt();
    public static Tensor abs(Tensor input) => input.abs();
    public static Tensor sin(Tensor input) => input.sin();
    public static Tensor cos(Tensor input) => input.cos();
    public static Tensor acos(Tensor input) => input.acos();
    public static Tensor tanh(Tensor input) => input.tanh();
    public static Tensor sigmoid(Tensor input) => input.sigmoid();
    public static Tensor pow(Tensor left, Scalar exponent) => left.pow(exponent);
    public static Tensor pow(Tensor left, Tensor exponent) => left.pow(exponent);
    public static Tensor square(Tensor input) => input.square();
    public static Tensor clamp(Tensor input, Scalar? min = null, Scalar? max = null) => input.clamp(min, max);
    public static Tensor maximum(Tensor input, Tensor other) => input.maximum(other);
    public static Tensor minimum(Tensor input, Tensor other) => input.minimum(other);
    public static Tensor add(Tensor left, Tensor right) => left.add(right);
    public static Tensor sub(Tensor left, Tensor right) => left.sub(right);
    public static Tensor mul(Tensor left, Tensor right) => left.mul(right);
    public static Tensor div(Tensor left, Tensor right) => left.div(right);
}
