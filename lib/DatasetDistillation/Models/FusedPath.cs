using System.Numerics;
using FusedNetworks;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Models;

/// <summary>
/// The first layers of a network as fused passes on the processor: one autograd function, whose backward is a second one, whose
/// backward is the derivative of the gradient (as NVlabs/tiny-cuda-nn has it, with the derivatives of parameter gradients as well).
/// </summary>
internal sealed class FusedPath
{
    private readonly Lazy<Plan<float>> single;
    private readonly Lazy<Plan<double>> wide;
    private readonly long[] outputShape;

    private FusedPath(List<(Layer Layer, long[] Input)> layers, long[] outputShape, Func<Tensor, Tensor, Tensor> definition)
    {
        single = new(() => new Plan<float>([.. layers.Select(static l => l.Layer.Fuse<float>(l.Input)!)]));
        wide = new(() => new Plan<double>([.. layers.Select(static l => l.Layer.Fuse<double>(l.Input)!)]));
        (this.outputShape, Definition) = (outputShape, definition);
    }

    /// <summary>The same function of θ and x by TorchSharp's operations.</summary>
    public Func<Tensor, Tensor, Tensor> Definition { get; }

    /// <summary>The passes for layers with the shapes of their inputs; null where a layer has none.</summary>
    public static FusedPath? Of(IEnumerable<(Layer Layer, long[] Input)> layers, long[] outputShape, Func<Tensor, Tensor,
        Tensor> definition)
    {
        // Flattening moves nothing.
        List<(Layer Layer, long[] Input)> moving = [.. layers.Where(static l => l.Layer is not Flatten)];
        return moving.Count > 0 && moving.All(static l => l.Layer.Fuse<float>(l.Input) is not null)
            ? new(moving, outputShape, definition) : null;
    }

    /// <summary>Whether the tensors are of a type, and where, the passes compute.</summary>
    public static bool Takes(Tensor theta, Tensor x) =>
        theta.dtype is ScalarType.Float32 or ScalarType.Float64 && theta.device_type == DeviceType.CPU && x.device_type == DeviceType.CPU;

    /// <summary>The outputs [n, …]; differentiable twice by the passes, and more often by the definition.</summary>
    public Tensor Run(Tensor theta, Tensor x, bool training, Generator? generator) => theta.dtype == ScalarType.Float32
        ? Run(single.Value, theta, x, training, generator)
        : Run(wide.Value, theta, x, training, generator);

    /// <summary>The function at θ and x; dropout acts where it is given what to draw from.</summary>
    public Linearization Linearize(Tensor theta, Tensor x, Generator? dropout) => theta.dtype == ScalarType.Float32
        ? new FusedLinearization<float>(single.Value, outputShape, theta, x, dropout)
        : new FusedLinearization<double>(wide.Value, outputShape, theta, x, dropout);

    private Tensor Run<T>(Plan<T> plan, Tensor theta, Tensor x, bool training, Generator? generator)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        BackwardFailure.Throw();
        using var call = new FusedCall<T>(this, plan, outputShape, training && plan.Dropouts.Any(), generator, theta.requires_grad,
            x.requires_grad);
        return is_grad_enabled() && (call.OfTheta || call.OfX)
            ? ForwardFunction<T>.apply(call, theta, x)
            : call.Forward(theta, x, recorded: false);
    }
}

/// <summary>One use of a fused network, from the value to its second derivatives.</summary>
/// <param name="path">The layers.</param>
/// <param name="plan">Their passes.</param>
/// <param name="outputShape">The shape of one output.</param>
/// <param name="training">Whether dropout acts.</param>
/// <param name="generator">Where dropout draws from.</param>
/// <param name="ofTheta">Whether θ has gradients.</param>
/// <param name="ofX">Whether x has gradients.</param>
internal sealed class FusedCall<T>(FusedPath path, Plan<T> plan, long[] outputShape, bool training, Generator? generator,
    bool ofTheta, bool ofX)
    : IDisposable where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly List<Tensor> passing = [];

    public bool OfTheta => ofTheta;

    public bool OfX => ofX;

    /// <summary>What the value left for the derivatives.</summary>
    public Tensor? Tape { get; private set; }

    /// <summary>y; where <paramref name="recorded"/>, with the tape.</summary>
    public unsafe Tensor Forward(Tensor theta, Tensor x, bool recorded)
    {
        using var scope = NewDisposeScope();
        int n = checked((int)x.shape[0]);
        Tensor t = theta.contiguous(), images = x.contiguous();
        var y = empty([n, .. outputShape], theta.dtype);
        Tape = recorded || training ? empty([n * plan.TapeSize], theta.dtype) : null;
        if (training)
            DrawDropouts(plan, Tape!, n, generator);
        plan.Forward(n, Memory.Of<T>(t), Memory.Of<T>(images), Memory.Of<T>(y), Memory.Of<T>(Tape), training);
        Tape?.MoveToOuterDisposeScope();
        Pass(Tape);
        return y.MoveToOuterDisposeScope();
    }

    /// <summary>Fills the factors of all dropout layers in the tape of n images.</summary>
    public static void DrawDropouts(Plan<T> plan, Tensor tape, int n, Generator? generator)
    {
        foreach (var (layer, offset) in plan.Dropouts)
        {
            using var factors = tape.narrow(0, n * offset, n * layer.Outputs);
            Dropout.Draw(factors, layer.Probability, generator);
        }
    }

    /// <summary>
    /// The gradients that there are, of θ and of x, with the cotangents in between where they are <paramref name="recorded"/>.
    /// </summary>
    public unsafe (Tensor? OfTheta, Tensor? OfX, Tensor? Cotangents) Backward(Tensor theta, Tensor x, Tensor tape, Tensor dy, bool recorded)
    {
        using var scope = NewDisposeScope();
        int n = checked((int)x.shape[0]);
        Tensor t = theta.contiguous(), images = x.contiguous(), delta = dy.contiguous();
        var dtheta = ofTheta ? empty_like(t) : null;
        var dx = ofX ? empty_like(images) : null;
        var cotangents = recorded ? empty([n * plan.CotangentsSize], theta.dtype) : null;
        plan.Backward(
            n, Memory.Of<T>(t), Memory.Of<T>(images), Memory.Of<T>(tape), Memory.Of<T>(delta), Memory.Of<T>(cotangents),
            Memory.Of<T>(dtheta), Memory.Of<T>(dx), training);
        return (dtheta?.MoveToOuterDisposeScope(), dx?.MoveToOuterDisposeScope(), cotangents?.MoveToOuterDisposeScope());
    }

    /// <summary>The cotangents of θ, x and δ, given those of the gradients of θ and x (null: zero).</summary>
    public unsafe (Tensor? OfTheta, Tensor? OfX, Tensor OfDelta) Second(
        Tensor theta, Tensor x, Tensor tape, Tensor cotangents, Tensor dy, Tensor? utheta, Tensor? ux)
    {
        using var scope = NewDisposeScope();
        int n = checked((int)x.shape[0]);
        Tensor t = theta.contiguous(), images = x.contiguous();
        Tensor? ut = utheta?.contiguous(), u = ux?.contiguous();
        var ry = empty(dy.shape, dy.dtype);
        var rtheta = ofTheta ? empty_like(t) : null;
        var rx = ofX ? empty_like(images) : null;
        var directions = empty([n * plan.CotangentsSize], theta.dtype);
        plan.Tangent(
            n, Memory.Of<T>(t), Memory.Of<T>(images), Memory.Of<T>(tape), Memory.Of<T>(ut), Memory.Of<T>(u), Memory.Of<T>(directions),
            Memory.Of<T>(ry),
            training);
        plan.Second(
            n, Memory.Of<T>(t), Memory.Of<T>(images), Memory.Of<T>(tape), Memory.Of<T>(cotangents), Memory.Of<T>(ut), Memory.Of<T>(u),
            Memory.Of<T>(directions), null, Memory.Of<T>(rtheta), Memory.Of<T>(rx), training);
        return (rtheta?.MoveToOuterDisposeScope(), rx?.MoveToOuterDisposeScope(), ry.MoveToOuterDisposeScope());
    }

    /// <summary>The same as <see cref="Second"/> by the definition, with a history: for derivatives beyond the second.</summary>
    /// <exception cref="NotSupportedException">Dropout acts.</exception>
    public List<Tensor?> SecondByDefinition(Tensor theta, Tensor x, Tensor dy, Tensor? utheta, Tensor? ux)
    {
        if (training)
            throw new NotSupportedException("A network with dropout in training has two derivatives; the third was asked for.");
        // δ has a history that leads back to θ: views of their own keep the arguments apart.
        (theta, x, dy) = (theta.view_as(theta), x.view_as(x), dy.view_as(dy));
        List<Tensor> inputs = [.. ofTheta ? [theta] : Array.Empty<Tensor>(), .. ofX ? [x] : Array.Empty<Tensor>()];
        var y = path.Definition(theta, x);
        var gradients = autograd.grad([y], inputs, [dy], retain_graph: true, create_graph: true, allow_unused: true);
        var pairs = gradients.Zip([.. ofTheta ? [utheta] : Array.Empty<Tensor?>(), .. ofX ? [ux] : Array.Empty<Tensor?>()])
            .Where(static p => p.Second is not null && !p.First.IsInvalid && p.First.requires_grad).ToList();
        if (pairs.Count == 0)
            return [null, null, null];
        inputs.Add(dy);
        var all = autograd.grad(
            [.. pairs.Select(static p => p.First)], inputs, [.. pairs.Select(static p => p.Second!)], retain_graph: true,
            create_graph: true, allow_unused: true);
        var queue = new Queue<Tensor?>(all.Select(static g => g.IsInvalid ? null : g));
        return [ofTheta ? queue.Dequeue() : null, ofX ? queue.Dequeue() : null, queue.Dequeue()];
    }

    /// <summary>Holds a tensor until the autograd function that it is made in has taken what it needs.</summary>
    public void Pass(Tensor? tensor)
    {
        if (tensor is not null)
            passing.Add(tensor.DetachFromDisposeScope());
    }

    /// <summary>Lets go of the tensors passed; the graph keeps its own hold on them.</summary>
    public void Dispose()
    {
        foreach (var tensor in passing)
            tensor.Dispose();
        passing.Clear();
        Tape = null;
    }
}

/// <summary>y = f(θ, x) as a node of the graph. Arguments: the call, θ, x.</summary>
internal sealed class ForwardFunction<T> : autograd.SingleTensorFunction<ForwardFunction<T>>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override string Name => "network";

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (call, theta, x) = ((FusedCall<T>)vars[0], (Tensor)vars[1], (Tensor)vars[2]);
        var y = call.Forward(theta, x, recorded: true);
        ctx.save_data("call", call);
        ctx.save_for_backward([theta, x, call.Tape]);
        call.Pass(y);
        return y;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => BackwardFailure.Catch(() =>
    {
        using var scope = NewDisposeScope();
        var call = (FusedCall<T>)ctx.get_data("call");
        var saved = ctx.get_saved_variables();
        var (theta, x, tape) = (saved[0], saved[1], saved[2]);
        if (is_grad_enabled())
        {
            using var recorded = new FusedGradient<T>(call, tape);
            var gradients = new Queue<Tensor>(BackwardFunction<T>.apply(recorded, theta, x, grad_output));
            return [
                null!,
                (call.OfTheta ? gradients.Dequeue().MoveToOuterDisposeScope() : null)!,
                (call.OfX ? gradients.Dequeue().MoveToOuterDisposeScope() : null)!];
        }
        var (ofTheta, ofX, _) = call.Backward(theta, x, tape, grad_output, recorded: false);
        return [null!, ofTheta?.MoveToOuterDisposeScope()!, ofX?.MoveToOuterDisposeScope()!];
    }, () => BackwardFailure.Undefined(ctx, 2));
}

/// <summary>What a call's gradient is computed with, and what it leaves for the second derivatives.</summary>
internal sealed class FusedGradient<T>(FusedCall<T> call, Tensor tape) : IDisposable where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly List<Tensor> passing = [];

    public FusedCall<T> Call => call;

    public Tensor Tape => tape;

    public List<Tensor> Pass(params IEnumerable<Tensor?> tensors)
    {
        List<Tensor> some = [.. tensors.Where(static t => t is not null).Select(static t => t!.DetachFromDisposeScope())];
        passing.AddRange(some);
        return some;
    }

    public void Dispose()
    {
        foreach (var tensor in passing)
            tensor.Dispose();
        passing.Clear();
    }
}

/// <summary>(J_θᵀδ, J_xᵀδ), as far as there are such gradients, as a node of the graph. Arguments: the gradient, θ, x, δ.</summary>
internal sealed class BackwardFunction<T> : autograd.MultiTensorFunction<BackwardFunction<T>>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override string Name => "network_gradient";

    public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (own, theta, x, dy) = ((FusedGradient<T>)vars[0], (Tensor)vars[1], (Tensor)vars[2], (Tensor)vars[3]);
        var (ofTheta, ofX, cotangents) = own.Call.Backward(theta, x, own.Tape, dy, recorded: true);
        own.Pass(cotangents);
        ctx.set_materialize_grads(false);
        ctx.save_data("call", own.Call);
        ctx.save_for_backward([theta, x, dy, own.Tape, cotangents!]);
        return own.Pass(ofTheta, ofX);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs) => BackwardFailure.Catch(() =>
    {
        using var scope = NewDisposeScope();
        var call = (FusedCall<T>)ctx.get_data("call");
        var saved = ctx.get_saved_variables();
        var (theta, x, dy, tape, cotangents) = (saved[0], saved[1], saved[2], saved[3], saved[4]);
        var given = new Queue<Tensor?>(grad_outputs.Select(static u => u.IsInvalid ? null : u));
        var (utheta, ux) = (call.OfTheta ? given.Dequeue() : null, call.OfX ? given.Dequeue() : null);
        List<Tensor?> results;
        if (is_grad_enabled())
            results = call.SecondByDefinition(theta, x, dy, utheta, ux);
        else
        {
            var (ofTheta, ofX, ofDelta) = call.Second(theta, x, tape, cotangents, dy, utheta, ux);
            results = [ofTheta, ofX, ofDelta];
        }
        return [null!, .. results.Select(static r => r?.MoveToOuterDisposeScope()!)];
    }, () => BackwardFailure.Undefined(ctx, 3));
}

/// <summary>
/// What went wrong inside a backward pass, where an exception would end the process: it is kept, the gradients are undefined, and the
/// next use of a network throws it.
/// </summary>
internal static class BackwardFailure
{
    private static Exception? kept;

    /// <summary>Throws what was kept, once.</summary>
    public static void Throw()
    {
        if (kept is not null && Interlocked.Exchange(ref kept, null) is { } failure)
            throw new InvalidOperationException($"The gradient of a network could not be computed: {failure.Message}", failure);
    }

    /// <summary>The gradients, or others where an exception comes instead.</summary>
    public static List<Tensor> Catch(Func<List<Tensor>> gradients, Func<List<Tensor>> otherwise)
    {
        try
        {
            return gradients();
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref kept, failure, null);
            return otherwise();
        }
    }

    /// <summary>Gradients of NaN for the first saved tensors, in place of those that could not be computed.</summary>
    public static List<Tensor> Undefined(autograd.AutogradContext ctx, int count)
    {
        using var noGrad = no_grad();
        return [null!, .. ctx.get_saved_variables().Take(count).Select(static t => tensor(double.NaN, t.dtype).expand(t.shape))];
    }
}
