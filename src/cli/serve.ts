/**
 * `serve`: runs the gateway until a signal ends it.
 *
 * Prints the start table on stdout once the socket listens; everything else goes to the log on
 * stderr. The first SIGTERM or SIGINT stops in order, the second at once; SIGHUP reads the
 * configuration again.
 */
import { decideAuth } from "../auth/rights.ts";
import { makeServerFolders } from "../config/load.ts";
import type { GatewayConfig } from "../config/model.ts";
import type { LoadedConfig } from "../config/resolve.ts";
import { secretsOf, secretsOfBoth } from "../config/secrets.ts";
import { bindUrl } from "../config/urls.ts";
import { startGateway, type Gateway } from "../gateway.ts";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import { openLogs, type Logs } from "../observe/logs.ts";
import { createStderrWriter, type StderrWriter } from "../observe/stderr-writer.ts";
import { ServiceManager } from "../runtime/service-manager.ts";
import { createSystemClock } from "../runtime/system-clock.ts";
import { VERSION } from "../runtime/version.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { EXIT } from "./exit-codes.ts";
import { firstSetUpText } from "./first-set-up.ts";
import { formatProblem } from "./problems.ts";
import { startFailureText } from "./start-failure.ts";
import { startTable } from "./table.ts";

/** `npm start` passes on the Ctrl-C that the terminal has sent to us as well: that is one wish, told twice. */
const SAME_SIGNAL_MS = 200;

export interface ServeInput {
  readonly loaded: LoadedConfig;
  /** Reads it again; the data folder that is in use stays. */
  readonly load: (dataDir?: string) => LoadedConfig;
  readonly selfCommand: readonly string[];
  readonly host: HostFacts;
  readonly print: (text: string) => void;
}

/** Serves until stopped. @returns the exit code */
export async function serve(input: ServeInput): Promise<number> {
  const { loaded, print } = input;
  const clock = createSystemClock();
  const log = createStderrWriter();
  const { config } = loaded;
  if (config === undefined) {
    for (const problem of loaded.problems) log.write(`${formatProblem(problem)}\n`);
    await log.flush();
    return EXIT.configuration;
  }
  const logs = openLogs({ settings: config, secrets: secretsOf(config), clock, stderr: log });
  const { emit } = logs;
  tellAboutConfig(loaded, config, emit);
  const faults = watchFaults(emit);
  try {
    makeServerFolders(loaded.folders);
    const { selfCommand, host, load } = input;
    const systemd = new ServiceManager(host, clock, emit);
    const gateway = await startGateway({
      config,
      load,
      // Of servers that leave as well: their last words are still to come.
      onReload: (next, before) => logs.hide(secretsOfBoth(before, next)),
      onReloading: (isBusy) => (isBusy ? systemd.reloading() : systemd.ready("Serving")),
      version: VERSION,
      selfCommand,
      host,
      clock,
      emit,
      logs: logs.rings,
    });
    print(startTable(config, gateway.servers(), gateway.port));
    const first = gateway.firstSetUp();
    // On stdout only: a log is read by more people than a console.
    if (first !== undefined) print(firstSetUpText(first));
    print(`Listening on ${bindUrl(config, gateway.port)}\n`);
    reloadOnHangUp(gateway, emit);
    systemd.ready(`Serving on ${bindUrl(config, gateway.port)}`);
    const reason = await Promise.race([untilSignal(gateway, clock), faults]);
    systemd.stopping();
    await gateway.stop(reason.text);
    systemd.close();
    return await end(reason.exitCode, log, logs);
  } catch (error) {
    emit({ kind: "gateway.notice", level: "ERROR", message: startFailureText(error, config) });
    return await end(EXIT.bug, log, logs);
  }
}

/** Writes the rest of the log. Does not come back when nobody reads it, as that would last for ever. */
async function end(exitCode: number, log: StderrWriter, logs: Logs): Promise<number> {
  await logs.close();
  if (!(await log.flush())) process.exit(exitCode);
  return exitCode;
}

interface StopReason {
  readonly text: string;
  readonly exitCode: number;
}

/** Resolves with the first signal; the second ends everything at once. */
function untilSignal(gateway: Gateway, clock: Clock): Promise<StopReason> {
  return new Promise((resolve) => {
    let askedAtMs: number | undefined;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        const nowMs = clock.nowMs();
        askedAtMs ??= nowMs;
        if (nowMs - askedAtMs > SAME_SIGNAL_MS) {
          gateway.killAll();
          process.exit(EXIT.bug);
        }
        resolve({ text: signal, exitCode: EXIT.stopped });
      });
    }
  });
}

/** SIGHUP is the old way to say that the configuration has changed. */
function reloadOnHangUp(gateway: Gateway, emit: Emit): void {
  const onFault = (error: unknown): void => {
    emit({ kind: "gateway.notice", level: "ERROR", message: `reload: ${messageOf(error)}` });
  };
  process.on("SIGHUP", () => {
    gateway.reload("SIGHUP").catch(onFault);
  });
}

/** An unhandled rejection or exception is a bug: log it, stop in order, exit 1. */
function watchFaults(emit: Emit): Promise<StopReason> {
  return new Promise((resolve) => {
    const report = (error: unknown): void => {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      emit({ kind: "gateway.notice", level: "ERROR", message: `bug: ${detail}` });
      resolve({ text: "a bug in the gateway", exitCode: EXIT.bug });
    };
    process.on("unhandledRejection", report);
    process.on("uncaughtException", report);
  });
}

function tellAboutConfig(loaded: LoadedConfig, config: GatewayConfig, emit: Emit): void {
  for (const problem of loaded.problems) {
    const level =
      problem.severity === "note" ? "INFO" : problem.severity === "warning" ? "WARNING" : "ERROR";
    emit({ kind: "gateway.notice", level, message: formatProblem(problem) });
  }
  if (config.source.kind === "demo") {
    const message =
      "no config file found: serving the built-in demo server. Give one with --config FILE or CONFIG_FILE";
    emit({ kind: "gateway.notice", level: "WARNING", message });
  }
  const auth = decideAuth(config);
  if (auth.isOn) {
    const message = `authentication is on: ${auth.why}`;
    emit({ kind: "gateway.notice", level: "INFO", message });
  } else if (auth.isInsecure) {
    const message = `serving ${config.host} without authentication, as auth.allowInsecure says: whoever reaches it can use every server and what it has access to`;
    emit({ kind: "gateway.notice", level: "WARNING", message });
  }
}
