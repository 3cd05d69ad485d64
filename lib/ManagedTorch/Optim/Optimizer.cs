using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <summary>Adjusts parameters by their gradients, group by group.</summary>
            public abstract class Optimizer : IDisposable
            {
                private protected Optimizer()
                {
                }

                public abstract IEnumerable<ILearningRateController> ParamGroups { get; }

                /// <summary>Zeroes in place the gradients that there are.</summary>
                public abstract void zero_grad();

                /// <summary>
                /// Computes the loss if there is a <paramref name="closure"/>, then takes one step. Parameters without a gradient stay.
                /// </summary>
                public abstract Tensor? step(Func<Tensor>? closure = null);

                public abstract IEnumerable<Parameter> parameters();

                public abstract void add_param_group(ParamGroup param_group);

                public void Dispose()
                {
                    Dispose(true);
                    GC.SuppressFinalize(this);
                }

                protected abstract void Dispose(bool disposing);
            }

            /// <summary>What a learning-rate schedule sees of a parameter group.</summary>
            public interface ILearningRateController
            {
                double LearningRate { get; set; }

                /// <summary>The rate with which the group began.</summary>
                double InitialLearningRate { get; set; }
            }
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>The hyper-parameters of a group that every optimiser has; those not set are the optimiser's own.</summary>
    public class OptimizerOptions
    {
        public double? LearningRate { get; set; }

        public double InitialLearningRate { get; set; }
    }

    /// <summary>Parameters that share hyper-parameters.</summary>
    public class ParamGroup : torch.optim.ILearningRateController
    {
        public IEnumerable<Parameter> Parameters { get; set; } = [];

        public OptimizerOptions? Options { get; set; }

        public double LearningRate
        {
            get => Options?.LearningRate ?? throw new InvalidOperationException("The parameter group has no learning rate until it is added to an optimiser.");
            set => (Options ?? throw new InvalidOperationException("The parameter group has no options until it is added to an optimiser.")).LearningRate = value;
        }

        public double InitialLearningRate
        {
            get => Options?.InitialLearningRate ?? 0;
            set => (Options ?? throw new InvalidOperationException("The parameter group has no options until it is added to an optimiser.")).InitialLearningRate = value;
        }
    }

    /// <inheritdoc/>
    public class ParamGroup<TOptions> : ParamGroup
        where TOptions : OptimizerOptions
    {
        public ParamGroup()
        {
        }

        public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null) => (Parameters, Options) = (parameters, options);

        public new TOptions? Options
        {
            get => (TOptions?)base.Options;
            set => base.Options = value;
        }
    }

    /// <summary>What all optimisers do alike: groups, gradients to zero, and one pass per parameter in a step.</summary>
    public abstract class OptimizerHelper : torch.optim.Optimizer
    {
        private readonly List<ParamGroup> _groups = [];
        private readonly Dictionary<Parameter, OptimizerState> _states = new(ReferenceEqualityComparer.Instance);

        public override IEnumerable<torch.optim.ILearningRateController> ParamGroups => _groups;

        public override IEnumerable<Parameter> parameters() => _groups.SelectMany(g => g.Parameters);

        /// <summary>Adds a group; options that it does not set are the optimiser's own.</summary>
        public override void add_param_group(ParamGroup param_group)
        {
            param_group.Parameters = [.. param_group.Parameters];
            var known = new HashSet<Parameter>(_states.Keys, ReferenceEqualityComparer.Instance);
            foreach (var p in param_group.Parameters)
            {
                if (!torch.IsFloat(p.dtype) || !p.is_contiguous())
                    throw new ArgumentException($"A parameter must be a contiguous floating-point tensor; this one is {p.dtype}, of shape [{torch.Text(p.shape)}].");
                if (!known.Add(p))
                    throw new ArgumentException($"The parameter of shape [{torch.Text(p.shape)}] is given to this optimiser twice.");
            }
            param_group.Options = Complete(param_group.Options);
            param_group.Options.InitialLearningRate = param_group.LearningRate;
            foreach (var p in param_group.Parameters)
                _states[p] = new OptimizerState();
            _groups.Add(param_group);
        }

        public override void zero_grad()
        {
            foreach (var p in parameters())
                p.grad?.zero_();
        }

        public override torch.Tensor? step(Func<torch.Tensor>? closure = null)
        {
            torch.Tensor? loss = null;
            if (closure is not null)
            {
                using var enabled = new GradMode.Switch(true);
                loss = closure();
            }
            using var disabled = new GradMode.Switch(false);
            foreach (var group in _groups)
            {
                foreach (var p in group.Parameters)
                {
                    if (p.grad is { } gradient)
                        Step(p, gradient, group.Options!, _states[p]);
                }
            }
            return loss;
        }

        private void Step(Parameter p, torch.Tensor gradient, OptimizerOptions options, OptimizerState state)
        {
            if (gradient.dtype != p.dtype || !gradient.Shape.SequenceEqual(p.Shape))
                throw new InvalidOperationException(
                    $"The gradient of shape [{torch.Text(gradient.shape)}] ({gradient.dtype}) does not fit its parameter of shape [{torch.Text(p.shape)}] ({p.dtype}).");
            using var g = gradient.Contiguous();
            state.Steps++;
            if (p.dtype == torch.ScalarType.Float32)
                Update<float>(p, g, options, state);
            else
                Update<double>(p, g, options, state);
            p.Memory.Version++;
        }

        /// <summary>The options with those that are not set (or all, if there are none) taken from the optimiser's own.</summary>
        private protected abstract OptimizerOptions Complete(OptimizerOptions? options);

        /// <summary>Takes step number <c>state.Steps</c> (from 1) on one parameter; all tensors are contiguous.</summary>
        private protected abstract void Update<T>(torch.Tensor p, torch.Tensor gradient, OptimizerOptions options, OptimizerState state)
            where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>;

        protected override void Dispose(bool disposing)
        {
            foreach (var state in _states.Values)
                state.Dispose();
        }

        /// <summary>What the optimiser remembers of one parameter: the steps taken and some buffers of its shape, zero at first.</summary>
        private protected sealed class OptimizerState : IDisposable
        {
            private readonly torch.Tensor?[] _buffers = new torch.Tensor?[3];

            public long Steps { get; set; }

            public torch.Tensor Buffer(int index, torch.Tensor like) => _buffers[index] ??= torch.zeros_like(like).DetachFromDisposeScope();

            public void Dispose()
            {
                foreach (var buffer in _buffers)
                    buffer?.Dispose();
            }
        }
    }
}
