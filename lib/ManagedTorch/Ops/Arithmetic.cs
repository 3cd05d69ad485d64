using TorchSharp.Kernels;

namespace TorchSharp;

// Each operation stands beside its derivative with respect to each input.
public static partial class torch
{
    public partial class Tensor
    {
        private static readonly Scalar MinusOne = -1;

        public Tensor add(Tensor target)
        {
            if (dtype != target.dtype)
                return InOneType(this, target, static (a, b) => a.add(b));
            var y = Dispatch.Binary<Add>("add", this, target);
            return Shape.SequenceEqual(target.Shape)
                ? Record(y, "add", [this, target], [], static (g, _, _) => g)
                : Record(y, "add", [this, target], [], ToShapes(shape, target.shape, static g => g));
        }

        public Tensor add(Tensor target, Scalar alpha)
        {
            if (dtype != target.dtype)
                return InOneType(this, target, (a, b) => a.add(b, alpha));
            if (!IsFloat(dtype) && alpha.IsFloatingPoint)
                throw Error("add", $"a factor that is a fraction does not fit tensors of type {dtype}");
            if (!Dispatch.Aligned(this, target))
            {
                using var scaled = target.mul(alpha);
                using var converted = scaled.to_type(dtype);
                return add(converted);
            }
            var y = Empty(shape, dtype);
            Dispatch.AddScaled(this, target, alpha.ToDouble(), y);
            return Record(y, "add", [this, target], [], (g, _, i) => i == 0 ? g : g.mul(alpha));
        }

        public Tensor add(Scalar scalar) =>
            Record(Dispatch.Binary<Add>("add", this, scalar), "add", [this], [], static (g, _, _) => g);

        public Tensor sub(Tensor target)
        {
            RequireNumbers(dtype, target.dtype);
            if (dtype != target.dtype)
                return InOneType(this, target, static (a, b) => a.sub(b));
            var y = Dispatch.Binary<Subtract>("sub", this, target);
            return Shape.SequenceEqual(target.Shape)
                ? Record(y, "sub", [this, target], [], static (g, _, i) => i == 0 ? g : -g)
                : Record(y, "sub", [this, target], [], ToShapes(shape, target.shape, static g => -g));
        }

        public Tensor sub(Scalar target)
        {
            RequireNumbers(dtype, target.Type);
            return Record(Dispatch.Binary<Subtract>("sub", this, target), "sub", [this], [], static (g, _, _) => g);
        }

        public Tensor mul(Tensor target) => dtype != target.dtype
            ? InOneType(this, target, static (a, b) => a.mul(b))
            : Record(Dispatch.Binary<Multiply>("mul", this, target), "mul", [this, target], [this, target],
                static (g, s, i) => g.mul(s[1 - i]).sum_to(s[i].shape));

        public Tensor mul(Scalar target) =>
            Record(Dispatch.Binary<Multiply>("mul", this, target), "mul", [this], [], (g, _, _) => g.mul(target));

        public Tensor div(Tensor target)
        {
            if (!IsFloat(Dispatch.Promote(this, target)))
                return Floating().div(target.Floating());
            if (dtype != target.dtype)
                return InOneType(this, target, static (a, b) => a.div(b));
            return Record(Dispatch.Binary<Divide>("div", this, target), "div", [this, target], [this, target],
                static (g, s, i) => (i == 0 ? g.div(s[1]) : -(g * (s[0] / s[1] / s[1]))).sum_to(s[i].shape));
        }

        public Tensor div(Scalar target) => IsFloat(dtype)
            ? Record(Dispatch.Binary<Divide>("div", this, target), "div", [this], [], (g, _, _) => g.div(target))
            : Floating().div(target);

        public Tensor neg()
        {
            RequireNumbers(dtype, dtype);
            return Record(Dispatch.Binary<Multiply>("neg", this, MinusOne), "neg", [this], [], static (g, _, _) => g.neg());
        }

        /// <summary>this + value·tensor1·tensor2.</summary>
        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value)
        {
            if (tensor2.Shape.Length > 0 || tensor2.dtype != dtype || !Dispatch.Aligned(this, tensor1))
            {
                using var product = tensor1.mul(tensor2);
                return add(product, value);
            }
            // A step of gradient descent with a learned rate: one pass over the parameters.
            var y = Empty(shape, dtype);
            Dispatch.AddScaled(this, tensor1, value.ToDouble() * tensor2.ToDouble(), y);
            return Record(y, "addcmul", [this, tensor1, tensor2], [tensor1, tensor2], (g, s, i) =>
                i == 0 ? g : (i == 1 ? g.mul(s[1]) : g.mul(s[0]).sum()).mul(value));
        }

        /// <summary>Element-wise; where both are equal the gradient is shared equally.</summary>
        public Tensor maximum(Tensor other) => dtype != other.dtype ? InOneType(this, other, static (a, b) => a.maximum(b)) : Record(Dispatch.Binary<Maximum>("maximum", this, other), "maximum", [this, other], [this, other],
            static (g, s, i) => (g * Share(s[i], s[1 - i], g.dtype)).sum_to(s[i].shape));

        public Tensor minimum(Tensor other) => dtype != other.dtype ? InOneType(this, other, static (a, b) => a.minimum(b)) : Record(Dispatch.Binary<Minimum>("minimum", this, other), "minimum", [this, other], [this, other],
            static (g, s, i) => (g * Share(s[1 - i], s[i], g.dtype)).sum_to(s[i].shape));

        /// <summary>Keeps each element within [min, max]; the gradient passes where the element was within.</summary>
        public Tensor clamp(Scalar? min = null, Scalar? max = null)
        {
            if (min is null && max is null)
                throw new ArgumentException("clamp: give a minimum, a maximum or both.");
            using var raised = min is null ? alias() : Dispatch.Binary<Maximum>("clamp", this, min);
            var y = max is null ? raised.detach() : Dispatch.Binary<Minimum>("clamp", raised, max);
            return Record(y, "clamp", [this], [this], (g, s, _) => g * Within(s[0], min, max, g.dtype));
        }

        public Tensor clamp_min(Scalar min) => clamp(min, null);

        public Tensor clamp_max(Scalar max) => clamp(null, max);

        public Tensor pow(Scalar exponent)
        {
            var p = exponent.ToDouble();
            if (!IsFloat(dtype))
            {
                if (!exponent.IsFloatingPoint && p < 0)
                    throw Error("pow", $"an integer to the power of {p} is a fraction; convert with to_type() first");
                using var power = full([], exponent, Dispatch.Promote(this, exponent));
                return pow(power);
            }
            return p == 2
                ? Record(Dispatch.Binary<Multiply>("pow", this, this), "pow", [this], [this], static (g, s, _) => g * s[0] * 2)
                : Record(Dispatch.Power(this, p), "pow", [this], [this], (g, s, _) => p == 0 ? zeros_like(g) : g * s[0].pow(p - 1) * p);
        }

        /// <summary>Element-wise; the derivatives at 0⁰ and, with respect to an exponent from 0 on, at base 0 are 0.</summary>
        public Tensor pow(Tensor exponent)
        {
            if (!IsFloat(Dispatch.Promote(this, exponent)))
                return Dispatch.IntegerPower(this, exponent);
            if (dtype != exponent.dtype)
                return InOneType(this, exponent, static (a, b) => a.pow(b));
            return Record(Dispatch.Power(this, exponent), "pow", [this, exponent], [this, exponent], static (g, s, i) =>
            {
                var slope = i == 0
                    ? where(s[1].eq(0), zeros_like(s[1]), s[1] * s[0].pow(s[1] - 1))
                    : s[0].pow(s[1]) * where(s[0].eq(0) * s[1].ge(0), ones_like(s[0]), s[0]).log();
                return (g * slope).sum_to(s[i].shape);
            });
        }

        public Tensor square() => pow(2);

        public static Tensor operator +(Tensor left, Tensor right) => left.add(right);
        public static Tensor operator +(Tensor left, Scalar right) => left.add(right);
        public static Tensor operator +(Scalar left, Tensor right) => right.add(left);
        public static Tensor operator -(Tensor left, Tensor right) => left.sub(right);
        public static Tensor operator -(Tensor left, Scalar right) => left.sub(right);
        public static Tensor operator -(Scalar left, Tensor right)
        {
            RequireNumbers(right.dtype, right.dtype);
            return Record(Dispatch.Binary<Subtract>("sub", right, left, scalarFirst: true), "sub", [right], [], static (g, _, _) => -g);
        }

        public static Tensor operator -(Tensor tensor) => tensor.neg();
        public static Tensor operator *(Tensor left, Tensor right) => left.mul(right);
        public static Tensor operator *(Tensor left, Scalar right) => left.mul(right);
        public static Tensor operator *(Scalar left, Tensor right) => right.mul(left);
        public static Tensor operator /(Tensor left, Tensor right) => left.div(right);
        public static Tensor operator /(Tensor left, Scalar right) => left.div(right);
        public static Tensor operator /(Scalar left, Tensor right) => IsFloat(right.dtype)
            ? Record(Dispatch.Binary<Divide>("div", right, left, scalarFirst: true), "div", [right], [right], (g, s, _) => -(g * (left / s[0] / s[0])))
            : left / right.Floating();

        /// <summary>Adds up what broadcasting repeated, so that the result has <paramref name="shape"/> again; itself when nothing was.</summary>
        internal Tensor sum_to(long[] shape)
        {
            if (Shape.SequenceEqual(shape))
                return this;
            var extra = Shape.Length - shape.Length;
            var dims = new List<long>();
            for (var i = 0; i < Shape.Length; i++)
                if (i < extra || (shape[i - extra] == 1 && Shape[i] != 1))
                    dims.Add(i);
            return sum([.. dims], keepdim: true).reshape(shape);
        }

        /// <summary>An operation on two tensors of different types, each converted to the type that both promote to.</summary>
        private static Tensor InOneType(Tensor a, Tensor b, Func<Tensor, Tensor, Tensor> operation)
        {
            var type = Dispatch.Promote(a, b);
            using var x = a.dtype == type ? null : a.to_type(type);
            using var z = b.dtype == type ? null : b.to_type(type);
            return operation(x ?? a, z ?? b);
        }

        /// <summary>Truth values are not subtracted, as nothing but "not" would be a sensible result.</summary>
        private static void RequireNumbers(ScalarType a, ScalarType b)
        {
            if (a == ScalarType.Bool || b == ScalarType.Bool)
                throw Error("sub", $"is not defined for {a} and {b}; use logical_not(), or convert with to_type() first");
        }

        /// <summary>Itself, or integers as Float32.</summary>
        private Tensor Floating() => IsFloat(dtype) ? this : to_type(ScalarType.Float32);

        private static Derivative ToShapes(long[] a, long[] b, Func<Tensor, Tensor> second) =>
            (g, _, i) => i == 0 ? g.sum_to(a) : second(g).sum_to(b);

        private static Tensor Share(Tensor winner, Tensor loser, ScalarType type)
        {
            using var _ = no_grad();
            return winner.lt(loser).logical_not().to_type(type) - winner.eq(loser).to_type(type) * 0.5;
        }

        private static Tensor Within(Tensor x, Scalar? min, Scalar? max, ScalarType type)
        {
            using var _ = no_grad();
            var above = min is null ? null : x.ge(min).to_type(type);
            var below = max is null ? null : x.le(max).to_type(type);
            return above is null ? below! : below is null ? above : above * below;
        }
    }
}
