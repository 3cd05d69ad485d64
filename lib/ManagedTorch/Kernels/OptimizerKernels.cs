using System.Numerics;

namespace TorchSharp.Kernels;

/// <summary>One step of an optimiser as one pass over a parameter, its gradient g and the optimiser's memory of it.</summary>
internal static unsafe class OptimizerKernels
{
    private const long Grain = 16384;

    public static void Run<TStep, T>(TStep step, long count)
        where TStep : unmanaged, IStep<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new StepJob<TStep, T> { Step = step, Count = count };
        WorkPool.Run(checked((int)((count + Grain - 1) / Grain)), ref job);
    }

    /// <summary>The update of the elements from i on: one vector of them, or one element where the vector is a scalar in lane 0.</summary>
    internal interface IStep<T>
        where T : unmanaged
    {
        void Apply<TLanes>(long i)
            where TLanes : struct, ILanes<T>;
    }

    /// <summary>How elements are loaded and stored: a whole vector at a time, or a single element.</summary>
    internal interface ILanes<T>
        where T : unmanaged
    {
        static abstract Vector<T> Load(T* p);

        static abstract void Store(T* p, Vector<T> value);
    }

    internal readonly struct Whole<T> : ILanes<T>
        where T : unmanaged
    {
        public static Vector<T> Load(T* p) => Vector.Load(p);

        public static void Store(T* p, Vector<T> value) => value.Store(p);
    }

    internal readonly struct Single<T> : ILanes<T>
        where T : unmanaged
    {
        public static Vector<T> Load(T* p) => Vector.CreateScalar(*p);

        public static void Store(T* p, Vector<T> value) => *p = value.ToScalar();
    }

    private struct StepJob<TStep, T> : IJob
        where TStep : unmanaged, IStep<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public TStep Step;
        public long Count;

        public void Execute(int index)
        {
            var i = index * Grain;
            var end = Math.Min(i + Grain, Count);
            for (; i <= end - Vector<T>.Count; i += Vector<T>.Count)
                Step.Apply<Whole<T>>(i);
            for (; i < end; i++)
                Step.Apply<Single<T>>(i);
        }
    }

    /// <summary>
    /// Gradient descent with momentum: b = momentum·b + (1 - dampening)·g, p += rate·b, or rate·(g + momentum·b) as Nesterov has it.
    /// </summary>
    internal struct Sgd<T> : IStep<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public T* P, G;

        /// <summary>The momentum's buffer, or null without momentum.</summary>
        public T* B;

        /// <summary>The learning rate, negative for descent.</summary>
        public T Rate;

        public T Momentum, OneMinusDampening, WeightDecay;
        public bool Nesterov;

        /// <summary>The buffer is still empty: its first value is the gradient itself.</summary>
        public bool First;

        public readonly void Apply<TLanes>(long i)
            where TLanes : struct, ILanes<T>
        {
            var p = TLanes.Load(P + i);
            var g = TLanes.Load(G + i) + p * WeightDecay;
            if (B != null)
            {
                var b = First ? g : TLanes.Load(B + i) * Momentum + g * OneMinusDampening;
                TLanes.Store(B + i, b);
                g = Nesterov ? g + b * Momentum : b;
            }
            TLanes.Store(P + i, p + g * Rate);
        }
    }

    /// <summary>Adam (Kingma and Ba, 2015, algorithm 1), AMSGrad (Reddi et al., 2018), AdamW (Loshchilov and Hutter, 2019, algorithm 2).</summary>
    internal struct Adam<T> : IStep<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public T* P, G;

        /// <summary>The running means of the gradient and of its square.</summary>
        public T* M, V;

        /// <summary>The greatest V so far, or null without AMSGrad.</summary>
        public T* Greatest;

        /// <summary>1 or, to maximise, -1.</summary>
        public T Sign;

        public T Beta1, OneMinusBeta1, Beta2, OneMinusBeta2, Epsilon;

        /// <summary>Added to the gradient in units of the parameter.</summary>
        public T WeightDecay;

        /// <summary>What the parameter is multiplied by beforehand: 1 - rate·decay for AdamW, else 1.</summary>
        public T Shrink;

        /// <summary>The learning rate over the first mean's bias correction, 1 - beta1^t.</summary>
        public T StepSize;

        /// <summary>√(1 - beta2^t).</summary>
        public T RootCorrection2;

        public readonly void Apply<TLanes>(long i)
            where TLanes : struct, ILanes<T>
        {
            var p = TLanes.Load(P + i);
            var g = TLanes.Load(G + i) * Sign + p * WeightDecay;
            p *= Shrink;
            var m = TLanes.Load(M + i) * Beta1 + g * OneMinusBeta1;
            var v = TLanes.Load(V + i) * Beta2 + g * g * OneMinusBeta2;
            TLanes.Store(M + i, m);
            TLanes.Store(V + i, v);
            if (Greatest != null)
            {
                v = Vector.Max(TLanes.Load(Greatest + i), v);
                TLanes.Store(Greatest + i, v);
            }
            var denominator = Vector.SquareRoot(v) / new Vector<T>(RootCorrection2) + new Vector<T>(Epsilon);
            TLanes.Store(P + i, p - m / denominator * StepSize);
        }
    }
}
