using System.Reflection;
using System.Text.Json;
using System.Xml.Linq;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Reporting;
using TorchSharp;
using Xunit;

namespace DatasetDistillation.Tests.Reporting;

/// <summary>Formats values as a notebook host does, knowing the names of the convention and nothing else.</summary>
public class FormatterConventionTests
{
    public static TheoryData<string> Samples => [.. Values.Keys];

    private static readonly Dictionary<string, object> Values = new()
    {
        ["chart"] = Chart.Line([3.0, 2, 1], "Loss", "step", "loss"),
        ["row"] = Chart.LearningCurves([1.0, 0.5], [1.1, 0.7], [0.8, 0.9], [0.7, 0.85]),
        ["images"] = ImageGrid.Of(new float[2, 3, 3], ["a", "b"]),
        ["predictions"] = PredictionsGrid.Of(new float[2, 3, 3], [1, 2], [0.9, 0.8], [1, 7]),
        ["table"] = new ResultsTable("method", Column.Percent("accuracy")).Add("a", 0.5),
        ["progress"] = new ProgressBar(0.5, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3), "training"),
        ["set"] = new DistilledSet(torch.rand([10, 1, 4, 4]), torch.eye(10), "test"),
        ["matrix"] = Cross(),
    };

    [Theory]
    [MemberData(nameof(Samples))]
    public void AHostFormatsEveryPreferredType(string name)
    {
        var value = Values[name];
        var (source, preferred) = Convention(value.GetType());
        Assert.Contains("text/plain", preferred);
        foreach (var mimeType in preferred)
            AssertWellFormed(mimeType, Format(source, value, mimeType));
    }

    [Fact]
    public void EveryPublicRichOutputFollowsTheConvention()
    {
        var types = typeof(IRichOutput).Assembly.GetExportedTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IRichOutput))).ToArray();
        Assert.Superset(Values.Values.Select(value => value.GetType()).ToHashSet(), types.ToHashSet());
        foreach (var type in types)
            Assert.Contains("text/plain", Convention(type).Preferred);
    }

    [Theory]
    [InlineData("chart", "image/svg+xml", "application/vnd.plotly.v1+json")]
    [InlineData("row", "image/svg+xml", "application/vnd.plotly.v1+json")]
    [InlineData("images", "image/png")]
    [InlineData("predictions", "image/png")]
    [InlineData("table", "text/html")]
    [InlineData("set", "image/png")]
    [InlineData("matrix", "text/html")]
    [InlineData("progress", "text/html")]
    public void TheRichestFormIsPreferred(string name, params string[] mimeTypes) =>
        Assert.Equal([.. mimeTypes, "text/plain"], Convention(Values[name].GetType()).Preferred);

    [Fact]
    public void AFormTheObjectDoesNotHaveIsRefused()
    {
        var source = Convention(typeof(ResultsTable)).Source;
        Assert.Null(Format(source, Values["table"], "image/png"));
        Assert.Null(Format(source, "some other object", "text/plain"));
        var error = Assert.Throws<NotSupportedException>(() => ((IRichOutput)Values["table"]).Render("image/png"));
        Assert.Contains("image/png", error.Message);
    }

    private static CrossArchitecture Cross()
    {
        using var digits = SyntheticDigits.Create(30, seed: 1);
        using var set = Baselines.ClassMeans(digits);
        return CrossArchitecture.Measure([("means", set)], [new NetworkReadOut(Networks.SoftmaxRegression()) { Steps = 1 }], digits, 2);
    }

    private static (Type Source, string[] Preferred) Convention(Type type)
    {
        var attribute = type.GetCustomAttributes(inherit: true).Single(a => a.GetType().Name == "TypeFormatterSourceAttribute");
        object Get(string property) => attribute.GetType().GetProperty(property)!.GetValue(attribute)!;
        return ((Type)Get("FormatterSourceType"), (string[])Get("PreferredMimeTypes"));
    }

    private static string? Format(Type source, object value, string mimeType)
    {
        var instance = Activator.CreateInstance(source)!;
        var formatters = (IEnumerable<object>)source.GetMethod("CreateTypeFormatters")!.Invoke(instance, null)!;
        var formatter = formatters.Single(f => (string)f.GetType().GetProperty("MimeType")!.GetValue(f)! == mimeType);
        var format = formatter.GetType().GetMethods(BindingFlags.Public | BindingFlags.Instance).Single(m => m.Name == "Format");
        Assert.Equal([typeof(object), typeof(TextWriter)], format.GetParameters().Select(p => p.ParameterType));
        var writer = new StringWriter();
        return (bool)format.Invoke(formatter, [value, writer])! ? writer.ToString() : null;
    }

    private static void AssertWellFormed(string mimeType, string? text)
    {
        Assert.False(string.IsNullOrWhiteSpace(text));
        switch (mimeType)
        {
            case "image/png":
                Assert.True(Png.Decode(Convert.FromBase64String(text)).Width > 0);
                break;
            case "application/vnd.plotly.v1+json":
                Assert.True(JsonDocument.Parse(text).RootElement.GetProperty("data").GetArrayLength() > 0);
                break;
            case "image/svg+xml" or "text/html":
                XElement.Parse(text);
                break;
            default:
                Assert.DoesNotContain('<', text);
                break;
        }
    }
}
