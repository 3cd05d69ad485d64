using System.Security;
using System.Xml;

namespace DatasetDistillation.Reporting;

internal static class Xml
{
    /// <summary>
    /// Text that may stand in an element or an attribute; characters that XML forbids are dropped, and half a character becomes U+FFFD.
    /// </summary>
    public static string Escape(string text) =>
        SecurityElement.Escape(
            string.Concat(text.EnumerateRunes().Where(static rune => !rune.IsBmp || XmlConvert.IsXmlChar((char)rune.Value))));
}
