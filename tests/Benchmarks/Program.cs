using System.CommandLine;
using Benchmarks;
using DatasetDistillation;

// The library loads libtorch, before anything else touches a tensor.
_ = Compute.Threads;

var root = new RootCommand("Times the library's work, and damages files for its readers; each sub-command prints one line for each figure.")
{
    GemmBenchmark.Command(),
    ConvBenchmark.Command(),
    new CnnBenchmark(),
    new WangBenchmark(),
    new AdamMlpBenchmark(),
    new FeaturesBenchmark(),
    new KipBenchmark(),
    new LogregBenchmark(),
    new ConvKernelBenchmark(),
    PeakBenchmark.Command(),
    GrowthBenchmark.Command(),
    MemoryBenchmark.Command(),
    StressCommand.Command(),
    FuzzCommand.Command(),
};
return root.Parse(args).Invoke();
