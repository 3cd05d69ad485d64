namespace TorchSharp;

/// <summary>Reverse-mode differentiation: walks the recorded graph once, from the outputs to the inputs.</summary>
internal static class Backward
{
    private static readonly Lock Gate = new();
    private static long s_pass;

    /// <summary>
    /// The products of the cotangents with the Jacobian. With <paramref name="inputs"/> null, gradients are added to the leaves.
    /// </summary>
    public static torch.Tensor?[] Run(
        ReadOnlySpan<torch.Tensor> outputs, IList<torch.Tensor>? cotangents, torch.Tensor[]? inputs, bool retainGraph, bool createGraph)
    {
        lock (Gate)
        {
            var order = new List<Node>();
            try
            {
                return Run(order, outputs, cotangents, inputs, retainGraph, createGraph);
            }
            finally
            {
                foreach (var node in order)
                    node.DropCotangents();
            }
        }
    }

    private static torch.Tensor?[] Run(
        List<Node> order, ReadOnlySpan<torch.Tensor> outputs, IList<torch.Tensor>? cotangents, torch.Tensor[]? inputs, bool retainGraph, bool createGraph)
    {
        CollectInOrder(order, outputs);
        var results = new torch.Tensor?[inputs?.Length ?? 0];
        var wanted = MarkNeeded(order, inputs);

        using var mode = new GradMode.Switch(createGraph);
        using var scope = new DisposeScope();
        for (var i = 0; i < outputs.Length; i++)
        {
            var (node, output) = outputs[i].Edge();
            Accumulate(node!, output, Seed(outputs[i], cotangents?[i]));
        }

        foreach (var node in order)
        {
            if (node.Needed && (node.Cotangent is not null || node.Cotangents is not null))
            {
                if (node.Wanted > 0)
                    Deliver(node, wanted!, results);
                if (node.Leaf is not null)
                    AddToLeaf(node, inputs, createGraph);
                else
                    Propagate(node, inputs is null, scope);
                node.DropCotangents();
                if (!retainGraph)
                    node.Free();
            }
        }

        foreach (var result in results)
            if (result is not null)
                scope.Outer?.Add(result);
        return results;
    }

    /// <summary>All nodes below the outputs, each before those that it leads to.</summary>
    private static void CollectInOrder(List<Node> order, ReadOnlySpan<torch.Tensor> outputs)
    {
        var pass = ++s_pass;
        var found = new Stack<Node>();
        foreach (var output in outputs)
        {
            if (output.Edge().Node is not { } root)
                throw new InvalidOperationException(
                    $"The tensor of shape [{string.Join(", ", output.shape)}] has no gradient: nothing it was computed from requires one.");
            Visit(root);
        }
        var roots = found.ToArray();
        while (found.TryPop(out var node))
            foreach (var (next, _) in node.Next)
            {
                if (next is null)
                    continue;
                Visit(next);
                next.Dependants++;
            }

        foreach (var root in roots)
            if (root.Dependants == 0)
                found.Push(root);
        while (found.TryPop(out var node))
        {
            order.Add(node);
            foreach (var (next, _) in node.Next)
                if (next is not null && --next.Dependants == 0)
                    found.Push(next);
        }

        void Visit(Node node)
        {
            if (node.Pass == pass)
                return;
            (node.Pass, node.Dependants, node.Needed, node.Wanted) = (pass, 0, false, 0);
            found.Push(node);
        }
    }

    /// <summary>Marks the nodes through which a wanted gradient flows, and numbers those whose cotangent is wanted itself.</summary>
    private static List<(int Output, int Input)>[]? MarkNeeded(List<Node> order, torch.Tensor[]? inputs)
    {
        if (inputs is null)
        {
            foreach (var node in order)
                node.Needed = true;
            return null;
        }
        var pass = s_pass;
        var wanted = new List<List<(int, int)>>();
        for (var i = 0; i < inputs.Length; i++)
        {
            var (node, output) = inputs[i].Edge();
            if (node is null || node.Pass != pass)
                continue;
            if (node.Wanted == 0)
            {
                wanted.Add([]);
                node.Wanted = wanted.Count;
            }
            wanted[node.Wanted - 1].Add((output, i));
            node.Needed = true;
        }
        for (var i = order.Count - 1; i >= 0; i--)
            foreach (var (next, _) in order[i].Next)
                order[i].Needed |= next is { Needed: true };
        return [.. wanted];
    }

    private static torch.Tensor Seed(torch.Tensor output, torch.Tensor? cotangent)
    {
        if (cotangent is null)
            return output.numel() == 1
                ? torch.ones(output.shape, output.dtype).DetachFromDisposeScope()
                : throw new InvalidOperationException(
                    $"A gradient without grad_outputs needs a scalar; the output has shape [{string.Join(", ", output.shape)}].");
        if (!cotangent.shape.AsSpan().SequenceEqual(output.shape) || cotangent.dtype != output.dtype)
            throw new ArgumentException(
                $"The cotangent of shape [{string.Join(", ", cotangent.shape)}] ({cotangent.dtype}) does not fit the output of shape [{string.Join(", ", output.shape)}] ({output.dtype}).");
        return cotangent.Alias();
    }

    private static void Accumulate(Node node, int output, torch.Tensor g)
    {
        if (node.Outputs > 1)
            node.Cotangents ??= new torch.Tensor?[node.Outputs];
        ref var slot = ref node.Outputs > 1 ? ref node.Cotangents![output] : ref node.Cotangent;
        if (slot is null)
        {
            slot = g;
            return;
        }
        if (!GradMode.Enabled && slot.CanOverwrite)
        {
            slot.AddInPlace(g);
        }
        else
        {
            var sum = slot.add(g).DetachFromDisposeScope();
            slot.Dispose();
            slot = sum;
        }
        g.Dispose();
    }

    private static void Propagate(Node node, bool all, DisposeScope scope)
    {
        node.CheckSaved();
        for (var i = 0; i < node.Next.Length; i++)
        {
            var (next, output) = node.Next[i];
            if (next is null || !(all || next.Needed))
                continue;
            var g = node.Differentiate(i);
            if (g is null)
                continue;
            g = ReferenceEquals(g, node.Cotangent) || (node.Cotangents is not null && Array.IndexOf(node.Cotangents, g) >= 0)
                ? g.Alias()
                : g.DetachFromDisposeScope();
            Accumulate(next, output, g);
        }
        scope.DisposeEverything();
    }

    private static void Deliver(Node node, List<(int Output, int Input)>[] wanted, torch.Tensor?[] results)
    {
        foreach (var (output, input) in wanted[node.Wanted - 1])
        {
            var g = node.Outputs > 1 ? node.Cotangents![output] : node.Cotangent;
            results[input] = g?.Alias();
        }
    }

    /// <summary>A gradient in memory of its own, in no dispose scope: never a view of what another may hold.</summary>
    internal static torch.Tensor OwnMemory(torch.Tensor g, bool createGraph) =>
        createGraph ? g.clone().DetachFromDisposeScope() : g.CanOverwrite ? g.Alias() : g.Copied().DetachFromDisposeScope();

    private static void AddToLeaf(Node node, torch.Tensor[]? inputs, bool createGraph)
    {
        var leaf = node.Leaf!;
        if (inputs is not null)
            return; // a leaf that was disposed may have another handle
        var g = node.Cotangent!;
        if (leaf.grad is not { } former)
        {
            leaf.SetGrad(OwnMemory(g, createGraph));
        }
        else if (createGraph)
        {
            leaf.SetGrad(former.add(g).DetachFromDisposeScope());
        }
        else
        {
            former.add_(g);
        }
    }
}
