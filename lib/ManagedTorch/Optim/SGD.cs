using TorchSharp.Kernels;
using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <inheritdoc cref="Modules.SGD"/>
            public static SGD SGD(
                IEnumerable<Parameter> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            /// <inheritdoc cref="Modules.SGD"/>
            public static SGD SGD(
                IEnumerable<SGD.ParamGroup> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>
    /// Gradient descent, with momentum (Sutskever et al., 2013) if asked for: g += weight_decay·p; b = momentum·b + (1 - dampening)·g,
    /// the first b being g; p -= lr·b, with <c>nesterov</c> lr·(g + momentum·b). With <c>maximize</c> the step, decay included, is added.
    /// </summary>
    public class SGD : OptimizerHelper
    {
        private readonly Options _defaults;

        public SGD(IEnumerable<Parameter> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, momentum, dampening, weight_decay, nesterov, maximize)
        {
        }

        public SGD(IEnumerable<ParamGroup> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
        {
            _defaults = new Options
            {
                LearningRate = lr,
                momentum = momentum,
                dampening = dampening,
                weight_decay = weight_decay,
                nesterov = nesterov,
                maximize = maximize,
            };
            foreach (var group in parameters)
                add_param_group(group);
        }

        private protected override OptimizerOptions Complete(OptimizerOptions? options)
        {
            var o = (Options?)options ?? new Options();
            o.LearningRate ??= _defaults.LearningRate;
            o.momentum ??= _defaults.momentum;
            o.dampening ??= _defaults.dampening;
            o.weight_decay ??= _defaults.weight_decay;
            o.nesterov ??= _defaults.nesterov;
            o.maximize ??= _defaults.maximize;

            if (!(o.LearningRate >= 0) || !(o.momentum >= 0) || !(o.weight_decay >= 0))
                throw new ArgumentException($"SGD: the learning rate ({o.LearningRate}), momentum ({o.momentum}) and weight decay ({o.weight_decay}) must be 0 or more.");
            if (o.nesterov == true && (o.momentum == 0 || o.dampening != 0))
                throw new ArgumentException($"SGD: Nesterov momentum needs a momentum above 0 (it is {o.momentum}) and no dampening (it is {o.dampening}).");
            return o;
        }

        private protected override unsafe void Update<T>(torch.Tensor p, torch.Tensor gradient, OptimizerOptions options, OptimizerState state)
        {
            var o = (Options)options;
            var buffer = o.momentum == 0 ? null : state.Buffer(0, p);
            fixed (T* pp = &p.First<T>(), pg = &gradient.First<T>(), pb = &(buffer ?? p).First<T>())
            {
                var step = new OptimizerKernels.Sgd<T>
                {
                    P = pp,
                    G = pg,
                    B = buffer is null ? null : pb,
                    Rate = T.CreateChecked(o.maximize!.Value ? o.LearningRate!.Value : -o.LearningRate!.Value),
                    Momentum = T.CreateChecked(o.momentum!.Value),
                    OneMinusDampening = T.CreateChecked(1 - o.dampening!.Value),
                    WeightDecay = T.CreateChecked(o.weight_decay!.Value),
                    Nesterov = o.nesterov!.Value,
                    First = state.Steps == 1,
                };
                OptimizerKernels.Run<OptimizerKernels.Sgd<T>, T>(step, p.numel());
            }
        }

        /// <summary>Hyper-parameters of a group.</summary>
        public class Options : OptimizerOptions
        {
            public double? momentum { get; set; }
            public double? dampening { get; set; }
            public double? weight_decay { get; set; }
            public bool? nesterov { get; set; }
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

            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
                : base(parameters, new Options { LearningRate = lr, momentum = momentum, dampening = dampening, weight_decay = weight_decay, nesterov = nesterov, maximize = maximize })
            {
            }
        }
    }
}
