using System.CommandLine;
using NotebookRunner;
using NotebookRunner.Kernel;

if (args is [KernelServer.Command])
    return KernelServer.Run();

return await CommandLine.Create().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
