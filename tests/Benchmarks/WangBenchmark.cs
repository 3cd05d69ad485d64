using System.CommandLine;
using DatasetDistillation.Data;
using TorchSharp.Modules;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Benchmarks;

/// <summary>
/// One outer step of Wang et al. 2018: inner gradient descent on distilled batches of 10, unrolled; the loss on a real batch;
/// its gradient with respect to images and learning rates; one step of Adam.
/// </summary>
internal static class WangBenchmark
{
    private static readonly long[][] Shapes =
        [[6, 1, 5, 5], [6], [16, 6, 5, 5], [16], [120, 400], [120], [84, 120], [84], [10, 84], [10]];

    private static readonly long[] Sizes = [.. Shapes.Select(static s => s.Aggregate(1L, static (a, b) => a * b))];

    public static Command Command()
    {
        var data = new Option<string>("--data") { Description = "The folder with MNIST in IDX form.", Required = true };
        var steps = new Option<int>("--steps") { DefaultValueFactory = _ => 1 };
        var epochs = new Option<int>("--epochs") { DefaultValueFactory = _ => 3 };
        var batch = new Option<int>("--batch") { DefaultValueFactory = _ => 1024 };
        var iterations = new Option<int>("--iters") { DefaultValueFactory = _ => 20 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("wang", "One outer step of unrolled distillation.") { data, steps, epochs, batch, iterations, threads };
        command.SetAction(parsed =>
        {
            set_num_threads(parsed.GetValue(threads));
            Run(parsed.GetRequiredValue(data), parsed.GetValue(steps), parsed.GetValue(epochs), parsed.GetValue(batch), parsed.GetValue(iterations));
        });
        return command;
    }

    private static void Run(string data, int steps, int epochs, int batch, int iterations)
    {
        using var everything = NewDisposeScope();
        using var digits = Digits.Load(new DigitsOptions { Folders = [data], AllowDownload = false });
        var x = (digits.Images - 0.1307) / 0.3081;
        var y = digits.Labels;
        var images = Enumerable.Range(0, steps).Select(_ => new Parameter(randn([10, 1, 28, 28]))).ToArray();
        var labels = arange(10);
        var raw = new Parameter(full([steps * epochs], Math.Log(Math.Exp(0.02) - 1), float32));
        using var optimizer = optim.Adam([.. images, raw], lr: 0.01, beta1: 0.5, beta2: 0.999);
        var scale = Scale();
        var times = new double[iterations];
        var losses = new double[iterations];
        Timing.WarmUp(() => Step());
        for (var i = 0; i < iterations; i++)
            times[i] = Timing.Milliseconds(() => losses[i] = Step());
        Console.WriteLine($"wang: {Timing.Median(times):F1} ms/outer step (steps={steps} epochs={epochs} batch={batch}); last loss {losses.TakeLast(20).Average():F3}");

        double Step()
        {
            using var scope = NewDisposeScope();
            var index = randint(x.shape[0], [batch]);
            var (rx, ry) = (x.index_select(0, index), y.index_select(0, index));
            var theta = (randn(Sizes.Sum()) * scale).requires_grad_();
            var rates = F.softplus(raw).unbind();
            for (var k = 0; k < steps * epochs; k++)
            {
                var g = autograd.grad([F.cross_entropy(LeNet(theta, images[k % steps]), labels)], [theta], retain_graph: true, create_graph: true)[0];
                theta = theta.addcmul(g, rates[k], -1);
            }
            var loss = F.cross_entropy(LeNet(theta, rx), ry);
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
            return loss.ToDouble();
        }
    }

    private static Tensor Scale() => cat([.. Shapes.Select(static s => s.Length == 1
        ? zeros(s)
        : full([s.Aggregate(1L, static (a, b) => a * b)], Math.Sqrt(2.0 / ((s[0] + s[1]) * s[2..].Aggregate(1L, static (a, b) => a * b)))))]);

    private static Tensor LeNet(Tensor theta, Tensor x)
    {
        var p = theta.split(Sizes).Zip(Shapes, static (part, shape) => part.reshape(shape)).ToArray();
        x = F.relu(F.max_pool2d(F.conv2d(x, p[0], p[1], padding: [2, 2]), 2), inplace: true);
        x = F.relu(F.max_pool2d(F.conv2d(x, p[2], p[3]), 2), inplace: true).flatten(1);
        x = F.relu(F.linear(x, p[4], p[5]));
        x = F.relu(F.linear(x, p[6], p[7]));
        return F.linear(x, p[8], p[9]);
    }
}
