namespace DatasetDistillation;

/// <summary>
/// How much work a notebook does: <c>quick</c> shows every step in minutes, <c>full</c> reaches the published figures. It is
/// chosen by the environment variable <c>DISTILLATION_PROFILE</c> and is quick where that is not set.
/// </summary>
public static class Profile
{
    /// <summary>The environment variable that chooses the profile.</summary>
    public const string Variable = "DISTILLATION_PROFILE";

    /// <summary>Whether the full profile is chosen.</summary>
    /// <exception cref="InvalidOperationException">The variable names no profile.</exception>
    public static bool IsFull => (Environment.GetEnvironmentVariable(Variable) ?? "quick").ToUpperInvariant() switch
    {
        "FULL" => true,
        "QUICK" or "" => false,
        var other => throw new InvalidOperationException($"{Variable} is '{other}'; it must be 'quick' or 'full'."),
    };

    /// <summary>"quick" or "full".</summary>
    public static string Name => IsFull ? "full" : "quick";

    /// <summary>One value for the quick profile, another for the full one.</summary>
    public static T Choose<T>(T quick, T full) => IsFull ? full : quick;
}
