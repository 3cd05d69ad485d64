using Xunit;

namespace ManagedTorch.Tests;

/// <summary>Tests that set the number of threads or measure the process's memory run one at a time, after all others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Exclusive
{
    public const string Name = "exclusive";
}
