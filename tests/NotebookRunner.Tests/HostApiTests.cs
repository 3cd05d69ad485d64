using System.Reflection;
using DatasetDistillation.Tests.Engine;
using NotebookRunner.Api;
using Xunit;

namespace NotebookRunner.Tests;

/// <summary>
/// What a cell may call here is what .NET Interactive has, name by name: <c>dotnet-interactive-api.txt</c> has its own signatures.
/// </summary>
public class HostApiTests
{
    [Theory]
    [InlineData(typeof(CellApi), "Kernel")]
    [InlineData(typeof(DisplayExtensions), "DisplayExtensions")]
    [InlineData(typeof(DisplayedValue), "DisplayedValue")]
    public void Cells_find_here_what_they_find_in_other_hosts_and_no_more(Type type, string theirs)
    {
        string[] real = [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "fixtures", "dotnet-interactive-api.txt"))
            .Where(line => line.Contains($" {theirs}.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        var offered = type.GetMembers(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(member => member is not MethodBase { IsSpecialName: true })
            .Select(member => ApiSignature.Of(type, member).Replace($" {type.Name}.", $" {theirs}.", StringComparison.Ordinal));
        Assert.Equal(real, offered.Order(StringComparer.Ordinal));
    }
}
