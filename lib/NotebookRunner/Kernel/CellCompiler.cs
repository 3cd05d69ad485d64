using System.Runtime.InteropServices;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Scripting;
using NotebookRunner.Api;

namespace NotebookRunner.Kernel;

/// <summary>Compiles the cells of one notebook, each seeing what those before it declared, and runs them.</summary>
internal sealed class CellCompiler
{
    private static readonly string[] s_imports =
    [
        "System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq",
        "NotebookRunner.Api",
    ];

    private readonly NotebookLoadContext _context = new();
    private readonly ScriptOptions _options;
    private Script<object>? _previous;
    private object?[] _submissions = [null];

    public CellCompiler() => _options = ScriptOptions.Default
        .WithReferences(FrameworkReferences())
        .WithMetadataResolver(new LibraryResolver(_context))
        .WithImports([.. s_imports, typeof(CellApi).FullName!])
        .WithLanguageVersion(LanguageVersion.Latest)
        .WithOptimizationLevel(OptimizationLevel.Release)
        .WithEmitDebugInformation(true)
        .WithFileEncoding(Encoding.UTF8)
        .WithAllowUnsafe(true);

    /// <summary>Compiles and runs code.</summary>
    /// <param name="name">What tracebacks call the code.</param>
    /// <param name="code">C# script.</param>
    /// <returns>The value of the trailing expression, and whether there is one.</returns>
    /// <exception cref="CellException">The code does not compile.</exception>
    public async Task<(bool HasValue, object? Value)> RunAsync(string name, string code)
    {
        var options = _options.WithFilePath(name);
        var script = _previous is null ? CSharpScript.Create<object>(code, options) : _previous.ContinueWith<object>(code, options);
        var (run, hasValue) = Compile(script, name, code);

        // A submission finds those before it in this array, in which slot 0 is a host object that cells do not have.
        _previous = script;
        Array.Resize(ref _submissions, _submissions.Length + 1);
        return (hasValue, await run(_submissions).ConfigureAwait(false));
    }

    private (Func<object?[], Task<object?>> Run, bool HasValue) Compile(Script<object> script, string name, string code)
    {
        var compilation = script.GetCompilation();
        using var image = new MemoryStream();
        using var symbols = new MemoryStream();
        var emitted = compilation.Emit(image, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb));
        if (!emitted.Success)
        {
            // Emitting fails without an error when there is nothing to emit: comments, references and usings alone.
            return emitted.Diagnostics.Any(d => d.Severity == DiagnosticSeverity.Error)
                ? throw CompilationError(emitted.Diagnostics, name, code)
                : (_ => Task.FromResult<object?>(null), false);
        }

        image.Position = symbols.Position = 0;
        var entryPoint = compilation.GetEntryPoint(CancellationToken.None)!;
        var run = _context.LoadCell(image, symbols)
            .GetType(entryPoint.ContainingType.MetadataName, throwOnError: true)!
            .GetMethod(entryPoint.MetadataName, System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic)!
            .CreateDelegate<Func<object?[], Task<object?>>>();
        return (run, HasTrailingExpression(compilation));
    }

    private static bool HasTrailingExpression(Compilation compilation)
    {
        var tree = compilation.SyntaxTrees.Single();
        return tree.GetCompilationUnitRoot().Members.LastOrDefault() is GlobalStatementSyntax
        {
            Statement: ExpressionStatementSyntax { SemicolonToken.IsMissing: true } statement,
        } && compilation.GetSemanticModel(tree).GetTypeInfo(statement.Expression).Type?.SpecialType != SpecialType.System_Void;
    }

    private static CellException CompilationError(IEnumerable<Diagnostic> diagnostics, string name, string code)
    {
        var errors = diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).OrderBy(d => d.Location.SourceSpan.Start).ToList();
        var lines = code.Split('\n');
        var details = new List<string>();
        foreach (var error in errors)
        {
            var position = error.Location.GetLineSpan().StartLinePosition;
            details.Add($"{name} ({position.Line + 1},{position.Character + 1}): error {error.Id}: {error.GetMessage(null)}");
            if (error.Location.IsInSource && position.Line < lines.Length)
            {
                details.Add($"    {lines[position.Line].TrimEnd().Replace('\t', ' ')}");
                details.Add(new string(' ', 4 + position.Character) + "^");
            }
        }
        return new CellException("CompilationError", details[0], [.. details]);
    }

    private static IEnumerable<MetadataReference> FrameworkReferences()
    {
        var folder = RuntimeEnvironment.GetRuntimeDirectory();
        var platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        return platform
            .Where(path => path.StartsWith(folder, StringComparison.Ordinal))
            .Append(typeof(CellApi).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path));
    }
}
