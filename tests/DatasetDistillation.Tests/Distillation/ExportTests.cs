using System.Text.Json;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Tests.Data;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

public sealed class ExportTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly TorchSharp.DisposeScope scope = NewDisposeScope();

    private string Target => folder["export"];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_files_and_their_description_give_the_set_back(int channels)
    {
        var scale = channels == 1 ? new Standardization(0.3f, 0.2f) : new Standardization([0.3f, 0.5f, 0.4f], [0.2f, 0.3f, 0.1f]);
        using var set = new DistilledSet(
            randn([6, channels, 5, 7]), randn([6, 3]), "made up", scale, [0.5, 0.25, 0.1, 0.05], steps: 2, ["cat", "dog", "bird"]);
        set.ExportImages(Target);

        using var description = JsonDocument.Parse(File.ReadAllText(Path.Combine(Target, "distilled.json")));
        var json = description.RootElement;
        float[] range = Numbers(json, "value_range"), mean = Numbers(json, "mean"), std = Numbers(json, "std");
        var images = json.GetProperty("images").EnumerateArray().ToArray();
        Assert.Equal(set.ClassNames, json.GetProperty("class_names").EnumerateArray().Select(static name => name.GetString()));
        Assert.Equal(set.LearningRates.Select(static rate => (float)rate), Numbers(json, "learning_rates"));
        Assert.Equal(2, json.GetProperty("steps").GetInt32());
        Assert.Equal("made up", json.GetProperty("method").GetString());
        Assert.Equal(set.Labels.data<float>().ToArray(), images.SelectMany(static image => Numbers(image, "label")));
        Assert.Equal(set.Classes(), images.Select(static image => image.GetProperty("class").GetInt64()));

        for (int i = 0; i < set.Count; i++)
        {
            string file = images[i].GetProperty("file").GetString()!;
            Assert.Equal(set.ClassNames[(int)set.Classes()[i]], Path.GetDirectoryName(file));
            var png = Png.Decode(File.ReadAllBytes(Path.Combine(Target, file)));
            Assert.Equal((7, 5), (png.Width, png.Height));
            byte[] bytes = channels == 1 ? png.ToGray() : png.ToRgb();
            for (int at = 0; at < bytes.Length; at++)
            {
                int channel = at % channels, pixel = at / channels;
                float back = ((range[0] + ((range[1] - range[0]) * bytes[at] / 255)) - mean[channel]) / std[channel];
                Assert.Equal(set.Images[i, channel, pixel / 7, pixel % 7].item<float>(), back, (range[1] - range[0]) / std[channel] / 500);
            }
        }
    }

    [Fact]
    public void Pixels_from_0_to_1_are_exported_as_they_are()
    {
        using var set = new DistilledSet((arange(8, float32) / 255).reshape(2, 1, 2, 2), eye(2), "bytes");
        set.ExportImages(Target);
        Assert.Equal([0, 1, 2, 3], Png.Decode(File.ReadAllBytes(Path.Combine(Target, "0", "0000.png"))).ToGray());
        Assert.Equal([4, 5, 6, 7], Png.Decode(File.ReadAllBytes(Path.Combine(Target, "1", "0001.png"))).ToGray());
    }

    [Fact]
    public void Names_of_classes_that_are_no_names_of_folders_become_such()
    {
        using var set = new DistilledSet(
            rand([5, 1, 2, 2]), eye(5), "odd names", classNames: ["T-shirt/top", "../up", "T-shirt:top", "...", "a"]);
        set.ExportImages(Target);
        Assert.Equal(
            ["T-shirt_top", "T-shirt_top_2", "_", "_.._up", "a"],
            Directory.GetDirectories(Target).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(["export"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void An_earlier_export_is_replaced_and_nothing_else_is()
    {
        using var five = new DistilledSet(rand([5, 1, 2, 2]), eye(5), "five");
        using var two = new DistilledSet(rand([2, 1, 2, 2]), eye(2), "two");
        five.ExportImages(Target);
        two.ExportImages(Target);
        Assert.Equal(3, Directory.GetFiles(Target, "*", SearchOption.AllDirectories).Length);

        folder.Write("export/1/mine.png", "mine");
        var error = Assert.Throws<IOException>(() => five.ExportImages(Target));
        Assert.Contains("1/mine.png", error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(folder["export/1/mine.png"]));

        folder.Write("other/notes.txt", "mine");
        Assert.Contains(
            "no earlier export", Assert.Throws<IOException>(() => five.ExportImages(folder["other"])).Message, StringComparison.Ordinal);
        folder.Write("file", "mine");
        Assert.Throws<IOException>(() => five.ExportImages(folder["file"]));
        Assert.Throws<IOException>(() => five.ExportImages(folder["file/inside"]));
        Assert.Equal(
            ["export", "file", "other"],
            Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Images_that_no_png_can_hold_are_refused()
    {
        using var set = new DistilledSet(rand([2, 2, 2, 2]), eye(2), "two channels");
        Assert.Contains("2", Assert.Throws<InvalidOperationException>(() => set.ExportImages(Target)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Target));
    }

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    private static float[] Numbers(JsonElement json, string name) =>
        [.. json.GetProperty(name).EnumerateArray().Select(static number => number.GetSingle())];
}
