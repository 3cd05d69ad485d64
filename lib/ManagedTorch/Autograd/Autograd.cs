namespace TorchSharp;

public static partial class torch
{
    public static class autograd
    {
        /// <summary>
        /// The gradients of the outputs, weighed by grad_outputs, with respect to the inputs. The graph is freed unless
        /// retain_graph is asked for, even with create_graph. An unused input is an error, or with allow_unused an invalid tensor.
        /// </summary>
        public static IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            if (grad_outputs is not null && grad_outputs.Count != outputs.Count)
                throw new ArgumentException($"autograd.grad: {grad_outputs.Count} grad_outputs do not fit {outputs.Count} outputs.");
            for (var i = 0; i < inputs.Count; i++)
                if (!inputs[i].requires_grad)
                    throw new InvalidOperationException($"autograd.grad: input {i} of shape [{Text(inputs[i].shape)}] does not require a gradient.");
            var gradients = Backward.Run([.. outputs], grad_outputs, [.. inputs], retain_graph, create_graph);
            var results = new Tensor[gradients.Length];
            for (var i = 0; i < results.Length; i++)
                results[i] = gradients[i] ?? (allow_unused ? Tensor.Missing()
                    : throw new InvalidOperationException($"autograd.grad: the outputs do not depend on input {i} of shape [{Text(inputs[i].shape)}]; ask for allow_unused: true to get an invalid tensor instead."));
            return results;
        }
    }

    public static IDisposable no_grad() => new GradMode.Switch(false);

    public static IDisposable enable_grad(bool enabled = true) => new GradMode.Switch(enabled);

    public static IDisposable set_grad_enabled(bool mode = true) => new GradMode.Switch(mode);

    public static bool is_grad_enabled() => GradMode.Enabled;

    public partial class Tensor
    {
        internal static Tensor Missing()
        {
            var t = new Tensor(new Storage(0), [0], ScalarType.Float32, track: false);
            t.Dispose();
            return t;
        }
    }
}
