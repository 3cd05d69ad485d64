using System.Security;
using System.Xml;

namespace DatasetDistillation.Reporting.Rendering;

internal static class Xml
{
    /// <summary>Text that may stand in an element or an attribute; characters that XML forbids are dropped.</summary>
    public static string Escape(string text) =>
        SecurityElement.Escape(string.Concat(text.Where(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c))));
}
