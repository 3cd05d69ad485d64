using System.Collections;
using System.Text;

namespace NotebookRunner.Formatting;

/// <summary>Shows any value as text: <c>[ 1, 2, 3 ]</c>, <c>Point { X = 1, Y = 2 }</c>.</summary>
internal sealed class PlainView
{
    private const int MaxLength = 20_000;
    private readonly StringBuilder _text = new();
    private readonly HashSet<object> _path = new(ReferenceEqualityComparer.Instance);

    public string Write(object? value)
    {
        Append(value);
        return _text.ToString();
    }

    private void Append(object? value)
    {
        if (_text.Length > MaxLength)
            _text.Append('…');
        else if (ValueFormatter.IsSimple(value))
            _text.Append(ValueFormatter.PlainText(value));
        else if (TypeFormatters.Of(value!.GetType())?.Format(value, ValueFormatter.Plain) is { } own)
            _text.Append(own);
        else if (value is not IEnumerable && ObjectShape.SpeaksForItself(value))
            _text.Append(ObjectShape.Say(value));
        else if (_path.Count >= ObjectShape.MaxDepth || !_path.Add(value))
            _text.Append(ObjectShape.TypeName(value.GetType())).Append(" …");
        else
            AppendContent(value);
    }

    private void AppendContent(object value)
    {
        if (value is IEnumerable collection)
            AppendItems(collection);
        else
            AppendMembers(value);
        _path.Remove(value);
    }

    private void AppendItems(IEnumerable collection)
    {
        var (items, more) = ObjectShape.Items(collection);
        _text.Append("[ ");
        foreach (var (index, item) in items.Index())
        {
            if (index > 0)
                _text.Append(", ");
            Append(item);
        }
        _text.Append(more ? ", … ]" : " ]");
    }

    private void AppendMembers(object value)
    {
        var name = value is System.Runtime.CompilerServices.ITuple ? "" : ObjectShape.TypeName(value.GetType());
        _text.Append(name).Append(name.Length > 0 ? " { " : "{ ");
        foreach (var (index, (member, content)) in ObjectShape.Members(value).Index())
        {
            _text.Append(index > 0 ? ", " : "").Append(member).Append(" = ");
            Append(content);
        }
        _text.Append(" }");
    }
}
