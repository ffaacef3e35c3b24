using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Security;

/// <summary>
/// A principal's rights within one request: its groups are those at the request's start, so a request that lasts (a watch) begins another at intervals.
/// </summary>
internal sealed class AccessContext(RightsEvaluator evaluator, IObjectView view, Principal principal)
{
    public Principal Principal => principal;

    public IObjectView View => view;

    public RightDecision Decide(CmsObject obj, string right) => evaluator.Decide(view, principal, obj, right);

    public bool Has(CmsObject obj, string right) => Decide(obj, right).Granted;

    /// <summary>Whether the caller may know who that is: itself and its groups, the two groups that everybody knows of, and whomever it may see.</summary>
    public bool MayName(CmsObject somebody)
        => somebody.Id == principal.Id || somebody.Id is BuiltIn.Everyone or BuiltIn.Administrators || principal.IsIn(somebody.Id) || Has(somebody, Rights.View);

    /// <exception cref="LoggerCmsException">Forbidden; or ObjectNotFound, because who may not see an object is not told that it exists.</exception>
    public void Require(CmsObject obj, string right)
    {
        if (Has(obj, right))
            return;
        if (right == Rights.View || !Has(obj, Rights.View))
            throw ObjectRules.NotFound(obj.Id, isHidden: true);
        throw new LoggerCmsException(
            ErrorCodes.Forbidden, $"You do not have the right {right} on '{obj.Name}' (id {obj.Id}).",
            $"Test-CmsRight -Id {obj.Id} -Right {right} -Explain")
        {
            DeniedObjectId = obj.Id,
        };
    }
}
