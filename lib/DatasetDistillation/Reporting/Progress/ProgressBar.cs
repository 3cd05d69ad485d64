namespace DatasetDistillation.Reporting;

/// <summary>How far a long task has come, at one moment.</summary>
/// <param name="Fraction">The share done, in [0, 1].</param>
/// <param name="Elapsed">The time since the task began.</param>
/// <param name="Remaining">The time still needed at this pace; null while it cannot be told.</param>
/// <param name="Message">What is being done now, such as an epoch and its loss.</param>
/// <param name="Name">What the task is.</param>
internal sealed record ProgressBar(
    double Fraction = 0, TimeSpan Elapsed = default, TimeSpan? Remaining = null, string Message = "", string Name = "")
    : IRichOutput
{
    private const int TextWidth = 30;

    /// <summary>The share done, in [0, 1].</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not between 0 and 1.</exception>
    public double Fraction { get; init; } = Fraction is >= 0 and <= 1
        ? Fraction
        : throw new ArgumentOutOfRangeException(nameof(Fraction), Fraction, "The share done must be from 0 to 1.");

    /// <summary>Whether everything is done.</summary>
    public bool IsComplete => Fraction >= 1;

    private string Times => IsComplete
        ? $"done in {NumberText.Duration(Elapsed)}"
        : $"{NumberText.Duration(Elapsed)} elapsed" + (Remaining is { } rest ? $", about {NumberText.Duration(rest)} left" : "");

    private string Words =>
        string.Join(" · ", new[] { Name, Times, Message == Name ? "" : Message }.Where(static words => words.Length > 0));

    private string Percentage => NumberText.Percent(Math.Floor(Fraction * 100) / 100, 0);

    /// <summary>One line for a terminal.</summary>
    public override string ToString()
    {
        var full = (int)(Fraction * TextWidth);
        return $"{new string('█', full)}{new string('░', TextWidth - full)} {Percentage,5}  {Words}";
    }

    /// <inheritdoc/>
    public string ToHtml()
    {
        var color = IsComplete ? "#1D9F78" : "#2586D0";
        var done = FormattableString.Invariant($"height:100%;width:{Fraction * 100:0.#}%;border-radius:0.25em;background:{color}");
        // The track takes the width that the words leave; on a narrow page they stand below it.
        return "<div style=\"display:flex;flex-wrap:wrap;align-items:center;gap:0 0.75em;color:inherit;line-height:1.5;"
            + "font-variant-numeric:tabular-nums\">"
            + "<div style=\"flex:1 1 15em;height:0.5em;border-radius:0.25em;background:rgba(128,136,144,0.28);overflow:hidden\">"
            + $"<div style=\"{done}\"></div></div><div>{Percentage} · {Xml.Escape(Words)}</div></div>";
    }
}
