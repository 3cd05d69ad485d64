using System.CommandLine;
using Fuzzing;

namespace Benchmarks;

/// <summary>Gives readers damaged files for as long as one likes.</summary>
internal static class FuzzCommand
{
    public static Command Command()
    {
        var reader = new Argument<string>("reader") { Description = $"{string.Join(", ", FuzzTargets.Names)}, or all." };
        var count = new Option<int>("--n") { Description = "How many damaged files.", DefaultValueFactory = static _ => 10_000 };
        var first = new Option<int>("--first") { Description = "The number of the first; the same numbers are the same files." };
        var trace = new Option<bool>("--trace")
        {
            Description = "Prints the number of each file before it is read: the last one has ended the process."
        };
        var command = new Command("fuzz", "Gives a reader damaged files: it must read or refuse each, in little time and memory.")
        {
            reader, count, first, trace
        };
        reader.AcceptOnlyFromAmong(["all", .. FuzzTargets.Names]);
        command.SetAction(parsed =>
        {
            bool isWell = true;
            foreach (string name in FuzzTargets.Names.Where(name => parsed.GetValue(reader) is "all" || name == parsed.GetValue(reader)))
            {
                var target = FuzzTargets.Create(name);
                var report = Fuzzer.Run(
                    target,
                    parsed.GetValue(first),
                    parsed.GetValue(count),
                    parsed.GetValue(trace) ? static number => Console.WriteLine(number) : null);
                Console.WriteLine($"{target.Name,-10}  {report}");
                foreach (string failure in report.Failures)
                    Console.WriteLine(failure);
                isWell &= report.Failures.Count == 0;
            }
            return isWell ? 0 : 1;
        });
        return command;
    }
}
