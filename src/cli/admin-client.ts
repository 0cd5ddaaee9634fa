/**
 * How a command reaches the gateway that runs: over the socket in its data folder. The folder is found
 * as the gateway itself finds it, by the same file, flags and variables.
 */
import { loadConfig, type LoadInput } from "../config/load.ts";
import { adminSocketPath } from "../runtime/admin-path.ts";
import { EXIT } from "./exit-codes.ts";

/** What went wrong, for a person; `exitCode` is the command's. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** An answer of the gateway. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** For what waits for a server to start; the gateway has its own, shorter limits. */
const DEADLINE_MS = 10 * 60_000;

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: "no gateway runs with this data folder",
  ECONNREFUSED: "no gateway runs with this data folder any more",
  FailedToOpenSocket: "no gateway can be reached there",
  EACCES: "it belongs to another user",
  EPERM: "it belongs to another user",
};

export class AdminClient {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Reads an answer to its end. @throws CommandFailure when no gateway answers */
  async request(path: string, init: RequestInit = {}): Promise<AdminAnswer> {
    const response = await this.open(path, init);
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** The JSON of an answer. @throws CommandFailure with the gateway's words for anything but 200 */
  async json(path: string, init: RequestInit = {}): Promise<unknown> {
    const { status, text } = await this.request(path, init);
    if (status !== 200) throw new CommandFailure(wordsOf(text, status), EXIT.bug);
    return JSON.parse(text) as unknown;
  }

  /** An answer whose body is still coming. @throws CommandFailure when no gateway answers */
  async open(path: string, init: RequestInit = {}, deadlineMs = DEADLINE_MS): Promise<Response> {
    const signal = deadlineMs === Infinity ? undefined : AbortSignal.timeout(deadlineMs);
    try {
      const timed = signal === undefined ? init : { ...init, signal };
      return await fetch(`http://gateway${path}`, { ...timed, unix: this.path });
    } catch (error) {
      throw this.#unreachableBecause(error);
    }
  }

  #unreachableBecause(error: unknown): CommandFailure {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const why = CAUSES[code] ?? (error instanceof Error ? error.message : String(error));
    const hint =
      "Name the folder as the gateway has it, with DATA_DIR or --config, or its socket with --socket.";
    return new CommandFailure(`cannot reach ${this.path}: ${why}. ${hint}`, EXIT.unreachable);
  }
}

/** Where the socket of the gateway with this configuration is; also when the file is wrong by now. */
export function socketOf(input: LoadInput): string {
  const { config, provenance } = loadConfig(input);
  const found = provenance.find(({ setting }) => setting === "dataDir")?.value;
  return adminSocketPath(config?.dataDir ?? found ?? input.workingFolder);
}

/** What the gateway said in an error; its status when that is nothing for people. */
export function wordsOf(text: string, status: number): string {
  try {
    const body = JSON.parse(text) as { message?: unknown; error?: { message?: unknown } };
    const message = body.message ?? body.error?.message;
    if (typeof message === "string") return message;
  } catch {
    // No JSON: the status says what there is to say.
    return `the gateway answered with status ${status}`;
  }
  return `the gateway answered with status ${status}`;
}
