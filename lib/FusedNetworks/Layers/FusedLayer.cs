using System.Numerics;

namespace FusedNetworks;

/// <summary>
/// One kind of layer as four passes over a group of images. With y = f(θ, x) and a cotangent δ of y they are: the value; the
/// cotangents J_xᵀδ and J_θᵀδ; the derivative of the value along a direction (uθ, ux); and the derivative of both cotangents
/// along that direction, δ having one of its own (Pearlmutter 1994, "Fast exact multiplication by the Hessian": R{·}).
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal abstract class FusedLayer<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <param name="inputs">Elements of one input.</param>
    /// <param name="outputs">Elements of one output.</param>
    /// <param name="parameters">Elements of θ.</param>
    protected FusedLayer(long inputs, long outputs, long parameters = 0) => (Inputs, Outputs, Parameters) = (inputs, outputs, parameters);

    /// <summary>Elements of one input.</summary>
    public long Inputs { get; }

    /// <summary>Elements of one output.</summary>
    public long Outputs { get; }

    /// <summary>Elements of θ.</summary>
    public long Parameters { get; }

    /// <summary>Multiply-adds of the value for one image.</summary>
    public virtual long Work => Outputs;

    /// <summary>
    /// Whether every pass may write its result over its argument, and no other layer's derivative reads what is lost by that.
    /// </summary>
    public virtual bool InPlace => false;

    /// <summary>Elements that the value leaves for the derivatives, for each image.</summary>
    public virtual long Saved => 0;

    /// <summary>Y from X; fills <see cref="LayerPass{T}.Saved"/>.</summary>
    public abstract void Forward(in LayerPass<T> pass);

    /// <summary>DX (unless null) and DTheta (unless null) from DY.</summary>
    public abstract void Backward(in LayerPass<T> pass);

    /// <summary>RY, the derivative of Y along (UTheta, RX).</summary>
    public abstract void Jvp(in LayerPass<T> pass);

    /// <summary>RDX (unless null) and RDTheta (unless null), the derivatives of DX and DTheta along (UTheta, RX, RDY).</summary>
    public abstract void BackwardR(in LayerPass<T> pass);
}

/// <summary>
/// What a layer is given in one pass: arrays of <see cref="Count"/> images one after
/// another, and its part of the parameters. A null direction or cotangent stands for zero.
/// Results are overwritten; those of θ are added to where <see cref="Accumulate"/> says so.
/// </summary>
internal unsafe struct LayerPass<T> where T : unmanaged
{
    /// <summary>The number of images.</summary>
    public int Count;

    /// <summary>Whether DTheta and RDTheta hold a sum over other images already.</summary>
    public bool Accumulate;

    /// <summary>Whether layers that only act in training are to act.</summary>
    public bool Training;

    /// <summary>The parameters and the direction uθ (null: zero).</summary>
    public T* Theta, UTheta;

    /// <summary>Input, output, and what the value leaves for the derivatives.</summary>
    public T* X, Y, Saved;

    /// <summary>The cotangent of Y, and the results for X and θ.</summary>
    public T* DY, DX, DTheta;

    /// <summary>The direction of X (null: zero), and the result for Y.</summary>
    public T* RX, RY;

    /// <summary>The derivative of DY along the direction (null: zero), and the results for DX and DTheta.</summary>
    public T* RDY, RDX, RDTheta;
}
