namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>Makes a parameter of <paramref name="data"/>, which is invalid afterwards.</summary>
            public static Modules.Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>A tensor that an optimiser adjusts.</summary>
    public class Parameter : torch.Tensor
    {
        /// <summary>Takes over the handle of <paramref name="data"/>, which is invalid afterwards.</summary>
        public Parameter(torch.Tensor data, bool requires_grad = true)
            : base(Leaf(data))
        {
            this.requires_grad = requires_grad;
            DisposeScope.Current?.Add(this);
        }

        private static torch.Tensor Leaf(torch.Tensor data) => data.is_leaf
            ? data
            : throw new InvalidOperationException(
                $"Parameter: the tensor of shape [{torch.Text(data.shape)}] is the result of an operation; a parameter is made of a leaf, such as its detach().");
    }
}
