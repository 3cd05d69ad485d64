namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Learning-rate schedules; making one sets the rate of epoch 0, and each <c>step()</c> that of the next epoch.</summary>
        public static class lr_scheduler
        {
            /// <summary>Multiplies the rate by <paramref name="gamma"/> every <paramref name="step_size"/> epochs.</summary>
            public static LRScheduler StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1) =>
                new impl.StepLR(optimizer, step_size, gamma, last_epoch);

            /// <summary>
            /// Lowers the rate from its initial value to <paramref name="eta_min"/> over <paramref name="T_max"/> epochs along half a
            /// cosine (Loshchilov and Hutter, "SGDR", 2017, equation 5).
            /// </summary>
            public static LRScheduler CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1) =>
                new impl.CosineAnnealingLR(optimizer, T_max, eta_min, last_epoch);

            /// <summary>The initial rate times a function of the epoch.</summary>
            public static LRScheduler LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1) =>
                new impl.LambdaLR(optimizer, lr_lambda, last_epoch);

            /// <summary>Sets the learning rates of an optimiser's groups epoch by epoch.</summary>
            public abstract class LRScheduler
            {
                private readonly Optimizer _optimizer;
                private readonly double[] _initial;
                private int _epoch;

                private protected LRScheduler(Optimizer optimizer, int last_epoch)
                {
                    _optimizer = optimizer;
                    _epoch = last_epoch;
                    _initial = [.. optimizer.ParamGroups.Select(g => g.InitialLearningRate)];
                }

                public void step()
                {
                    _epoch++;
                    foreach (var (group, initial) in _optimizer.ParamGroups.Zip(_initial))
                        group.LearningRate = Next(_epoch, group.LearningRate, initial);
                }

                public IEnumerable<double> get_last_lr() => _optimizer.ParamGroups.Select(g => g.LearningRate);

                /// <summary>The rate of <paramref name="epoch"/>, given that of the epoch before and that of the beginning.</summary>
                private protected abstract double Next(int epoch, double current, double initial);
            }

            public static class impl
            {
                /// <inheritdoc cref="lr_scheduler.StepLR"/>
                public class StepLR : LRScheduler
                {
                    private readonly int _size;
                    private readonly double _gamma;

                    public StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1)
                        : base(optimizer, last_epoch)
                    {
                        ArgumentOutOfRangeException.ThrowIfLessThan(step_size, 1);
                        (_size, _gamma) = (step_size, gamma);
                        step();
                    }

                    private protected override double Next(int epoch, double current, double initial) =>
                        epoch != 0 && epoch % _size == 0 ? current * _gamma : current;
                }

                /// <inheritdoc cref="lr_scheduler.CosineAnnealingLR"/>
                public class CosineAnnealingLR : LRScheduler
                {
                    private readonly double _period;
                    private readonly double _minimum;

                    public CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1)
                        : base(optimizer, last_epoch)
                    {
                        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(T_max);
                        (_period, _minimum) = (T_max, eta_min);
                        step();
                    }

                    private protected override double Next(int epoch, double current, double initial) =>
                        _minimum + (initial - _minimum) * (1 + Math.Cos(Math.PI * epoch / _period)) / 2;
                }

                /// <inheritdoc cref="lr_scheduler.LambdaLR"/>
                public class LambdaLR : LRScheduler
                {
                    private readonly Func<int, double> _factor;

                    public LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1)
                        : base(optimizer, last_epoch)
                    {
                        _factor = lr_lambda;
                        step();
                    }

                    private protected override double Next(int epoch, double current, double initial) => initial * _factor(epoch);
                }
            }
        }
    }
}
