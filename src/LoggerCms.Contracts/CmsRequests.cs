using System.Text.Json;

namespace LoggerCms;

/// <summary>A query in the language of BusinessObjects.</summary>
public sealed record CmsQueryRequest
{
    /// <summary>As <c>SELECT SI_ID, SI_NAME FROM CI_INFOOBJECTS WHERE SI_KIND='Folder'</c>.</summary>
    public required string Query { get; init; }

    /// <summary>The <see cref="CmsQueryPage.Next"/> of the page before; null for the first.</summary>
    public string? After { get; init; }

    /// <summary>Rows of a page at most; where they are large it has fewer.</summary>
    public int Take { get; set; } = 1000;

    /// <summary>Stands for TOP where the query has none: the same on each page. Null for 1,000, as in BusinessObjects.</summary>
    public int? Top { get; init; }
}

/// <summary>A page of a query's rows.</summary>
public sealed record CmsQueryPage
{
    /// <summary>The columns by name, in the form of <see cref="CmsObjectInfo.Properties"/>.</summary>
    public required IReadOnlyList<JsonElement> Rows { get; init; }

    /// <summary>Asks for the next page; null at the end.</summary>
    public string? Next { get; init; }
}

/// <summary>Asks a node to bring a folder of delta files in.</summary>
public sealed record CmsReconcileRequest
{
    /// <summary>On the node's machine; null for the node's own.</summary>
    public string? Path { get; init; }

    public ConflictPolicy ConflictPolicy { get; init; }

    /// <summary>Give damaged files another name and go on without them.</summary>
    public bool SetDamagedAside { get; init; }

    /// <summary>Only say what would be done.</summary>
    public bool WhatIf { get; init; }
}

/// <summary>Asks whether a principal has a right.</summary>
public sealed record CmsRightQuestion
{
    public required long ObjectId { get; init; }

    /// <summary>Null for the caller.</summary>
    public long? PrincipalId { get; init; }

    public required string Right { get; init; }
}

/// <summary>Asks for a token.</summary>
public sealed record CmsTokenRequest
{
    /// <summary>The user it stands for; null for the caller.</summary>
    public long? PrincipalId { get; init; }

    public string Name { get; set => field = value ?? ""; } = "";

    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(90);
}

/// <summary>A token that was made; its text is told this once.</summary>
public sealed record CmsIssuedToken
{
    public required CmsToken Token { get; init; }

    /// <summary>Secret.</summary>
    public required string Text { get; init; }

    /// <summary>Without the secret.</summary>
    public override string ToString() => $"{nameof(CmsIssuedToken)} {{ {Token.Id} }}";
}

/// <summary>A logon by name and password.</summary>
public sealed record CmsLogon
{
    public required string User { get; init; }

    /// <summary>Secret.</summary>
    public required string Password { get; init; }

    /// <summary>Of the token that the answer holds.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(12);

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{nameof(CmsLogon)} {{ {User} }}";
}

/// <summary>A new password for a user.</summary>
public sealed record CmsPassword
{
    /// <summary>In UTF-16 units.</summary>
    public const int MaxLength = 1024;

    private const int MinLength = 8;

    /// <summary>Secret; needed by a user who sets the own one.</summary>
    public string? Current { get; init; }

    /// <summary>Secret; null takes the password away.</summary>
    public string? New { get; init; }

    /// <summary>What a node takes as a new password; told beforehand, so that nothing is begun that ends there.</summary>
    /// <exception cref="LoggerCmsException">InvalidOption: shorter than 8 or longer than 1024 UTF-16 units.</exception>
    public static void CheckNew(string password)
    {
        if (password.Length is < MinLength or > MaxLength)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"A password of {password.Length} characters is not accepted.", $"Use {MinLength} to {MaxLength} characters.");
        }
    }

    /// <summary>Without the passwords.</summary>
    public override string ToString() => nameof(CmsPassword);
}
