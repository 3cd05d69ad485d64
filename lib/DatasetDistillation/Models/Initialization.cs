using static TorchSharp.torch;

namespace DatasetDistillation.Models;

/// <summary>Which of a weight's fans its variance is divided by.</summary>
internal enum Fan
{
    /// <summary>The number of inputs.</summary>
    In,

    /// <summary>The number of outputs.</summary>
    Out,

    /// <summary>The mean of both.</summary>
    Average,
}

/// <summary>
/// A distribution p(θ₀) of a network's parameters before training: independent elements, weights of variance
/// gain/fan, biases zero or with a given standard deviation, gains of normalizations 1.
/// </summary>
public sealed record Initialization
{
    internal Initialization(string name, Fan fan, double gain, bool uniform = false) =>
        (Name, Fan, Gain, Uniform) = (name, fan, gain, uniform);

    /// <summary>Every parameter zero, but for gains of normalizations: where a convex model, such as softmax regression, begins.</summary>
    public static Initialization Zero { get; } = new("zero", Fan.In, 0);

    /// <summary>Normal, variance 2/(fan in + fan out) (Glorot and Bengio 2010, eq. 12).</summary>
    public static Initialization XavierNormal { get; } = new("Xavier normal", Fan.Average, 1);

    /// <summary>Uniform in ±√(6/(fan in + fan out)) (Glorot and Bengio 2010, eq. 16); what Keras starts from.</summary>
    public static Initialization XavierUniform { get; } = new("Xavier uniform", Fan.Average, 1, uniform: true);

    /// <summary>Normal, variance 2/fan in (He et al. 2015, eq. 10), which keeps the scale through ReLUs.</summary>
    public static Initialization HeNormal { get; } = new("He normal", Fan.In, 2);

    /// <summary>
    /// Normal, variance 1/(2·fan in): a quarter of He's, so that a ReLU network begins near zero. A few
    /// images do not train away all that a wide network answers at random; small answers do no harm.
    /// </summary>
    public static Initialization SmallNormal { get; } = new("small normal", Fan.In, 0.5);

    /// <summary>Uniform, variance 2/fan in.</summary>
    public static Initialization HeUniform { get; } = new("He uniform", Fan.In, 2, uniform: true);

    /// <summary>Normal, variance 1/fan in (LeCun et al. 1998, eq. 16).</summary>
    public static Initialization LeCunNormal { get; } = new("LeCun normal", Fan.In, 1);

    /// <summary>Uniform, variance 1/fan in.</summary>
    public static Initialization LeCunUniform { get; } = new("LeCun uniform", Fan.In, 1, uniform: true);

    /// <summary>What it is called.</summary>
    public string Name { get; init; }

    /// <summary>Which fan divides the variance.</summary>
    internal Fan Fan { get; init; }

    /// <summary>The variance times the fan.</summary>
    public double Gain { get; init; }

    /// <summary>Whether elements are uniform instead of normal, with the same variance.</summary>
    public bool Uniform { get; init; }

    /// <summary>The standard deviation of biases; 0: they start at zero.</summary>
    public double BiasStandardDeviation { get; init; }

    /// <summary>The standard deviation of the elements of a parameter.</summary>
    internal double StandardDeviation(ParameterSpec parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.Role switch
        {
            ParameterRole.Gain => 0,
            ParameterRole.Bias => BiasStandardDeviation,
            _ => Math.Sqrt(Gain / Fan switch
            {
                Fan.In => parameter.FanIn,
                Fan.Out => parameter.FanOut,
                _ => (parameter.FanIn + parameter.FanOut) / 2.0,
            }),
        };
    }

    /// <summary>The name and the biases.</summary>
    public override string ToString() =>
        BiasStandardDeviation == 0 ? Name : FormattableString.Invariant($"{Name}, biases ±{BiasStandardDeviation:G3}");

    /// <summary>What turns a vector of standard numbers into parameters of a layout.</summary>
    internal Scaling For(ParameterLayout layout, ScalarType type)
    {
        // rand is uniform in [0, 1): mean 1/2, variance 1/12.
        double unit = Uniform ? Math.Sqrt(12) : 1;
        var scale = new double[layout.TotalCount];
        var shift = new double[layout.TotalCount];
        foreach (var parameter in layout)
        {
            double deviation = unit * StandardDeviation(parameter);
            scale.AsSpan((int)parameter.Offset, (int)parameter.Count).Fill(deviation);
            shift.AsSpan((int)parameter.Offset, (int)parameter.Count).Fill(
                parameter.Role == ParameterRole.Gain ? 1 : Uniform ? -deviation / 2 : 0);
        }
        return new Scaling(
            Uniform,
            tensor(scale, type).DetachFromDisposeScope(),
            Array.TrueForAll(shift, static s => s == 0) ? null : tensor(shift, type).DetachFromDisposeScope());
    }

    /// <summary>Scale and shift of every element, so that all parameters are drawn in one go.</summary>
    internal sealed record Scaling(bool Uniform, Tensor Scale, Tensor? Shift)
    {
        public Tensor Draw(Generator generator)
        {
            var drawn = Uniform
                ? rand(Scale.shape, Scale.dtype, generator: generator)
                : randn(Scale.shape, Scale.dtype, generator: generator);
            drawn.mul_(Scale);
            return Shift is null ? drawn : drawn.PlusInPlace(Shift);
        }
    }
}
