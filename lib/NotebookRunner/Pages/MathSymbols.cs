using System.Text;

namespace NotebookRunner.Pages;

/// <summary>The TeX commands that stand for a character or a word.</summary>
internal static class MathSymbols
{
    /// <summary>Letters: set as identifiers.</summary>
    public static readonly Dictionary<string, string> Letters = Table(
        """
        alpha α  beta β  gamma γ  delta δ  epsilon ϵ  varepsilon ε  zeta ζ  eta η  theta θ  vartheta ϑ  iota ι  kappa κ
        lambda λ  mu μ  nu ν  xi ξ  pi π  rho ρ  varrho ϱ  sigma σ  tau τ  upsilon υ  phi ϕ  varphi φ  chi χ  psi ψ
        omega ω  Gamma Γ  Delta Δ  Theta Θ  Lambda Λ  Xi Ξ  Pi Π  Sigma Σ  Upsilon Υ  Phi Φ  Psi Ψ  Omega Ω  ell ℓ  infty ∞
        partial ∂  nabla ∇  emptyset ∅  varnothing ∅  hbar ℏ  Re ℜ  Im ℑ  top ⊤  bot ⊥  ldots …  dots …  cdots ⋯  vdots ⋮
        ddots ⋱  prime ′  dagger †  # #  % %  $ $  _ _
        """);

    /// <summary>Operators and relations.</summary>
    public static readonly Dictionary<string, string> Operators = Table(
        """
        le ≤  leq ≤  ge ≥  geq ≥  ne ≠  neq ≠  approx ≈  sim ∼  simeq ≃  cong ≅  equiv ≡  propto ∝  ll ≪  gg ≫  prec ≺
        succ ≻  in ∈  notin ∉  ni ∋  subset ⊂  subseteq ⊆  supset ⊃  supseteq ⊇  cup ∪  cap ∩  setminus ∖  to →
        rightarrow →  leftarrow ←  gets ←  mapsto ↦  leftrightarrow ↔  Rightarrow ⇒  Leftarrow ⇐  Leftrightarrow ⇔
        implies ⟹  iff ⟺  longrightarrow ⟶  times ×  cdot ⋅  div ÷  pm ±  mp ∓  odot ⊙  otimes ⊗  oplus ⊕  ast ∗  star ⋆
        circ ∘  bullet ∙  perp ⟂  parallel ∥  mid ∣  forall ∀  exists ∃  neg ¬  land ∧  wedge ∧  lor ∨  vee ∨  colon :
        triangleq ≜  coloneqq ≔
        """);

    /// <summary>Brackets, which grow only after <c>\left</c> and <c>\right</c>.</summary>
    public static readonly Dictionary<string, string> Fences = Table(
        """
        { {  } }  | ‖  Vert ‖  lVert ‖  rVert ‖  vert |  lvert |  rvert |  langle ⟨  rangle ⟩  lfloor ⌊  rfloor ⌋  lceil ⌈
        rceil ⌉  lbrace {  rbrace }  lbrack [  rbrack ]
        """);

    /// <summary>Operators whose subscripts and superscripts go below and above in a displayed formula.</summary>
    public static readonly Dictionary<string, string> LimitOperators = Table(
        """
        sum ∑  prod ∏  coprod ∐  bigcup ⋃  bigcap ⋂  bigoplus ⨁  bigotimes ⨂  max max  min min  argmax argmax  argmin argmin
        sup sup  inf inf  lim lim
        """);

    public static readonly Dictionary<string, string> Integrals = Table(
        """
        int ∫  iint ∬  oint ∮
        """);

    /// <summary>Functions written in upright letters.</summary>
    public static readonly HashSet<string> Functions =
        [.. "exp log ln lg sin cos tan sinh cosh tanh arcsin arccos arctan det dim ker deg arg gcd Pr tr".Split(' ')];

    /// <summary>Marks set above.</summary>
    public static readonly Dictionary<string, string> Accents = Table(
        """
        tilde ~  widetilde ~  hat ^  widehat ^  bar ¯  overline ¯  vec →  dot ˙  ddot ¨  check ˇ  breve ˘  overbrace ⏞
        overrightarrow →
        """);

    /// <summary>Widths of spaces, in em.</summary>
    public static readonly Dictionary<string, string> Spaces = new()
    {
        [","] = "0.167em",
        [":"] = "0.222em",
        [">"] = "0.222em",
        [";"] = "0.278em",
        ["!"] = "-0.167em",
        [" "] = "0.25em",
        ["quad"] = "1em",
        ["qquad"] = "2em",
        ["enspace"] = "0.5em",
        ["thinspace"] = "0.167em",
    };

    /// <summary>Commands that set their argument's letters in another alphabet.</summary>
    public static readonly HashSet<string> Alphabets = [.. "mathbb mathcal mathscr mathbf boldsymbol bm mathfrak mathsf mathtt".Split(' ')];

    /// <summary>Reads names and what they stand for, parted by white space.</summary>
    private static Dictionary<string, string> Table(string text) =>
        text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);

    /// <summary>A letter or digit in another alphabet, or itself where that has none.</summary>
    public static string InAlphabet(string alphabet, char c)
    {
        // Unicode put these letters elsewhere before it had the alphabets.
        var early = (alphabet, c) switch
        {
            ("mathbb", _) when "CHNPQRZ".Contains(c, StringComparison.Ordinal) => "ℂℍℕℙℚℝℤ"["CHNPQRZ".IndexOf(c, StringComparison.Ordinal)],
            ("mathcal" or "mathscr", _) when "BEFHILMRego".IndexOf(c, StringComparison.Ordinal) is >= 0 and var at => "ℬℰℱℋℐℒℳℛℯℊℴ"[at],
            ("mathfrak", _) when "CHIRZ".Contains(c, StringComparison.Ordinal) => "ℭℌℑℜℨ"["CHIRZ".IndexOf(c, StringComparison.Ordinal)],
            _ => '\0',
        };
        if (early != '\0')
            return early.ToString();

        var (letters, digits) = alphabet switch
        {
            "mathbb" => (0x1D538, 0x1D7D8),
            "mathcal" or "mathscr" => (0x1D49C, 0),
            "mathbf" => (0x1D400, 0x1D7CE),
            "boldsymbol" or "bm" => (0x1D468, 0x1D7CE),
            "mathfrak" => (0x1D504, 0),
            "mathsf" => (0x1D5A0, 0x1D7E2),
            _ => (0x1D670, 0x1D7F6),
        };
        return c switch
        {
            >= 'A' and <= 'Z' => new Rune(letters + c - 'A').ToString(),
            >= 'a' and <= 'z' => new Rune(letters + 26 + c - 'a').ToString(),
            >= '0' and <= '9' when digits != 0 => new Rune(digits + c - '0').ToString(),
            >= 'α' and <= 'ω' when alphabet is "boldsymbol" or "bm" => new Rune(0x1D736 + c - 'α').ToString(),
            >= 'Α' and <= 'Ω' when alphabet is "boldsymbol" or "bm" or "mathbf" => new Rune(0x1D6A8 + c - 'Α').ToString(),
            _ => c.ToString(),
        };
    }
}
