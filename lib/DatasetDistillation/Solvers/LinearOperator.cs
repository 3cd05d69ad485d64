using static TorchSharp.torch;

namespace DatasetDistillation.Solvers;

/// <summary>The product of a matrix that is never formed with <paramref name="v"/>, shaped as <paramref name="v"/>.</summary>
internal delegate Tensor LinearOperator(Tensor v);
