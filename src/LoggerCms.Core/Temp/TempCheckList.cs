using System.Globalization;

namespace LoggerCms.Core.Temp;

/// <summary>Collects the checks of one folder for one account and draws the overall result from them.</summary>
/// <param name="path">The folder as this machine's shells name it.</param>
/// <param name="account">Whose access it is about.</param>
internal sealed class TempCheckList(string path, string account)
{
    private readonly List<TempAccessCheck> _checks = [];

    public string Path => path;

    public string Account => account;

    public IReadOnlyList<TempAccessCheck> Checks => _checks;

    public void Pass(string check, TempCheckMethod method, string detail)
        => _checks.Add(Make(check, true, TempAccessCause.None, method, detail, null));

    public void Fail(string check, TempAccessCause cause, TempCheckMethod method, string detail, string? remedy)
        => _checks.Add(Make(check, false, cause, method, detail, remedy));

    public void Unknown(string check, TempCheckMethod method, string detail, string? remedy = null)
        => _checks.Add(Make(check, null, TempAccessCause.NotDetermined, method, detail, remedy));

    /// <summary>Room against what is wanted.</summary>
    public void Room(string check, TempAccessCause cause, long free, long wanted, string unit, string remedy)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{free} {unit} free{(wanted > 0 ? $", {wanted} needed" : string.Empty)}");
        if (free >= Math.Max(wanted, 1))
            Pass(check, TempCheckMethod.Read, text);
        else
            Fail(check, cause, TempCheckMethod.Read, text, remedy);
    }

    /// <summary>
    /// A probe that succeeded as the account is better evidence than what was computed against it
    /// (a capability, a security module, a file system with rules of its own).
    /// </summary>
    public void ProbeSucceeded(string detail)
    {
        for (var i = 0; i < _checks.Count; i++)
        {
            if (_checks[i] is { Passed: false, Method: TempCheckMethod.Computed } computed and not { Cause: TempAccessCause.UnsafeLink })
                _checks[i] = computed with { Passed = null, Cause = TempAccessCause.NotDetermined, Detail = computed.Detail + "; the probe succeeded all the same", Remedy = null };
        }

        Pass("Probe", TempCheckMethod.Probed, detail);
    }

    /// <summary>The checks, the overall result last: true only where the account did it, or every computed check says that it could.</summary>
    public IReadOnlyList<TempAccessCheck> Finish()
    {
        var probed = _checks.Any(c => c is { Check: "Probe", Passed: not null });
        var method = probed ? TempCheckMethod.Probed : TempCheckMethod.Computed;
        if (_checks.Where(c => c.Passed == false).ToList() is { Count: > 0 } failed)
        {
            var others = failed.Count == 1 ? string.Empty : $" (failed: {string.Join(", ", failed.Select(c => c.Check).Distinct())})";
            return [.. _checks, Make("Overall", false, failed[0].Cause, probed ? method : failed[0].Method, failed[0].Detail + others, failed[0].Remedy)];
        }

        if (probed)
            return [.. _checks, Make("Overall", true, TempAccessCause.None, method, "the account can use the folder", null)];

        string[] deciding = ["Subject", "Exists", "Parents", "Rights"];
        var open = _checks.FirstOrDefault(c => c.Passed is null && deciding.Contains(c.Check));
        if (open is null && _checks.Any(c => c.Check == "Rights"))
            return [.. _checks, Make("Overall", true, TempAccessCause.None, method, "the account should be able to use the folder; this was computed, not tried", null)];
        return
        [
            .. _checks,
            Make("Overall", null, TempAccessCause.NotDetermined, method, open?.Detail ?? "nothing that decides could be found out", open?.Remedy),
        ];
    }

    private TempAccessCheck Make(string check, bool? passed, TempAccessCause cause, TempCheckMethod method, string detail, string? remedy)
        => new() { Path = path, Account = account, Check = check, Passed = passed, Cause = cause, Method = method, Detail = detail, Remedy = remedy };
}
