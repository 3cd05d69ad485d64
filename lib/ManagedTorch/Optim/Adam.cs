using TorchSharp.Kernels;
using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <inheritdoc cref="Modules.Adam"/>
            public static Adam Adam(
                IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            /// <inheritdoc cref="Modules.Adam"/>
            public static Adam Adam(
                IEnumerable<Adam.ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            /// <inheritdoc cref="Modules.AdamW"/>
            public static AdamW AdamW(
                IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            /// <inheritdoc cref="Modules.AdamW"/>
            public static AdamW AdamW(
                IEnumerable<AdamW.ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>
    /// Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015), with <c>amsgrad</c> the variant of Reddi et al.
    /// (2018); <c>weight_decay</c> times the parameter is added to the gradient.
    /// </summary>
    public class Adam : AdamFamily
    {
        public Adam(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }

        public Adam(IEnumerable<ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(parameters, decoupled: false, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }
    }

    /// <summary>
    /// AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019): the parameter is multiplied by
    /// 1 - lr·weight_decay, and the gradient is left alone.
    /// </summary>
    public class AdamW : AdamFamily
    {
        public AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }

        public AdamW(IEnumerable<ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(parameters, decoupled: true, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }
    }

    /// <summary>What Adam and AdamW share: all but where the weight decay acts.</summary>
    public abstract class AdamFamily : OptimizerHelper
    {
        private readonly Options _defaults;
        private readonly bool _decoupled;

        private protected AdamFamily(
            IEnumerable<ParamGroup> groups, bool decoupled, double lr, double beta1, double beta2, double eps, double weight_decay, bool amsgrad, bool maximize)
        {
            _decoupled = decoupled;
            _defaults = new Options
            {
                LearningRate = lr,
                beta1 = beta1,
                beta2 = beta2,
                eps = eps,
                weight_decay = weight_decay,
                amsgrad = amsgrad,
                maximize = maximize,
            };
            foreach (var group in groups)
                add_param_group(group);
        }

        private protected override OptimizerOptions Complete(OptimizerOptions? options)
        {
            var o = (Options?)options ?? new Options();
            o.LearningRate ??= _defaults.LearningRate;
            o.beta1 ??= _defaults.beta1;
            o.beta2 ??= _defaults.beta2;
            o.eps ??= _defaults.eps;
            o.weight_decay ??= _defaults.weight_decay;
            o.amsgrad ??= _defaults.amsgrad;
            o.maximize ??= _defaults.maximize;

            if (!(o.LearningRate >= 0) || !(o.eps >= 0) || !(o.weight_decay >= 0))
                throw new ArgumentException($"Adam: the learning rate ({o.LearningRate}), eps ({o.eps}) and weight decay ({o.weight_decay}) must be 0 or more.");
            if (o.beta1 is not (>= 0 and < 1) || o.beta2 is not (>= 0 and < 1))
                throw new ArgumentException($"Adam: beta1 ({o.beta1}) and beta2 ({o.beta2}) must be at least 0 and less than 1.");
            return o;
        }

        private protected override unsafe void Update<T>(torch.Tensor p, torch.Tensor gradient, OptimizerOptions options, OptimizerState state)
        {
            var o = (Options)options;
            var (m, v) = (state.Buffer(0, p), state.Buffer(1, p));
            var greatest = o.amsgrad!.Value ? state.Buffer(2, p) : null;
            var (rate, decay) = (o.LearningRate!.Value, o.weight_decay!.Value);
            var (beta1, beta2) = (o.beta1!.Value, o.beta2!.Value);
            fixed (T* pp = &p.First<T>(), pg = &gradient.First<T>(), pm = &m.First<T>(), pv = &v.First<T>(), pGreatest = &(greatest ?? p).First<T>())
            {
                var step = new OptimizerKernels.Adam<T>
                {
                    P = pp,
                    G = pg,
                    M = pm,
                    V = pv,
                    Greatest = greatest is null ? null : pGreatest,
                    Sign = o.maximize!.Value ? -T.One : T.One,
                    Beta1 = T.CreateChecked(beta1),
                    OneMinusBeta1 = T.CreateChecked(1 - beta1),
                    Beta2 = T.CreateChecked(beta2),
                    OneMinusBeta2 = T.CreateChecked(1 - beta2),
                    Epsilon = T.CreateChecked(o.eps!.Value),
                    WeightDecay = T.CreateChecked(_decoupled ? 0 : decay),
                    Shrink = T.CreateChecked(_decoupled ? 1 - rate * decay : 1),
                    StepSize = T.CreateChecked(rate / (1 - Math.Pow(beta1, state.Steps))),
                    RootCorrection2 = T.CreateChecked(Math.Sqrt(1 - Math.Pow(beta2, state.Steps))),
                };
                OptimizerKernels.Run<OptimizerKernels.Adam<T>, T>(step, p.numel());
            }
        }

        /// <summary>Hyper-parameters of a group.</summary>
        public class Options : OptimizerOptions
        {
            public double? beta1 { get; set; }
            public double? beta2 { get; set; }
            public double? weight_decay { get; set; }
            public double? eps { get; set; }
            public bool? amsgrad { get; set; }
            public bool? maximize { get; set; }
        }

        /// <inheritdoc/>
        public class ParamGroup : ParamGroup<Options>
        {
            public ParamGroup()
            {
            }

            public ParamGroup(IEnumerable<Parameter> parameters, Options? options)
                : base(parameters, options)
            {
            }

            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
                : base(parameters, new Options { LearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps, weight_decay = weight_decay, amsgrad = amsgrad, maximize = maximize })
            {
            }
        }
    }
}
