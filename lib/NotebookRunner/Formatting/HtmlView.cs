using System.Collections;
using System.Globalization;
using System.Net;
using System.Text;
using NotebookRunner.Api;

namespace NotebookRunner.Formatting;

/// <summary>Shows any value as an HTML table: a collection row by row, an object member by member.</summary>
internal sealed class HtmlView
{
    private const int MaxLength = 500_000;
    private readonly StringBuilder _html = new();
    private readonly HashSet<object> _path = new(ReferenceEqualityComparer.Instance);

    public string Write(object? value)
    {
        Append(value);
        return _html.ToString();
    }

    private void Append(object? value)
    {
        if (_html.Length > MaxLength)
            _html.Append('…');
        else if (value is IHtmlContent markup)
            _html.Append(ValueFormatter.Markup(markup));
        else if (ValueFormatter.IsSimple(value))
            AppendText(ValueFormatter.PlainText(value));
        else if (AppendOwn(value!))
            return;
        else if (value is not IEnumerable && ObjectShape.SpeaksForItself(value!))
            AppendText(ObjectShape.Say(value!));
        else if (_path.Count >= ObjectShape.MaxDepth || !_path.Add(value!))
            AppendText(ObjectShape.TypeName(value!.GetType()) + " …");
        else
            AppendContent(value!);
    }

    /// <summary>Shows a value within another as its own type would.</summary>
    private bool AppendOwn(object value)
    {
        if (TypeFormatters.Of(value.GetType()) is not { } own)
            return false;
        if (own.Format(value, ValueFormatter.Html) is { } html)
            _html.Append(html);
        else if (own.Format(value, "image/svg+xml") is { } svg)
            _html.Append(svg);
        else if (own.Format(value, "image/png") is { } png)
            _html.Append("<img alt=\"\" src=\"data:image/png;base64,").Append(png).Append("\">");
        else if (own.Format(value, ValueFormatter.Plain) is { } text)
            AppendText(text);
        else
            return false;
        return true;
    }

    private void AppendContent(object value)
    {
        if (value is IDictionary dictionary)
            AppendDictionary(dictionary);
        else if (value is IEnumerable collection)
            AppendItems(collection);
        else
            AppendTable(["", ""], ObjectShape.Members(value).Select(m => (object?[])[m.Name, m.Value]), more: false, header: false);
        _path.Remove(value);
    }

    private void AppendDictionary(IDictionary dictionary)
    {
        var (items, more) = ObjectShape.Items(dictionary);
        AppendTable(["key", "value"], items.Select(item => item is DictionaryEntry entry
            ? (object?[])[entry.Key, entry.Value]
            : [item is null ? null : item.GetType().GetProperty("Key")?.GetValue(item) ?? item, item?.GetType().GetProperty("Value")?.GetValue(item)]), more);
    }

    private void AppendItems(IEnumerable collection)
    {
        var (items, more) = ObjectShape.Items(collection);
        if (items.Count > 0 && items.All(HasColumns) && items.Select(i => i!.GetType()).Distinct().Count() == 1)
        {
            var rows = items.Select(item => ObjectShape.Members(item!)).ToList();
            AppendTable(["", .. rows[0].Select(m => m.Name)],
                rows.Index().Select(row => (object?[])[row.Index, .. row.Item.Select(m => m.Value)]), more);
        }
        else
        {
            AppendTable(["", "value"], items.Index().Select(item => (object?[])[item.Index, item.Item]), more);
        }
    }

    private static bool HasColumns(object? item) => item is not null and not IEnumerable and not IHtmlContent
        && !ValueFormatter.IsSimple(item) && TypeFormatters.Of(item.GetType()) is null && !ObjectShape.SpeaksForItself(item);

    private void AppendTable(IReadOnlyList<string> columns, IEnumerable<object?[]> rows, bool more, bool header = true)
    {
        _html.Append("<table>");
        if (header)
        {
            _html.Append("<thead><tr>");
            foreach (var column in columns)
                _html.Append("<th>").Append(WebUtility.HtmlEncode(column)).Append("</th>");
            _html.Append("</tr></thead>");
        }
        _html.Append("<tbody>");
        foreach (var row in rows)
        {
            _html.Append("<tr>");
            foreach (var (index, cell) in row.Index())
            {
                _html.Append(index == 0 ? "<th>" : "<td>");
                Append(cell);
                _html.Append(index == 0 ? "</th>" : "</td>");
            }
            _html.Append("</tr>");
        }
        if (more)
            _html.Append(CultureInfo.InvariantCulture, $"<tr><td colspan=\"{columns.Count}\">… more</td></tr>");
        _html.Append("</tbody></table>");
    }

    private void AppendText(string text) => _html.Append(WebUtility.HtmlEncode(text).Replace("\n", "<br>", StringComparison.Ordinal));
}
