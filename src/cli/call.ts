/**
 * The command `call`: calls a tool of a server that the gateway runs, as a client would, and prints
 * its result.
 */
import { failureOf, givenFailure, type AdminClient, type GivenError } from "./admin-client.ts";
import { toolArguments } from "./call-arguments.ts";
import { EXIT } from "./exit-codes.ts";
import { CommandFailure } from "./failure.ts";
import { readEvents } from "./read-events.ts";
import { listedTools } from "./tools.ts";

export interface CallOptions {
  readonly server: string;
  readonly tool: string;
  /** `key=value` and `key:=json`, as they were given. */
  readonly words: readonly string[];
  /** The whole result instead of its text. */
  readonly json: boolean;
  readonly version: string;
  readonly print: (text: string) => void;
  readonly tell: (text: string) => void;
}

interface ToolResult {
  readonly isError?: boolean;
  readonly content?: readonly {
    readonly type: string;
    readonly text?: string;
    readonly mimeType?: string;
    readonly uri?: string;
  }[];
  readonly structuredContent?: unknown;
}

interface Rpc {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: ToolResult;
  readonly error?: GivenError;
}

const REVISION = "2025-11-25";

/** Calls it. @returns 0, or 1 when the tool says that it failed. @throws CommandFailure */
export async function callTool(client: AdminClient, options: CallOptions): Promise<number> {
  const { server, tool, words, json, print } = options;
  const tools = await listedTools(client, server);
  const known = tools.find(({ name }) => name === tool);
  if (known === undefined) {
    const names = tools.map(({ name }) => name).join(", ");
    const message = `${server} has no tool "${tool}"; it has: ${names}`;
    throw new CommandFailure("NO_SUCH_TOOL", message);
  }
  const read = toolArguments(words, known.inputSchema?.properties ?? {});
  if (!read.ok) throw new CommandFailure("BAD_ARGUMENT", read.error, EXIT.usage);
  const session = await Session.open(client, options);
  try {
    const answer = await session.ask("tools/call", { name: tool, arguments: read.value });
    if (answer.error !== undefined) throw givenFailure("CALL_FAILED", answer.error);
    const result = answer.result ?? {};
    print(json ? `${JSON.stringify(result, null, 2)}\n` : asText(result));
    return result.isError === true ? 1 : 0;
  } finally {
    await session.close();
  }
}

/** One session over the admin socket, without any capability: nobody here can be asked something. */
class Session {
  readonly #client: AdminClient;
  readonly #path: string;
  readonly #tell: (text: string) => void;
  #id: string | undefined;
  #lastId = 0;

  private constructor(client: AdminClient, path: string, tell: (text: string) => void) {
    this.#client = client;
    this.#path = path;
    this.#tell = tell;
  }

  static async open(client: AdminClient, options: CallOptions): Promise<Session> {
    const { server, version, tell } = options;
    const session = new Session(client, `/servers/${encodeURIComponent(server)}/mcp`, tell);
    const clientInfo = { name: "remote-mcp-proxy-cli", version };
    const params = { protocolVersion: REVISION, capabilities: {}, clientInfo };
    const { error } = await session.ask("initialize", params);
    if (error !== undefined) throw givenFailure("CALL_FAILED", error);
    await session.#post({ jsonrpc: "2.0", method: "notifications/initialized" });
    return session;
  }

  /** Sends a request and waits for its answer; what the server says meanwhile is shown. */
  async ask(method: string, params: object): Promise<Rpc> {
    const id = ++this.#lastId;
    const _meta = { progressToken: id };
    const withProgress = method === "initialize" ? params : { ...params, _meta };
    const response = await this.#post({ jsonrpc: "2.0", id, method, params: withProgress });
    this.#id ??= response.headers.get("mcp-session-id") ?? undefined;
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    if (!isStream || response.body === null) {
      const text = await response.text();
      const answer = parse(text);
      if (answer?.id === id) return answer;
      throw failureOf(text, response.status);
    }
    for await (const { data } of readEvents(response.body)) {
      const message = parse(data);
      if (message?.id === id && message.method === undefined) return message;
      if (message?.method === "notifications/message") this.#tell(`${data}\n`);
    }
    throw new CommandFailure("NO_ANSWER", "the gateway ended the answer before it was whole");
  }

  async close(): Promise<void> {
    if (this.#id === undefined) return;
    const headers = { "mcp-session-id": this.#id, "mcp-protocol-version": REVISION };
    try {
      await this.#client.request(this.#path, { method: "DELETE", headers });
    } catch (error) {
      // A gateway that has stopped meanwhile has no session left to end.
      if (!(error instanceof CommandFailure)) throw error;
    }
  }

  #post(message: object): Promise<Response> {
    const isOpen = this.#id !== undefined;
    const headers = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(isOpen ? { "mcp-session-id": this.#id ?? "", "mcp-protocol-version": REVISION } : {}),
    };
    const body = JSON.stringify(message);
    // The gateway ends a call that lasts too long; how long that is, its configuration says.
    return this.#client.open(this.#path, { method: "POST", headers, body }, Infinity);
  }
}

function parse(text: string): Rpc | undefined {
  try {
    return JSON.parse(text) as Rpc;
  } catch {
    return undefined; // no message, which the caller says
  }
}

function asText({ content = [], structuredContent }: ToolResult): string {
  const parts = content.map(({ type, text, mimeType, uri }) => {
    if (type === "text") return text ?? "";
    return `[${[type, mimeType, uri].filter((part) => part !== undefined).join(" ")}]`;
  });
  if (parts.length === 0 && structuredContent !== undefined) {
    parts.push(JSON.stringify(structuredContent, null, 2));
  }
  return parts.map((part) => (part.endsWith("\n") ? part : `${part}\n`)).join("");
}
