using System.Xml.Linq;
using NotebookRunner.Pages;
using Xunit;

namespace NotebookRunner.Tests;

public sealed class MathMlTests
{
    [Theory]
    [InlineData("x", "<mi>x</mi>")]
    [InlineData("12.5", "<mn>12.5</mn>")]
    [InlineData("\\theta_0", "<msub><mi>θ</mi><mrow><mn>0</mn></mrow></msub>")]
    [InlineData("x^2", "<msup><mi>x</mi><mrow><mn>2</mn></mrow></msup>")]
    [InlineData("x_i^{n}", "<msubsup><mi>x</mi><mrow><mi>i</mi></mrow><mrow><mrow><mi>n</mi></mrow></mrow></msubsup>")]
    [InlineData("x^n_i", "<msubsup><mi>x</mi><mrow><mi>i</mi></mrow><mrow><mi>n</mi></mrow></msubsup>")]
    [InlineData("x^10", "<msup><mi>x</mi><mrow><mn>1</mn></mrow></msup><mn>0</mn>")]
    [InlineData("f'", "<msup><mi>f</mi><mrow><mo>′</mo></mrow></msup>")]
    [InlineData("\\frac{1}{n}", "<mfrac><mrow><mn>1</mn></mrow><mrow><mi>n</mi></mrow></mfrac>")]
    [InlineData("\\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>")]
    [InlineData("\\sqrt x", "<msqrt><mi>x</mi></msqrt>")]
    [InlineData("\\sqrt[3]{x}", "<mroot><mrow><mi>x</mi></mrow><mrow><mn>3</mn></mrow></mroot>")]
    [InlineData("\\mathbb{R}", "<mi mathvariant=\"normal\">ℝ</mi>")]
    [InlineData("\\mathcal L", "<mi mathvariant=\"normal\">ℒ</mi>")]
    [InlineData("\\mathcal{D}", "<mi mathvariant=\"normal\">𝒟</mi>")]
    [InlineData("\\mathbf{x1}", "<mi mathvariant=\"normal\">𝐱𝟏</mi>")]
    [InlineData("\\boldsymbol\\theta", "<mi mathvariant=\"normal\">𝜽</mi>")]
    [InlineData("\\operatorname{tr}A", "<mi mathvariant=\"normal\">tr</mi><mspace width=\"0.167em\"></mspace><mi>A</mi>")]
    [InlineData("\\tilde{x}", "<mover accent=\"true\"><mrow><mi>x</mi></mrow><mo stretchy=\"false\">~</mo></mover>")]
    [InlineData("\\nabla", "<mi>∇</mi>")]
    [InlineData("a \\le b", "<mi>a</mi><mo>≤</mo><mi>b</mi>")]
    [InlineData("a < b & c", "<mi>a</mi><mo>&lt;</mo><mi>b</mi><mi>c</mi>")]
    [InlineData("a - b", "<mi>a</mi><mo>−</mo><mi>b</mi>")]
    [InlineData("-b", "<mo form=\"prefix\">−</mo><mi>b</mi>")]
    [InlineData("= -b", "<mo>=</mo><mo form=\"prefix\">−</mo><mi>b</mi>")]
    [InlineData("\\text{a b}", "<mtext>a\u00A0b</mtext>")]
    [InlineData("x := 1", "<mi>x</mi><mo>≔</mo><mn>1</mn>")]
    [InlineData("33{,}600", "<mn>33</mn><mrow><mo>,</mo></mrow><mn>600</mn>")]
    [InlineData("\\left( x \\right]",
        "<mrow><mo stretchy=\"true\" lspace=\"0\" rspace=\"0\">(</mo><mi>x</mi>"
        + "<mo stretchy=\"true\" lspace=\"0\" rspace=\"0\">]</mo></mrow>")]
    public void A_formula_becomes(string tex, string expected) =>
        Assert.Equal(Canonical($"<math><mrow>{expected}</mrow></math>"), Canonical(MathMl.Convert(tex, display: false)));

    [Theory]
    [InlineData("\\sum_{i=1}^n", "munderover")]
    [InlineData("\\min_x", "munder")]
    [InlineData("\\operatorname*{argmin}_x", "munder")]
    [InlineData("\\arg\\max_x", "munder")]
    [InlineData("\\int_0^1", "msubsup")]
    [InlineData("\\underbrace{x}_{y}", "munder")]
    public void Scripts_of_large_operators_go_below_and_above(string tex, string element) =>
        Assert.StartsWith($"<math display=\"block\"><mrow><{element}>", MathMl.Convert(tex, display: true), StringComparison.Ordinal);

    [Fact]
    public void What_is_not_known_is_shown_as_text()
    {
        const string Expected = "<math><mrow><mtext>\\mystery</mtext><mrow><mi>x</mi></mrow></mrow></math>";
        Assert.Equal(Expected, MathMl.Convert("\\mystery{x}", display: false));
    }

    [Theory]
    [InlineData("")]
    [InlineData("}")]
    [InlineData("{")]
    [InlineData("x_")]
    [InlineData("^_'")]
    [InlineData("\\frac")]
    [InlineData("\\frac{a")]
    [InlineData("\\sqrt[")]
    [InlineData("\\left")]
    [InlineData("\\left( x")]
    [InlineData("\\right)")]
    [InlineData("{ a \\right) b }")]
    [InlineData("\\text{a")]
    [InlineData("\\mathbb")]
    [InlineData("\\operatorname")]
    [InlineData("\\")]
    [InlineData("a]b & \"c\" <d>")]
    [InlineData("\ud835")]
    [InlineData("\\tilde\\tilde\\tilde")]
    [InlineData("\\binom n k \\underset{a}{b} \\overset{c}{d} \\big( x \\big) \\\\ y")]
    public void Anything_becomes_well_formed_markup(string tex) =>
        Assert.Equal("math", XElement.Parse(MathMl.Convert(tex, display: true)).Name);

    [Theory]
    [InlineData("{")]
    [InlineData("x_")]
    [InlineData("\\sqrt")]
    [InlineData("\\left(")]
    public void Depth_without_end_is_cut(string nesting) =>
        Assert.Equal("math", XElement.Parse(MathMl.Convert(string.Concat(Enumerable.Repeat(nesting, 20_000)), display: true)).Name);

    private static string Canonical(string markup) =>
        XElement.Parse(markup, LoadOptions.PreserveWhitespace).ToString(SaveOptions.DisableFormatting);
}
