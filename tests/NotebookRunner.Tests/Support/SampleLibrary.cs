using System.Runtime.InteropServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace NotebookRunner.Tests.Support;

/// <summary>Compiles a library as a notebook would <c>#r</c> it, with a managed and a native library beside it.</summary>
internal static class SampleLibrary
{
    private const string Core = """
        namespace Sample.Core;
        public class Counter { public static int Count; public int Next() => ++Count; }
        """;

    private const string Main = """
        using System;
        using System.Collections.Generic;
        using System.IO;
        using System.Runtime.InteropServices;

        namespace Sample;

        [AttributeUsage(AttributeTargets.Class)]
        internal sealed class TypeFormatterSourceAttribute : Attribute
        {
            public TypeFormatterSourceAttribute(Type formatterSourceType) => FormatterSourceType = formatterSourceType;
            public Type FormatterSourceType { get; }
            public string[] PreferredMimeTypes { get; set; }
        }

        [TypeFormatterSource(typeof(PictureSource), PreferredMimeTypes = new[] { "image/png", "text/plain" })]
        public class Picture
        {
            public Picture(string name) => Name = name;
            public string Name { get; }
            public string Hidden => throw new InvalidOperationException("never read");
        }

        public class Derived : Picture { public Derived() : base("derived") { } }

        internal class PictureSource
        {
            public IEnumerable<object> CreateTypeFormatters()
            {
                yield return new Formatter("image/png", p => Convert.ToBase64String(new byte[] { 1, 2, 3 }));
                yield return new Formatter("text/plain", p => "Picture " + p.Name);
                yield return new Formatter("text/html", p => "<i>" + p.Name + "</i>");
            }
        }

        internal class Formatter
        {
            private readonly Func<Picture, string> _format;
            public Formatter(string mimeType, Func<Picture, string> format) { MimeType = mimeType; _format = format; }
            public string MimeType { get; }
            public bool Format(object instance, TextWriter writer) { writer.Write(_format((Picture)instance)); return true; }
        }

        public static class Library
        {
            public static Sample.Core.Counter Counter() => new();
            public static int Parse(string text) => int.Parse(text);
            [DllImport("samplenative", EntryPoint = "SystemNative_GetPid")] public static extern int NativePid();
        }
        """;

    /// <summary>Writes Sample.dll, Sample.Core.dll and a native library to a folder.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var core = Compile("Sample.Core", Core, folder, []);
        Compile("Sample", Main, folder, [core]);
        var native = OperatingSystem.IsMacOS() ? "libSystem.Native.dylib" : "libSystem.Native.so";
        File.Copy(
            Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), native),
            Path.Combine(folder, native.Replace("System.Native", "samplenative", StringComparison.Ordinal)));
    }

    private static string Compile(string name, string source, string folder, IReadOnlyList<string> references)
    {
        var platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => p.StartsWith(RuntimeEnvironment.GetRuntimeDirectory(), StringComparison.Ordinal));
        var path = Path.Combine(folder, name + ".dll");
        var result = CSharpCompilation.Create(
            name,
            [CSharpSyntaxTree.ParseText(source)],
            platform.Concat(references).Select(p => MetadataReference.CreateFromFile(p)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)).Emit(path);
        return result.Success ? path : throw new InvalidOperationException(string.Join('\n', result.Diagnostics));
    }
}
