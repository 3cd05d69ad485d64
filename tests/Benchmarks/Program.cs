using System.CommandLine;
using Benchmarks;

var root = new RootCommand("Times the library's work; each sub-command prints one line for each figure.")
{
    GemmBenchmark.Command(),
    ConvBenchmark.Command(),
    Cnn.Command(),
    OverheadBenchmark.Command(),
    WangBenchmark.Command(),
    LogregBenchmark.Command(),
    UnrolledMemoryBenchmark.Command(),
    AdamMlpBenchmark.Command(),
    KipBenchmark.Command(),
    FeaturesBenchmark.Command(),
    ConvKernelBenchmark.Command(),
};
return root.Parse(args).Invoke();
