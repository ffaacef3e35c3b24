using System.ComponentModel;
using System.Reflection;
using System.Text.Json;

namespace LoggerCms.Node;

/// <summary>What the process says to <c>--help</c>.</summary>
internal static class NodeHelp
{
    private static readonly string[] s_asking = ["--help", "-h", "-?", "/?"];

    public static bool IsAsked(string[] arguments) => Array.Exists(arguments, a => s_asking.Contains(a, StringComparer.OrdinalIgnoreCase));

    public static string Text()
    {
        var unset = new NodeSettings();
        (string Form, string Text)[] settings =
        [
            ("--settings FILE", "Settings in JSON; node.json in the data folder unless set."),
            .. typeof(NodeSettings).GetProperties().Select(p => (Form(p), $"{p.GetCustomAttribute<DescriptionAttribute>()?.Description}{Unset(p, unset)}")),
        ];
        var width = settings.Max(s => s.Form.Length);
        return string.Join(
            Environment.NewLine,
            [
                "A node of LoggerCms: serves a system over HTTPS until it is asked to stop. Start-CmsNode starts one in the background.",
                "Settings come from the file, then from the environment (LOGGERCMS_NODE_PORT …), then from arguments; the later wins. No secret belongs in an argument:",
                "every user of the machine can read it.",
                "",
                .. settings.Select(s => $"  {s.Form.PadRight(width)}  {s.Text}"),
                "",
            ]);
    }

    private static string Form(PropertyInfo setting) => $"--{JsonNamingPolicy.CamelCase.ConvertName(setting.Name)} {Value(setting.PropertyType)}";

    private static string Value(Type type)
        => type == typeof(bool) ? "true|false" : type.IsEnum ? string.Join('|', Enum.GetNames(type)) : type == typeof(string) ? "TEXT" : "NUMBER";

    private static string Unset(PropertyInfo setting, NodeSettings unset) => setting.GetValue(unset) switch
    {
        null or "" or false => "",
        var value => $" [{value}]",
    };
}
