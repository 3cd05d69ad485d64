using System.Runtime.CompilerServices;
using DatasetDistillation.Distillation;
using Microsoft.DotNet.Interactive.Formatting;
using Plotly.NET;
using TorchSharp;

namespace DatasetDistillation.Reporting;

/// <summary>
/// Tells .NET Interactive how charts, pictures, tables, tensors and the library's other types are shown: as HTML or PNG with a line of text
/// beside it, or as text alone. In a notebook this is done when the library is loaded.
/// </summary>
internal static class Formatters
{
    private const string Html = "text/html";
    private const string Png = "image/png";
    private const string Text = "text/plain";
    private const long MostElements = 100;

    /// <summary>Registers the formatters, and gives charts made from here on the project's look. A second call changes nothing.</summary>
    public static void Register()
    {
        (Defaults.DefaultTemplate, Defaults.DefaultWidth, Defaults.DefaultHeight) = (ChartTheme.Light, Charts.Width, Charts.Height);
        var shown = typeof(Formatters).Assembly.GetTypes()
            .Where(static type => type is { IsInterface: false, IsGenericType: false } and not { IsAbstract: true, IsSealed: true });
        foreach (var type in shown)
            if (type.IsAssignableTo(typeof(IPicture)))
                Add(type, Png, static value => Convert.ToBase64String(((IPicture)value).ToPng()));
            else if (type.IsAssignableTo(typeof(IRichOutput)))
                Add(type, Html, static value => ((IRichOutput)value).ToHtml());
            else if (type.GetMethod(nameof(ToString), [])?.DeclaringType?.Assembly == type.Assembly)
                Add(type);
        Add(typeof(DistilledSet), Png, static set => Convert.ToBase64String(((DistilledSet)set).Grid().ToPng()));
        Add(typeof(CrossArchitecture), Html, static matrix => ((CrossArchitecture)matrix).ToHtml(),
            static matrix => ((CrossArchitecture)matrix).Table().ToString());
        Add(typeof(GenericChart), Html, static chart => ((GenericChart)chart).ToHtml(), static chart => ((GenericChart)chart).ToText());
        Add(typeof(torch.Tensor), text: static tensor => TextOf((torch.Tensor)tensor));
    }

#pragma warning disable CA2255 // A library that notebooks load has no Main in which to do this.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void RegisterInHost()
    {
        FSharpCore.AnswerRequests();
        if (AppDomain.CurrentDomain.GetAssemblies().Any(static assembly => assembly.GetName().Name == "Microsoft.DotNet.Interactive"))
            Register();
    }

    private static void Add(Type type, string? rich = null, Func<object, string>? render = null, Func<object, string>? text = null)
    {
        if (rich is not null && render is not null)
            Formatter.Register(type, (value, writer) => writer.Write(render(value)), rich);
        Formatter.Register(type, (value, writer) => writer.Write(text is null ? value.ToString() : text(value)), Text);
        Formatter.SetPreferredMimeTypesFor(type, rich is null ? [Text] : [rich, Text]);
    }

    /// <summary>The elements of a small tensor, type and shape of a large one.</summary>
    private static string TextOf(torch.Tensor tensor) => tensor.IsInvalid || tensor.numel() > MostElements
        ? tensor.ToString(TensorStringStyle.Metadata)
        : tensor.ToString(TensorStringStyle.Numpy);
}
