/**
 * How a command reaches the gateway that runs: over the socket in its data folder. The folder is found
 * as the gateway itself finds it, by the same file, flags and variables.
 */
import { loadConfig, type LoadInput } from "../config/load.ts";
import { messageOf } from "../kernel/error.ts";
import { adminSocketPath } from "../runtime/admin-path.ts";
import { EXIT } from "./exit-codes.ts";
import { CommandFailure, type CommandCode } from "./failure.ts";

/** An answer of the gateway. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** For what waits for a server to start; the gateway has its own, shorter limits. */
const DEADLINE_MS = 10 * 60_000;

const CAUSES: Readonly<Record<string, readonly [CommandCode, string]>> = {
  ENOENT: ["NO_GATEWAY", "no gateway runs with this data folder"],
  ECONNREFUSED: ["NO_GATEWAY", "no gateway runs with this data folder any more"],
  FailedToOpenSocket: ["NO_GATEWAY", "no gateway can be reached there"],
  EACCES: ["NOT_PERMITTED", "it belongs to another user"],
  EPERM: ["NOT_PERMITTED", "it belongs to another user"],
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
    if (status !== 200) throw failureOf(text, status);
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
    const systemCode = error instanceof Error && "code" in error ? String(error.code) : "";
    const [code, why] = CAUSES[systemCode] ?? (["NO_ANSWER", messageOf(error)] as const);
    const hint =
      "Name the folder as the gateway has it, with DATA_DIR or --config, or its socket with --socket.";
    const message = `cannot reach ${this.path}: ${why}. ${hint}`;
    return new CommandFailure(code, message, EXIT.unreachable);
  }
}

/** Where the socket of the gateway with this configuration is; also when the file is wrong by now. */
export function socketOf(input: LoadInput): string {
  const { config, provenance } = loadConfig(input);
  const found = provenance.find(({ setting }) => setting === "dataDir")?.value;
  return adminSocketPath(config?.dataDir ?? found ?? input.workingFolder);
}

/** What is used of an error that the gateway gives, over HTTP or in JSON-RPC. */
export interface GivenError {
  readonly message?: unknown;
  readonly data?: { readonly gateway?: { readonly code?: unknown } };
}

/** What the gateway said in an error, with its code; its status when that is nothing for people. */
export function failureOf(text: string, status: number): CommandFailure {
  const unknown = `the gateway answered with status ${status}`;
  try {
    const body = JSON.parse(text) as { message?: unknown; error?: string | GivenError };
    const { error } = body;
    if (typeof error === "object") return givenFailure("UNEXPECTED_ANSWER", error, unknown);
    const data = { gateway: { code: error } };
    return givenFailure("UNEXPECTED_ANSWER", { message: body.message, data }, unknown);
  } catch {
    // No JSON: the status says what there is to say.
    return new CommandFailure("UNEXPECTED_ANSWER", unknown);
  }
}

/** The failure that an error means: with the gateway's own code, else, as of a server's error, with `code`. */
export function givenFailure(
  code: CommandCode,
  { message, data }: GivenError,
  unknown = "",
): CommandFailure {
  const own = data?.gateway?.code;
  const gatewayCode = typeof own === "string" && /^[A-Za-z_]+$/.test(own) ? own : "";
  const words = typeof message === "string" ? message : unknown;
  return new CommandFailure(code, words, EXIT.bug, gatewayCode);
}
