using System.Net;
using System.Text;

namespace NotebookRunner.Pages;

/// <summary>
/// Turns the TeX mathematics of notebooks into MathML, which browsers show by themselves. What it does not know it shows as
/// the text it is; no input makes it fail.
/// </summary>
internal sealed class MathMl
{
    private const int MaxDepth = 60;
    private readonly string _tex;
    private int _at;
    private int _depth;

    // Whether what stands to the left is a quantity, so that a minus here is a subtraction and not a sign.
    private bool _afterQuantity;

    private MathMl(string tex, int depth) => (_tex, _depth) = (tex, depth);

    /// <param name="tex">The formula, without its dollar signs.</param>
    /// <param name="display">Whether it stands on a line of its own.</param>
    public static string Convert(string tex, bool display) => Convert(tex, display, depth: 0);

    private static string Convert(string tex, bool display, int depth)
    {
        var parser = new MathMl(tex.Trim(), depth);
        var row = new StringBuilder();
        while (parser._at < parser._tex.Length)
        {
            row.Append(parser.Row());
            if (parser._at < parser._tex.Length)
                row.Append(Operator(parser._tex[parser._at++].ToString()));
        }
        return $"<math{(display ? " display=\"block\"" : "")}><mrow>{row}</mrow></math>";
    }

    /// <summary>Terms up to the end, a closing brace, <c>]</c> where asked, or <c>\right</c>.</summary>
    private string Row(bool untilBracket = false)
    {
        var row = new StringBuilder();
        _afterQuantity = false;
        while (true)
        {
            SkipSpace();
            if (_at >= _tex.Length || _tex[_at] == '}' || (untilBracket && _tex[_at] == ']') || Next("\\right"))
                return row.ToString();
            var wasQuantity = _afterQuantity;
            var term = Term(wasQuantity);
            row.Append(term);
            _afterQuantity = term.StartsWith("<mspace", StringComparison.Ordinal) ? wasQuantity : IsQuantity(term);
        }
    }

    /// <summary>One item with its subscript, superscript and primes.</summary>
    private string Term(bool afterQuantity)
    {
        var item = _tex[_at] is '_' or '^' or '\'' ? new Item("<mrow></mrow>") : ReadItem();
        string? below = null, above = null;
        while (true)
        {
            SkipSpace();
            if (_at >= _tex.Length)
                break;
            if (_tex[_at] == '_' && below is null)
                below = Script();
            else if (_tex[_at] == '^' && above is null)
                above = Script();
            else if (_tex[_at] == '\'')
                above = Primes() + above;
            else
                break;
        }
        var (sub, sup, both) = item.HasLimits ? ("munder", "mover", "munderover") : ("msub", "msup", "msubsup");
        var term = (below, above) switch
        {
            (null, null) => item.Markup,
            (_, null) => $"<{sub}>{item.Markup}{One(below)}</{sub}>",
            (null, _) => $"<{sup}>{item.Markup}{One(above)}</{sup}>",
            _ => $"<{both}>{item.Markup}{One(below)}{One(above)}</{both}>",
        };
        if (!item.IsFunction)
            return term;
        return (afterQuantity ? Space("0.167em") : "") + term + (NeedsSpace() ? Space("0.167em") : "");
    }

    private string Script()
    {
        _at++;
        return Argument();
    }

    private string Primes()
    {
        var count = 0;
        for (; _at < _tex.Length && _tex[_at] == '\''; _at++)
            count++;
        return $"<mo>{new string('′', count)}</mo>";
    }

    /// <summary>A group in braces, or the one item that stands for it.</summary>
    private string Argument()
    {
        SkipSpace();
        if (_at >= _tex.Length || _tex[_at] is '}' or '_' or '^')
            return "<mrow></mrow>";
        return char.IsAsciiDigit(_tex[_at]) ? $"<mn>{_tex[_at++]}</mn>" : ReadItem().Markup;
    }

    private Item ReadItem()
    {
        if (++_depth > MaxDepth)
        {
            var rest = _tex[_at..];
            _at = _tex.Length;
            return new($"<mtext>{Encode(rest)}</mtext>");
        }
        try
        {
            var c = _tex[_at];
            if (c == '\\')
                return Command();
            if (c == '{')
                return new($"<mrow>{Group()}</mrow>");
            if (char.IsAsciiDigit(c))
                return new($"<mn>{Number()}</mn>");
            return new(Character());
        }
        finally
        {
            _depth--;
        }
    }

    private string Character()
    {
        var rune = Rune.TryGetRuneAt(_tex, _at, out var found) ? found : Rune.ReplacementChar;
        _at += rune.Utf16SequenceLength;
        if (Rune.IsLetter(rune))
            return $"<mi>{rune}</mi>";
        if (rune.Value == ':' && Next("="))
        {
            _at++;
            return Operator("≔");
        }
        return rune.ToString() switch
        {
            "-" or "+" when !_afterQuantity => $"<mo form=\"prefix\">{(rune.Value == '-' ? '−' : '+')}</mo>",
            "-" => Operator("−"),
            "*" => Operator("∗"),
            "~" => Space("0.25em"),
            "&" => "",
            "(" or ")" or "[" or "]" or "|" or "‖" => Fence(rune.ToString()),
            "/" => "<mo lspace=\"0\" rspace=\"0\">/</mo>",
            var other => Operator(other),
        };
    }

    private Item Command()
    {
        var name = CommandName();
        if (MathSymbols.Letters.TryGetValue(name, out var letter))
            return new($"<mi>{Encode(letter)}</mi>");
        if (MathSymbols.Operators.TryGetValue(name, out var symbol))
            return new(Operator(symbol));
        if (MathSymbols.Fences.TryGetValue(name, out var fence))
            return new(Fence(fence));
        if (MathSymbols.Spaces.TryGetValue(name, out var width))
            return new(Space(width));
        if (MathSymbols.LimitOperators.TryGetValue(name, out var limits))
            return new(LimitOperator(limits), HasLimits: true);
        if (MathSymbols.Integrals.TryGetValue(name, out var integral))
            return new(Operator(integral));
        if (MathSymbols.Functions.Contains(name))
            return name == "arg" && TryTake("\\max") ? new(LimitOperator("arg max"), HasLimits: true)
                : name == "arg" && TryTake("\\min") ? new(LimitOperator("arg min"), HasLimits: true)
                : new($"<mi>{name}</mi>", IsFunction: true);
        if (MathSymbols.Accents.TryGetValue(name, out var accent))
        {
            var stretchy = name.Length > 5 ? "true" : "false";
            return new($"<mover accent=\"true\">{Argument()}<mo stretchy=\"{stretchy}\">{accent}</mo></mover>", name == "overbrace");
        }
        if (MathSymbols.Alphabets.Contains(name))
            return new(InAlphabet(name));

        return name switch
        {
            "frac" or "dfrac" or "tfrac" or "cfrac" => new($"<mfrac>{Argument()}{Argument()}</mfrac>"),
            "binom" => new($"<mrow>{Fence("(", true)}<mfrac linethickness=\"0\">{Argument()}{Argument()}</mfrac>{Fence(")", true)}</mrow>"),
            "sqrt" => Root(),
            "left" => new(Fenced()),
            "operatorname" => Named(),
            "mathrm" or "rm" => new($"<mi mathvariant=\"normal\">{Encode(RawArgument().Trim())}</mi>"),
            "text" or "textrm" or "textit" or "textbf" or "mbox" => new($"<mtext>{Encode(RawArgument()).Replace(' ', '\u00A0')}</mtext>"),
            "underline" => new($"<munder>{Argument()}<mo>_</mo></munder>"),
            "underbrace" => new($"<munder>{Argument()}<mo>⏟</mo></munder>", HasLimits: true),
            "overset" => Stacked("mover"),
            "underset" => Stacked("munder"),
            "big" or "Big" or "bigg" or "Bigg" or "bigl" or "bigr" or "Bigl" or "Bigr" => new(""),
            "limits" or "nolimits" or "displaystyle" or "textstyle" => new(""),
            "\\" or "newline" => new("<mspace linebreak=\"newline\"></mspace>"),
            "" => new(Operator("\\")),
            _ => new($"<mtext>\\{Encode(name)}</mtext>"),
        };
    }

    private Item Stacked(string element)
    {
        var small = Argument();
        return new($"<{element}>{Argument()}{small}</{element}>");
    }

    private Item Named()
    {
        var limits = TryTake("*");
        var name = Encode(RawArgument().Replace("\\,", " ", StringComparison.Ordinal).Trim());
        return limits || name is "argmin" or "argmax" or "arg min" or "arg max"
            ? new(LimitOperator(name), HasLimits: true)
            : new($"<mi mathvariant=\"normal\">{name}</mi>", IsFunction: true);
    }

    private Item Root()
    {
        SkipSpace();
        if (!TryTake("["))
            return new($"<msqrt>{Argument()}</msqrt>");
        var index = Row(untilBracket: true);
        TryTake("]");
        return new($"<mroot>{Argument()}<mrow>{index}</mrow></mroot>");
    }

    /// <summary><c>\left( … \right)</c>: brackets as tall as what they hold.</summary>
    private string Fenced()
    {
        var markup = new StringBuilder("<mrow>").Append(Fence(Delimiter(), true)).Append(Row());
        if (TryTake("\\right"))
            markup.Append(Fence(Delimiter(), true));
        return markup.Append("</mrow>").ToString();
    }

    private string Delimiter()
    {
        SkipSpace();
        if (_at >= _tex.Length)
            return "";
        if (_tex[_at] == '\\')
            return MathSymbols.Fences.GetValueOrDefault(CommandName(), "");
        var c = _tex[_at++];
        return c == '.' ? "" : c.ToString();
    }

    private string InAlphabet(string alphabet)
    {
        var argument = RawArgument().Trim();
        if (argument.StartsWith('\\') && MathSymbols.Letters.TryGetValue(argument[1..], out var letter))
            argument = letter;
        if (argument.Contains('\\', StringComparison.Ordinal) || argument.Contains('{', StringComparison.Ordinal))
            return Convert(argument, display: false, _depth)["<math>".Length..^"</math>".Length];
        var letters = string.Concat(argument.Select(c => MathSymbols.InAlphabet(alphabet, c)));
        return $"<mi mathvariant=\"normal\">{Encode(letters)}</mi>";
    }

    private string Group()
    {
        _at++;
        var content = Row();
        while (Next("\\right"))
        {
            TryTake("\\right");
            content += Row();
        }
        TryTake("}");
        return content;
    }

    /// <summary>An argument as it is written, for text and names.</summary>
    private string RawArgument()
    {
        SkipSpace();
        if (_at >= _tex.Length)
            return "";
        if (_tex[_at] == '\\')
            return "\\" + CommandName();
        if (_tex[_at] != '{')
            return _tex[_at++].ToString();
        var start = ++_at;
        for (var open = 1; _at < _tex.Length; _at++)
        {
            open += _tex[_at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (open == 0)
                return _tex[start.._at++];
        }
        return _tex[start..];
    }

    private string CommandName()
    {
        var start = ++_at;
        while (_at < _tex.Length && char.IsAsciiLetter(_tex[_at]))
            _at++;
        if (_at == start && _at < _tex.Length)
            _at++;
        return _tex[start.._at];
    }

    private string Number()
    {
        var start = _at;
        while (IsDigit(_at) || (_at < _tex.Length && (_tex[_at] == '.' ? IsDigit(_at + 1) : _tex[_at] == ',' && IsThousands())))
            _at++;
        return _tex[start.._at];
    }

    private bool IsDigit(int at) => at < _tex.Length && char.IsAsciiDigit(_tex[at]);

    /// <summary>Whether the comma here parts thousands: three digits and no more follow it.</summary>
    private bool IsThousands() => _at + 3 < _tex.Length && _tex.AsSpan(_at + 1, 3).IndexOfAnyExceptInRange('0', '9') < 0
        && (_at + 4 >= _tex.Length || !char.IsAsciiDigit(_tex[_at + 4]));

    private bool NeedsSpace()
    {
        SkipSpace();
        return _at < _tex.Length && !"([{}]),.".Contains(_tex[_at], StringComparison.Ordinal)
            && !Next("\\left") && !Next("\\big") && !Next("\\Big");
    }

    private bool Next(string text) => string.CompareOrdinal(_tex, _at, text, 0, text.Length) == 0
        && !(text is "\\right" or "\\left" && _at + text.Length < _tex.Length && char.IsAsciiLetter(_tex[_at + text.Length]));

    private bool TryTake(string text)
    {
        SkipSpace();
        if (!Next(text))
            return false;
        _at += text.Length;
        return true;
    }

    private void SkipSpace()
    {
        while (_at < _tex.Length && char.IsWhiteSpace(_tex[_at]))
            _at++;
    }

    private static bool IsQuantity(string term) => !term.StartsWith("<mo", StringComparison.Ordinal)
        || term.EndsWith(">)</mo>", StringComparison.Ordinal) || term.EndsWith(">]</mo>", StringComparison.Ordinal)
        || term.EndsWith(">|</mo>", StringComparison.Ordinal) || term.EndsWith(">‖</mo>", StringComparison.Ordinal);

    private static string One(string? markup) => markup is { Length: > 0 } ? $"<mrow>{markup}</mrow>" : "<mrow></mrow>";

    private static string Operator(string text) => $"<mo>{Encode(text)}</mo>";

    private static string LimitOperator(string text) => text.Length == 1
        ? $"<mo movablelimits=\"true\" largeop=\"true\">{text}</mo>"
        : $"<mo movablelimits=\"true\" lspace=\"0\" rspace=\"0.167em\">{text}</mo>";

    private static string Fence(string text, bool stretchy = false) => text.Length == 0
        ? ""
        : $"<mo stretchy=\"{(stretchy ? "true" : "false")}\" lspace=\"0\" rspace=\"0\">{Encode(text)}</mo>";

    private static string Space(string width) => $"<mspace width=\"{width}\"></mspace>";

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    /// <param name="Markup">The item's MathML.</param>
    /// <param name="HasLimits">Whether its scripts go below and above it.</param>
    /// <param name="IsFunction">Whether a thin space parts it from what follows.</param>
    private readonly record struct Item(string Markup, bool HasLimits = false, bool IsFunction = false);
}
