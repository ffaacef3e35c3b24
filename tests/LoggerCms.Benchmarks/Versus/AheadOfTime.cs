using System.Runtime.InteropServices;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>Compiles a project (ReadyToRun) as build.ps1 Package compiles the module and the node: what an admin runs.</summary>
internal static class AheadOfTime
{
    public const string Description = "compiled ahead of time (ReadyToRun) as the package is; tiered compilation and tiered PGO on";

    /// <param name="project">Its folder, from the repository's root.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The folder with the program.</returns>
    /// <exception cref="CommandFailedException">A machine without ReadyToRun's packages.</exception>
    public static async Task<string> PublishAsync(string project, CancellationToken cancellationToken)
    {
        var name = Path.GetFileName(project);
        var folder = Path.Combine(OurChild.RepositoryRoot, "artifacts", "versus-child", name);
        try
        {
            await Shell.RunAsync(
                "dotnet",
                [
                    "publish", Path.Combine(OurChild.RepositoryRoot, project), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "--no-self-contained", "-p:PublishReadyToRun=true",
                    "-p:DisableTransitiveFrameworkReferenceDownloads=true", "--artifacts-path", Path.Combine(OurChild.RepositoryRoot, "artifacts", "versus"), "-o", folder, "-v", "q",
                ],
                cancellationToken);
            return folder;
        }
        catch (CommandFailedException failure)
        {
            throw new CommandFailedException($"{name} cannot be compiled as the package is; --child build takes the build as it is. {failure.Message}");
        }
    }
}
