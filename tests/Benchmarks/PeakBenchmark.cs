using System.CommandLine;
using DatasetDistillation.Models;

namespace Benchmarks;

/// <summary>
/// The share of the machine's floating-point peak, as a product of large matrices shows it, that the library's work reaches. Counted
/// are the multiply-adds (two operations each) that the definitions of convolutions and linear layers need, once for every pass: a
/// convolution by Winograd's method takes fewer than are counted, what is computed again is not counted again.
/// </summary>
internal static class PeakBenchmark
{
    public static Command Command()
    {
        var data = new Option<string?>("--data") { Description = Inputs.FolderDescription };
        var command = new Command("peak", "The share of the floating-point peak that wang, cnn and features reach.") { data };
        command.SetAction(parsed => Print(parsed.GetValue(data) is { } folder ? ["--data", folder] : []));
        return command;
    }

    private static void Print(string[] data)
    {
        double Measured(string name, params string[] arguments) =>
            OwnProcess.Figure(name, OwnProcess.Run(Side.Ours, null, [name, .. arguments, .. data]));

        const int batch = 1024, real = 260, distilled = 10;
        var peak = OwnProcess.Figure("gemm", OwnProcess.Run(Side.Ours, null, "gemm", "--square"));
        Console.WriteLine($"peak: {peak:F0} GFLOP/s, a product of 1024×1024 matrices");
        Console.WriteLine("benchmark    GFLOP   time [ms]   GFLOP/s   share");
        void Row(string name, double multiplyAdds, double milliseconds)
        {
            var (work, rate) = (2e-9 * multiplyAdds, 2e-6 * multiplyAdds / milliseconds);
            var line = $"{name,-10} {work,7:F3} {milliseconds,11:F3} {rate,9:F0} {100 * rate / peak,6:F0} %";
            Console.WriteLine(line);
        }

        var leNet = Work.Of(Networks.LeNet());
        foreach (var steps in (int[])[1, 10])
        {
            var inner = 3 * steps * distilled * (leNet.Gradient + leNet.SecondOrder);
            Row($"wang {steps}×3", inner + (batch * leNet.Gradient), Measured("wang", "--steps", $"{steps}", "--batch", $"{batch}"));
        }
        Row("cnn, image", Work.Of(Networks.DigitCnn()).Gradient, 1000 / Measured("cnn"));
        var convNet = Work.Of(Networks.ConvNet(3, 128));
        var features = (real * convNet.Features) + (distilled * convNet.FeaturesToImages);
        Row("features", features, Measured("features", "--batch", $"{real}", "--m", $"{distilled}"));
    }

    /// <summary>The multiply-adds of an image in a network.</summary>
    /// <param name="Forward">All layers.</param>
    /// <param name="First">The first layer with weights.</param>
    /// <param name="Head">The last one.</param>
    private readonly record struct Work(double Forward, double First, double Head)
    {
        /// <summary>Forward, then the gradient with respect to weights and to inputs, but to the images.</summary>
        public double Gradient => (3 * Forward) - First;

        /// <summary>
        /// The derivative of that gradient with respect to weights and images: of each layer two products forward (the tangent of its
        /// input, the tangent of its weights), and two each for the gradients of weights and input. Images have no tangent.
        /// </summary>
        public double SecondOrder => (6 * Forward) - (2 * First);

        public double Features => Forward - Head;

        /// <summary>Features, and their gradient with respect to the images.</summary>
        public double FeaturesToImages => 2 * Features;

        public static Work Of(Network network)
        {
            var input = network.InputShape.ToArray();
            var layers = new List<double>();
            foreach (var layer in network.Layers)
            {
                var outputs = layer.OutputShape.Aggregate(1.0, static (product, size) => product * size);
                var weights = layer.Layer.Parameters(input).Where(static p => p.Role == ParameterRole.Weight);
                layers.AddRange(weights.Select(p => outputs * p.Count / p.Shape[0]));
                input = [.. layer.OutputShape];
            }
            return new Work(layers.Sum(), layers[0], layers[^1]);
        }
    }
}
