using System.CommandLine;
using NotebookRunner;
using NotebookRunner.Kernel;

if (args is [KernelServer.Command, .. var inputs])
{
    await KernelServer.RunAsync(CommandLine.Inputs(inputs)).ConfigureAwait(false);
    return 0;
}
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null };
return await CommandLine.Create().Parse(args).InvokeAsync(invocation).ConfigureAwait(false);
