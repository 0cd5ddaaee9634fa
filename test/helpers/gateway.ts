/**
 * Starts the gateway as a person does: a real process with a config file in a folder of its own. From
 * source by default; the compiled executable when `binary` says so or REMOTE_MCP_PROXY_BINARY is set
 * (its path, or anything else for `dist/remote-mcp-proxy`).
 *
 * `stop` is part of the test: the exit code must be 0 and nothing that the gateway started may live on.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alive, descendants, killPid } from "./processes.ts";
import { isDoneWithin, until, withDeadline } from "./wait.ts";

/** How to start. One of `servers` and `config`, or neither for none at all. */
export interface GatewayOptions {
  /** The entries of `mcpServers`. */
  readonly servers?: Readonly<Record<string, object>>;
  /** The block `proxy`, beside `servers`. */
  readonly proxy?: object;
  /** The whole file: an object, or text as it is. */
  readonly config?: object | string;
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments after `serve`; `--config` and `--port 0` come by themselves. */
  readonly args?: readonly string[];
  readonly binary?: boolean;
  /** For both levels; DEBUG by default, so that a failure explains itself. */
  readonly logLevel?: string;
  readonly startDeadlineMs?: number;
}

/** For `proxy`: everybody may call, also where authentication would switch itself on. */
export const OPEN = { auth: { allowInsecure: true } } as const;

/** How a gateway ended. */
export interface GatewayEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** From the signal to the exit. */
  readonly tookMs: number;
}

/** What of each output is kept. */
const MAX_OUTPUT_CHARACTERS = 16 * 1024 * 1024;
const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 20_000;
const GONE_DEADLINE_MS = 3000;
const PIPE_GRACE_MS = 1000;
const repository = join(import.meta.dirname, "..", "..");

/** Starts a gateway and resolves once it listens. @throws Error with its output when it ends before */
export async function startGateway(options: GatewayOptions = {}): Promise<RunningGateway> {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-gateway-"));
  const configFile = join(folder, "config.json");
  const config = options.config ?? configOf(options);
  if (config !== undefined)
    writeFileSync(configFile, typeof config === "string" ? config : JSON.stringify(config));
  const command = [
    ...gatewayCommand(options.binary),
    "serve",
    ...(config === undefined ? [] : ["--config", configFile]),
    ...["--port", "0"],
    ...(options.args ?? []),
  ];
  const gateway = new RunningGateway(command, folder, gatewayEnv(folder, options));
  try {
    await gateway.listening(options.startDeadlineMs ?? START_DEADLINE_MS);
  } catch (error) {
    await gateway.kill();
    throw error;
  }
  return gateway;
}

/** The words that start the gateway, from source or compiled. */
export function gatewayCommand(binary?: boolean): readonly string[] {
  const named = process.env["REMOTE_MCP_PROXY_BINARY"] ?? "";
  const isCompiled = binary ?? named !== "";
  if (!isCompiled) return [process.execPath, join(repository, "src", "main.ts")];
  const isPath = named.includes("/") && existsSync(named);
  return [isPath ? named : join(repository, "dist", "remote-mcp-proxy")];
}

/** An environment that holds nothing of the person who runs the tests but the way to programs. */
export function gatewayEnv(folder: string, options: GatewayOptions = {}): Record<string, string> {
  const { PATH = "", HOME = folder } = process.env;
  const level = options.logLevel ?? "DEBUG";
  const levels = { LOG_LEVEL_SYSTEM: level, LOG_LEVEL_MCP: level };
  return { PATH, HOME, ...levels, DATA_DIR: join(folder, "data"), ...options.env };
}

function configOf({ servers, proxy }: GatewayOptions): object | undefined {
  if (servers === undefined && proxy === undefined) return undefined;
  return { mcpServers: servers ?? {}, ...(proxy === undefined ? {} : { proxy }) };
}

/** A gateway that runs. `await using` stops it at the end of the block, also when a test fails. */
export class RunningGateway implements AsyncDisposable {
  /** The temporary folder: config.json, and `data` for DATA_DIR. Gone after the end. */
  readonly folder: string;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #output = { stdout: "", stderr: "" };
  readonly #reading: Promise<unknown>;
  #ended: Promise<GatewayEnd> | undefined;

  constructor(command: readonly string[], folder: string, env: Record<string, string>) {
    this.folder = folder;
    this.#child = Bun.spawn([...command], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#reading = Promise.all([this.#collect("stdout"), this.#collect("stderr")]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Everything on stdout so far. */
  get stdout(): string {
    return this.#output.stdout;
  }

  /** The log so far. */
  get stderr(): string {
    return this.#output.stderr;
  }

  /** `http://127.0.0.1:PORT`. */
  get url(): string {
    const url = /^Listening on (\S+?)\/?$/m.exec(this.stdout)?.[1];
    if (url === undefined) throw new Error(`it does not listen\n${this.#report()}`);
    return url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** The URL of a server for Streamable HTTP. */
  mcp(server: string): string {
    return `${this.url}/${server}/mcp`;
  }

  /** The URL of a server for HTTP+SSE. */
  sse(server: string): string {
    return `${this.url}/${server}/sse`;
  }

  /** Every process that descends from the gateway now. */
  processes(): readonly number[] {
    return descendants(this.pid);
  }

  /** Resolves once the line with the address is there. */
  async listening(deadlineMs: number): Promise<void> {
    const child = this.#child;
    await until(
      () => {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`it ended with ${child.exitCode ?? child.signalCode}\n${this.#report()}`);
        return /^Listening on \S+$/m.test(this.stdout);
      },
      { deadlineMs, what: "the gateway listens" },
    );
  }

  /** Resolves with the first line of the log that matches. */
  untilLogged(pattern: RegExp, deadlineMs?: number): Promise<string> {
    const find = () => this.stderr.split("\n").find((line) => pattern.test(line));
    const what = `a line of the log with ${pattern.source}`;
    return until(find, deadlineMs === undefined ? { what } : { deadlineMs, what });
  }

  /** Sends a signal and does not wait. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Resolves with the end, whoever caused it. @throws Error after `deadlineMs` */
  ended(deadlineMs = STOP_DEADLINE_MS): Promise<GatewayEnd> {
    this.#ended ??= this.#watchEnd();
    return withDeadline(this.#ended, deadlineMs, `the gateway ends\n${this.#report()}`);
  }

  /**
   * Stops in order by SIGTERM. Resolves once it is gone with all that it started and its folder.
   * @throws Error when the exit code is not 0 or a process is left (which is then ended)
   */
  async stop(): Promise<GatewayEnd> {
    const started = this.processes();
    const beginMs = performance.now();
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.signal("SIGTERM");
    const end = await this.ended();
    await this.#expectGone(started);
    this.#removeFolder();
    if (end.exitCode !== 0)
      throw new Error(`it ended with ${end.exitCode ?? end.signal}\n${this.#report()}`);
    return { ...end, tookMs: performance.now() - beginMs };
  }

  /** Ends it by SIGKILL, then what it started; for tests of just that, and for clearing up. */
  async kill(): Promise<GatewayEnd> {
    const started = this.processes();
    killPid(this.pid);
    const end = await this.ended();
    for (const pid of started) killPid(pid);
    this.#removeFolder();
    return end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (existsSync(this.folder)) await this.stop();
  }

  async #watchEnd(): Promise<GatewayEnd> {
    const beginMs = performance.now();
    await this.#child.exited;
    // A process that outlived the gateway may hold the pipes: then its words are not awaited.
    await isDoneWithin(this.#reading, PIPE_GRACE_MS);
    const { exitCode, signalCode } = this.#child;
    const signal = signalCode === null ? null : String(signalCode);
    return { exitCode, signal, tookMs: performance.now() - beginMs };
  }

  async #expectGone(pids: readonly number[]): Promise<void> {
    const left = (): readonly number[] => pids.filter(alive);
    try {
      await until(() => left().length === 0, { deadlineMs: GONE_DEADLINE_MS });
    } catch (error) {
      const survivors = left();
      for (const pid of survivors) killPid(pid);
      this.#removeFolder();
      const message = `processes live on: ${survivors.join(", ")}\n${this.#report()}`;
      throw new Error(message, { cause: error });
    }
  }

  #removeFolder(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #collect(name: "stdout" | "stderr"): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child[name]) {
      const text = this.#output[name] + decoder.decode(chunk, { stream: true });
      this.#output[name] = text.slice(-MAX_OUTPUT_CHARACTERS);
    }
  }

  #report(): string {
    return `--- stdout\n${this.stdout}\n--- stderr\n${this.stderr.slice(-20_000)}`;
  }
}
