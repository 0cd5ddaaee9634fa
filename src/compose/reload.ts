/**
 * The running configuration, and how it changes while the gateway runs.
 *
 * Sole writer of both. A file that cannot be used changes nothing; a wrong entry leaves its server as
 * it is; all else is applied by difference, one reload at a time. Whoever has settings of their own
 * that count at once hears of each new configuration.
 */
import { formatProblem } from "../cli/problems.ts";
import { diffConfig, type ConfigDiff } from "../config/diff.ts";
import { makeServerFolders } from "../config/load.ts";
import type { GatewayConfig } from "../config/model.ts";
import type { ConfigProblem } from "../config/problem.ts";
import type { LoadedConfig } from "../config/resolve.ts";
import { messageOf } from "../kernel/error.ts";
import type { Emit, LogLevel } from "../kernel/event.ts";
import type { Fleet } from "./fleet.ts";
import type { LoadAgain } from "./options.ts";

/** What a reload came to, for people and programs; names no value of the configuration. */
export interface ReloadReport {
  /** `refused`: nothing was changed. */
  readonly outcome: "applied" | "unchanged" | "refused";
  readonly started: readonly string[];
  readonly stopped: readonly string[];
  readonly replaced: readonly string[];
  /** Servers that go on with their old entry, as the new one is wrong. */
  readonly kept: readonly { readonly server: string; readonly reason: string }[];
  /** Settings that changed and wait for the next start. */
  readonly needRestart: readonly string[];
  /** Errors and warnings of the file, each with its place. */
  readonly problems: readonly string[];
}

/** Takes on settings of a new configuration. */
export type ReloadHook = (config: GatewayConfig, before: GatewayConfig) => void;

export interface ReloaderOptions {
  readonly running: GatewayConfig;
  /** Undefined where there is nothing to read again. */
  readonly load: LoadAgain | undefined;
  readonly fleet: Fleet;
  readonly emit: Emit;
  /** Told when a reload begins and ends, for the service manager. */
  readonly onBusy: (isBusy: boolean) => void;
}

const NOTHING = {
  started: [],
  stopped: [],
  replaced: [],
  kept: [],
  needRestart: [],
  problems: [],
} as const;

export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #hooks: ReloadHook[] = [];
  #config: GatewayConfig;
  #running: Promise<ReloadReport> | undefined;
  /** Asked for while one runs: it will read what is there then, so one is enough. */
  #next: Promise<ReloadReport> | undefined;
  #isClosed = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#config = options.running;
  }

  /** What the gateway runs with now. */
  get config(): GatewayConfig {
    return this.#config;
  }

  /** Adds somebody who takes on settings at once, before any server is touched. */
  onReload(hook: ReloadHook): void {
    this.#hooks.push(hook);
  }

  /** Reads and applies. Never rejects; what went wrong is in the report and in the log. */
  reload(cause: string): Promise<ReloadReport> {
    if (this.#running === undefined) return this.#begin(cause);
    const { promise, resolve } = Promise.withResolvers<ReloadReport>();
    if (this.#next !== undefined) return this.#next;
    this.#next = promise;
    const follow = (): void => {
      this.#next = undefined;
      resolve(this.#begin(cause));
    };
    this.#running.then(follow, follow);
    return promise;
  }

  /** The gateway stops: nothing is started any more. Resolves when a running reload is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  #begin(cause: string): Promise<ReloadReport> {
    const running = this.#reload(cause).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #reload(cause: string): Promise<ReloadReport> {
    this.#options.onBusy(true);
    try {
      return await this.#read(cause);
    } catch (error) {
      return this.#refuse(cause, [messageOf(error)]);
    } finally {
      if (!this.#isClosed) this.#options.onBusy(false);
    }
  }

  async #read(cause: string): Promise<ReloadReport> {
    const { load } = this.#options;
    if (load === undefined || this.#config.source.kind === "command-line") {
      return this.#refuse(cause, ["the server was given on the command line: there is no file"]);
    }
    if (this.#isClosed) return this.#refuse(cause, ["the gateway is stopping"]);
    const asWritten = load();
    const moved = asWritten.config?.dataDir !== this.#config.dataDir;
    // The folder stays until the next start, and with it the paths that servers get from it.
    const loaded = moved ? load(this.#config.dataDir) : asWritten;
    const problems = loaded.problems.filter(({ severity }) => severity !== "note");
    if (loaded.config === undefined) return this.#refuse(cause, problems.map(formatProblem));
    const broken = brokenEntries(loaded);
    const next = { ...loaded.config, dataDir: asWritten.config?.dataDir ?? this.#config.dataDir };
    const diff = diffConfig(this.#config, next, broken);
    return this.#apply(cause, diff, problems);
  }

  async #apply(
    cause: string,
    diff: ConfigDiff,
    problems: readonly ConfigProblem[],
  ): Promise<ReloadReport> {
    const { start, stop, replace, keep, adjust, waiting, changed, config } = diff;
    for (const problem of problems) this.#say(levelOf(problem), formatProblem(problem));
    const touched = [start, stop, replace, adjust, changed].some((list) => list.length > 0);
    const before = this.#config;
    this.#config = config;
    for (const hook of this.#hooks) this.#tell(hook, config, before);
    const { fleet } = this.#options;
    for (const server of start) {
      fleet.add(server);
      fleet.boot(server.slug);
    }
    await Promise.all([
      ...stop.map(({ slug }) => fleet.remove(slug, "was removed from the configuration")),
      ...replace.map((server) => fleet.replace(server, "was given another configuration")),
    ]);
    const report: ReloadReport = {
      outcome: touched ? "applied" : "unchanged",
      started: start.map(({ slug }) => slug),
      stopped: stop.map(({ slug }) => slug),
      replaced: replace.map(({ slug }) => slug),
      kept: keep.map(({ server, reason }) => ({ server: server.slug, reason })),
      needRestart: waiting,
      problems: problems.map(formatProblem),
    };
    this.#summarize(cause, report);
    return report;
  }

  #summarize(cause: string, report: ReloadReport): void {
    const { outcome, started, stopped, replaced, kept, needRestart } = report;
    const parts = (
      [
        ["started", started],
        ["stopped", stopped],
        ["replaced", replaced],
      ] as const
    ).flatMap(([word, names]) => (names.length === 0 ? [] : [`${word} ${names.join(", ")}`]));
    const what = outcome === "unchanged" ? "no server has changed" : parts.join("; ");
    this.#say("INFO", `configuration read again (${cause}): ${what || "settings taken on"}`);
    for (const { server, reason } of kept) {
      this.#say("ERROR", `server ${server} goes on as it was, its entry is wrong now: ${reason}`);
    }
    if (needRestart.length > 0) {
      const names = needRestart.join(", ");
      this.#say("WARNING", `changed, but in use only from the next start on: ${names}`);
    }
  }

  #refuse(cause: string, problems: readonly string[]): ReloadReport {
    this.#say("ERROR", `configuration not taken (${cause}), everything stays as it was`);
    for (const problem of problems) this.#say("ERROR", problem);
    return { ...NOTHING, outcome: "refused", problems };
  }

  #tell(hook: ReloadHook, config: GatewayConfig, before: GatewayConfig): void {
    try {
      hook(config, before);
    } catch (error) {
      this.#say("ERROR", `a part of the gateway could not take the settings: ${messageOf(error)}`);
    }
  }

  #say(level: LogLevel, message: string): void {
    this.#options.emit({ kind: "gateway.notice", level, message });
  }
}

function levelOf({ severity }: ConfigProblem): LogLevel {
  return severity === "warning" ? "WARNING" : "ERROR";
}

/** Entries that are wrong, each with its first error; folders of servers are made on the way. */
function brokenEntries(loaded: LoadedConfig): ReadonlyMap<string, string> {
  const broken = new Map<string, string>();
  for (const { server, severity, path, message } of loaded.problems) {
    if (severity !== "error" || server === undefined || broken.has(server)) continue;
    broken.set(server, `${path} ${message}`);
  }
  makeServerFolders(loaded.folders);
  return broken;
}
