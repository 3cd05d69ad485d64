using System.Text.Json.Nodes;

namespace NotebookRunner.Execution;

internal enum RunStatus { Running, Succeeded, Failed, TimedOut, Interrupted }

/// <summary>How an execution went, as it is kept in the metadata of the notebook and of each of its cells.</summary>
/// <param name="Status">How it ended, or that it has not.</param>
/// <param name="Elapsed">How long it took; written in seconds, to the millisecond.</param>
/// <param name="Profile">For a notebook: <c>quick</c> or <c>full</c>.</param>
internal sealed record RunRecord(RunStatus Status, TimeSpan Elapsed, string? Profile = null)
{
    public const string Key = "notebook_runner";

    public static RunRecord? Read(JsonNode? node) =>
        node is JsonObject o && NotebookDocument.Text(o["status"])?.Replace("-", "", StringComparison.Ordinal) is { } name
            && Enum.TryParse(name, ignoreCase: true, out RunStatus status) && Enum.IsDefined(status)
            ? new(status, Seconds(o["seconds"]), NotebookDocument.Text(o["profile"]))
            : null;

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["status"] = Status == RunStatus.TimedOut ? "timed-out" : Status.ToString().ToLowerInvariant(),
            ["seconds"] = Math.Round(Elapsed.TotalSeconds, 3),
        };
        if (Profile is not null)
            json["profile"] = Profile;
        return json;
    }

    private static TimeSpan Seconds(JsonNode? node) =>
        TimeSpan.FromSeconds(node is JsonValue value && value.TryGetValue(out double seconds) && seconds is >= 0 and < 1e9 ? seconds : 0);
}
