/**
 * Entry of the executable: hidden modes first, since they must start fast and import little, then
 * the command line. The only file that reads the process's arguments and environment.
 */
export {};
/** Compiled, the executable is the program; from source, the runtime runs this file, as it was told to. */
const isCompiled = import.meta.url.includes("/$bunfs/");
const selfCommand = isCompiled
  ? [process.execPath]
  : [process.execPath, ...process.execArgv, Bun.main];
const args = process.argv.slice(2);

switch (args[0]) {
  case "__guardian": {
    const { runGuardian } = await import("./runtime/guardian.ts");
    await runGuardian();
    break;
  }
  case "__demo": {
    const { runDemoServer } = await import("./runtime/demo-server.ts");
    await runDemoServer();
    break;
  }
  default: {
    // Servers get of what we were given, and nothing of what this program sets for itself.
    const env = { ...process.env };
    // pidusage asks `getconf` for two numbers; a distroless image has none, and the defaults are right.
    process.env["PIDUSAGE_SILENT"] = "1";
    const { runProgram } = await import("./cli/program.ts");
    process.exitCode = await runProgram(args, {
      env,
      workingFolder: process.cwd(),
      selfCommand,
      host: {
        pid: process.pid,
        platform: process.platform,
        systemdExecPid: process.env["SYSTEMD_EXEC_PID"],
        notify: {
          socket: process.env["NOTIFY_SOCKET"],
          watchdogUsec: process.env["WATCHDOG_USEC"],
          watchdogPid: process.env["WATCHDOG_PID"],
        },
      },
    });
  }
}
