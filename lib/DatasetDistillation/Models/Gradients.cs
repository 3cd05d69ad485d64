using static TorchSharp.torch;

namespace DatasetDistillation.Models;

/// <summary>Derivatives by automatic differentiation. What goes wrong inside a network's backward pass is thrown here.</summary>
internal static class Gradients
{
    /// <summary>The gradient of a number, or the product of a cotangent with the Jacobian of a tensor.</summary>
    /// <param name="output">What is differentiated.</param>
    /// <param name="input">With respect to what; of the output's graph.</param>
    /// <param name="cotangent">Shaped as the output; null where that is one number: 1.</param>
    /// <param name="keepGraph">Whether the graph is needed again.</param>
    /// <param name="createGraph">Whether the gradient has a history of its own; the graph is then kept as well.</param>
    /// <returns>The gradient, shaped as the input.</returns>
    /// <exception cref="InvalidOperationException">The backward pass of a network failed.</exception>
    public static Tensor Of(Tensor output, Tensor input, Tensor? cotangent = null, bool keepGraph = false, bool createGraph = false) =>
        Of(output, [input], cotangent, keepGraph, createGraph)[0];

    /// <summary>The same with respect to several tensors.</summary>
    /// <param name="output">What is differentiated.</param>
    /// <param name="inputs">With respect to what.</param>
    /// <param name="cotangent">Shaped as the output; null where that is one number: 1.</param>
    /// <param name="keepGraph">Whether the graph is needed again.</param>
    /// <param name="createGraph">Whether the gradients have a history of their own; the graph is then kept as well.</param>
    /// <param name="allowUnused">Whether an input may be none of the graph's; its gradient is then an invalid tensor.</param>
    /// <exception cref="InvalidOperationException">The backward pass of a network failed.</exception>
    public static IList<Tensor> Of(
        Tensor output, IList<Tensor> inputs, Tensor? cotangent = null, bool keepGraph = false, bool createGraph = false,
        bool allowUnused = false)
    {
        var gradients = autograd.grad([output], inputs, cotangent is null ? null : [cotangent], keepGraph || createGraph,
            createGraph, allowUnused);
        BackwardFailure.Throw();
        return gradients;
    }
}
