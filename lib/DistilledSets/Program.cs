using DatasetDistillation;
using DistilledSets;

// The library loads libtorch, before anything else touches a tensor.
_ = Compute.Threads;
return CommandLine.Create().Parse(args).Invoke();
