using System.Net;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NotebookRunner.Pages;

/// <summary>Colours C#: keywords, text, numbers, comments, names of types and of called methods.</summary>
internal static class CodeHtml
{
    private static readonly CSharpParseOptions s_options = new(LanguageVersion.Latest, DocumentationMode.None, SourceCodeKind.Script);

    public static string Convert(string code, string language)
    {
        if (language != "csharp")
            return WebUtility.HtmlEncode(code);
        var html = new StringBuilder();
        foreach (var token in CSharpSyntaxTree.ParseText(code, s_options).GetRoot().DescendantTokens())
        {
            foreach (var trivia in token.LeadingTrivia)
                AppendTrivia(trivia);
            Append(token.Text, ClassOf(token));
            foreach (var trivia in token.TrailingTrivia)
                AppendTrivia(trivia);
        }
        return html.ToString();

        void Append(string text, string? kind)
        {
            if (kind is null)
                html.Append(WebUtility.HtmlEncode(text));
            else
                html.Append("<span class=\"").Append(kind).Append("\">").Append(WebUtility.HtmlEncode(text)).Append("</span>");
        }

        void AppendTrivia(SyntaxTrivia trivia) => Append(trivia.ToFullString(), trivia.Kind() switch
        {
            SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia => "c",
            _ when trivia.IsDirective => "d",
            _ => null,
        });
    }

    private static string? ClassOf(SyntaxToken token)
    {
        if (token.IsKeyword() || token.IsContextualKeyword() || IsVar(token))
            return "k";
        return token.Kind() switch
        {
            SyntaxKind.NumericLiteralToken => "n",
            SyntaxKind.StringLiteralToken or SyntaxKind.CharacterLiteralToken or SyntaxKind.InterpolatedStringTextToken
                or SyntaxKind.InterpolatedStringStartToken or SyntaxKind.InterpolatedStringEndToken or SyntaxKind.InterpolatedVerbatimStringStartToken
                or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken
                or SyntaxKind.InterpolatedSingleLineRawStringStartToken or SyntaxKind.InterpolatedMultiLineRawStringStartToken
                or SyntaxKind.InterpolatedRawStringEndToken => "s",
            SyntaxKind.IdentifierToken => ClassOfName(token),
            _ => null,
        };
    }

    private static bool IsVar(SyntaxToken token) => token.Text == "var" && token.Parent is IdentifierNameSyntax { IsVar: true };

    private static string? ClassOfName(SyntaxToken token) => token.Parent switch
    {
        BaseTypeDeclarationSyntax => "t",
        MethodDeclarationSyntax or LocalFunctionStatementSyntax => "f",
        SimpleNameSyntax { Parent: InvocationExpressionSyntax } => "f",
        SimpleNameSyntax { Parent: MemberAccessExpressionSyntax { Parent: InvocationExpressionSyntax call } access } name when call.Expression == access && access.Name == name => "f",
        SimpleNameSyntax { Parent: ObjectCreationExpressionSyntax or TypeArgumentListSyntax or ArrayTypeSyntax or VariableDeclarationSyntax or ParameterSyntax or BaseTypeSyntax or NullableTypeSyntax or CastExpressionSyntax } => "t",
        SimpleNameSyntax { Parent: MemberAccessExpressionSyntax access } name when access.Expression == name && char.IsUpper(token.Text[0]) => "t",
        _ => null,
    };
}
