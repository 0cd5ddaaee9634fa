/**
 * The small MCP server that is built into the executable: what a newcomer sees who has no
 * configuration file yet. A hidden mode of our own executable runs it as an ordinary child.
 *
 * Speaks the revisions with an `initialize` handshake over stdin and stdout, one message a line,
 * without any SDK. Answers calls side by side; what it offers is in `demo-tools.ts`. Ends when
 * stdin ends.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#stdio
 */
import { messageOf } from "../kernel/error.ts";
import {
  type Arguments,
  BadArgument,
  DEMO_INSTRUCTIONS,
  DEMO_PROMPT,
  DEMO_RESOURCE,
  DEMO_TOOLS,
  demoPromptText,
  demoResourceText,
} from "./demo-tools.ts";
import { linesOf } from "./demo-lines.ts";
import { VERSION } from "./version.ts";

const REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
const NEWEST_REVISION = "2025-11-25";
const REVISION_WITH_BATCHES = "2025-03-26";
const MAX_CALLS_AT_ONCE = 64;

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;
const INTERNAL_ERROR = -32603;
/** MCP 2025-11-25 server/resources, Error Handling. */
const RESOURCE_NOT_FOUND = -32002;

type Id = string | number;

class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What the server uses of the world; a test may hand in its own. */
export interface DemoStreams {
  readonly input: AsyncIterable<Uint8Array>;
  /** Takes whole lines; resolves when the reader has room for more. */
  readonly write: (line: string) => Promise<void>;
}

/**
 * Runs the demo server on this process's stdin and stdout. Resolves when stdin has ended and no
 * call runs any more; calls that still ran are cancelled.
 */
export async function runDemoServer(version = VERSION): Promise<void> {
  const sink = Bun.stdout.writer();
  await serveDemo(version, {
    input: Bun.stdin.stream(),
    write: async (line) => {
      try {
        await sink.write(line);
        await sink.flush();
      } catch (error) {
        // The reader is gone. Nothing is lost: stdin ends with it, and that ends the server.
        if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
      }
    },
  });
}

/** The same on streams that are handed in. */
export async function serveDemo(version: string, streams: DemoStreams): Promise<void> {
  const server = new DemoServer(version, streams);
  await server.run();
}

class DemoServer {
  readonly #version: string;
  readonly #streams: DemoStreams;
  readonly #running = new Map<Id, AbortController>();
  readonly #work = new Set<Promise<void>>();
  #revision = NEWEST_REVISION;

  constructor(version: string, streams: DemoStreams) {
    this.#version = version;
    this.#streams = streams;
  }

  async run(): Promise<void> {
    for await (const line of linesOf(this.#streams.input)) {
      if (line === undefined) await this.#send(failure(null, PARSE_ERROR, "The line is too long"));
      else await this.#takeLine(line);
    }
    for (const controller of this.#running.values()) controller.abort();
    await Promise.all(this.#work);
  }

  async #takeLine(line: string): Promise<void> {
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch (error) {
      await this.#send(failure(null, PARSE_ERROR, `No JSON: ${messageOf(error)}`));
      return;
    }
    const isBatch = Array.isArray(parsed) && parsed.length > 0;
    if (isBatch && this.#revision === REVISION_WITH_BATCHES)
      await this.#takeBatch(parsed as unknown[]);
    else await this.#take(parsed, (answer) => this.#send(answer));
  }

  /** The answers of a batch go out together, when the last of them is there. */
  async #takeBatch(messages: readonly unknown[]): Promise<void> {
    const answers: object[] = [];
    const works: Promise<void>[] = [];
    for (const message of messages) {
      const work = await this.#take(message, (answer) => {
        answers.push(answer);
        return Promise.resolve();
      });
      if (work !== undefined) works.push(work.done);
    }
    this.#track(
      Promise.all(works).then(() => (answers.length > 0 ? this.#send(answers) : undefined)),
    );
  }

  /**
   * Begins a message. The work that it leads to is wrapped, so that awaiting the beginning does
   * not await the end: a slow call must not hold up the next line.
   */
  async #take(
    message: unknown,
    reply: (answer: object) => Promise<void>,
  ): Promise<{ readonly done: Promise<void> } | undefined> {
    if (!isRecord(message) || message["jsonrpc"] !== "2.0") {
      await reply(failure(null, INVALID_REQUEST, "This is no JSON-RPC 2.0 message"));
      return undefined;
    }
    const { id, method } = message;
    const params = isRecord(message["params"]) ? message["params"] : {};
    if (typeof method !== "string") return undefined;
    if (typeof id !== "string" && typeof id !== "number") {
      if (method === "notifications/cancelled") this.#cancel(params["requestId"]);
      return undefined;
    }
    if (this.#running.size >= MAX_CALLS_AT_ONCE) {
      await reply(failure(id, INTERNAL_ERROR, "Too many calls at once"));
      return undefined;
    }
    const done = this.#answer(id, method, params, reply);
    this.#track(done);
    return { done };
  }

  #track(work: Promise<void>): void {
    const kept = work.finally(() => this.#work.delete(kept));
    this.#work.add(kept);
  }

  #cancel(id: unknown): void {
    if (typeof id === "string" || typeof id === "number") this.#running.get(id)?.abort();
  }

  async #answer(
    id: Id,
    method: string,
    params: Arguments,
    reply: (answer: object) => Promise<void>,
  ): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      const result = await this.#resultOf(method, params, controller.signal);
      if (!controller.signal.aborted) await reply({ jsonrpc: "2.0", id, result });
    } catch (error) {
      // A cancelled request gets no answer (2025-11-25 basic/utilities/cancellation).
      if (controller.signal.aborted) return;
      const code = error instanceof Refusal ? error.code : INTERNAL_ERROR;
      await reply(failure(id, code, messageOf(error)));
    } finally {
      this.#running.delete(id);
    }
  }

  #resultOf(method: string, params: Arguments, signal: AbortSignal): object | Promise<object> {
    switch (method) {
      case "initialize":
        return this.#initialize(params);
      case "ping":
        return {};
      case "tools/list":
        return { tools: DEMO_TOOLS.map((tool) => tool.definition) };
      case "tools/call":
        return this.#callTool(params, signal);
      case "resources/list":
        return { resources: [DEMO_RESOURCE] };
      case "resources/templates/list":
        return { resourceTemplates: [] };
      case "resources/read":
        return readResource(params["uri"]);
      case "prompts/list":
        return { prompts: [DEMO_PROMPT] };
      case "prompts/get":
        return getPrompt(params);
      default:
        throw new Refusal(METHOD_NOT_FOUND, `There is no method ${method}`);
    }
  }

  #initialize(params: Arguments): object {
    const asked = params["protocolVersion"];
    this.#revision =
      typeof asked === "string" && REVISIONS.includes(asked) ? asked : NEWEST_REVISION;
    return {
      protocolVersion: this.#revision,
      capabilities: { tools: {}, resources: {}, prompts: {} },
      serverInfo: { name: "remote-mcp-proxy-demo", title: "Demo", version: this.#version },
      instructions: DEMO_INSTRUCTIONS,
    };
  }

  async #callTool(params: Arguments, signal: AbortSignal): Promise<object> {
    const tool = DEMO_TOOLS.find(({ definition }) => definition.name === params["name"]);
    if (tool === undefined)
      throw new Refusal(INVALID_PARAMS, `There is no tool ${JSON.stringify(params["name"])}`);
    const meta = isRecord(params["_meta"]) ? params["_meta"] : {};
    try {
      const text = await tool.run(isRecord(params["arguments"]) ? params["arguments"] : {}, {
        wallMs: Date.now,
        random: Math.random,
        sleep: (ms) => sleep(ms, signal),
        progress: (done, total, message) =>
          this.#progress(meta["progressToken"], { progress: done, total, message }),
      });
      return { content: [{ type: "text", text }] };
    } catch (error) {
      if (!(error instanceof BadArgument)) throw error;
      // A result, not a JSON-RPC error, so that the model reads it and can try again.
      return { content: [{ type: "text", text: error.message }], isError: true };
    }
  }

  async #progress(progressToken: unknown, state: object): Promise<void> {
    if (typeof progressToken !== "string" && typeof progressToken !== "number") return;
    const params = { progressToken, ...state };
    await this.#send({ jsonrpc: "2.0", method: "notifications/progress", params });
  }

  async #send(message: object): Promise<void> {
    await this.#streams.write(`${JSON.stringify(message)}\n`);
  }
}

function readResource(uri: unknown): object {
  const text = demoResourceText(uri);
  if (text === undefined)
    throw new Refusal(RESOURCE_NOT_FOUND, `There is no resource ${JSON.stringify(uri)}`);
  return { contents: [{ uri, mimeType: DEMO_RESOURCE.mimeType, text }] };
}

function getPrompt(params: Arguments): object {
  if (params["name"] !== DEMO_PROMPT.name)
    throw new Refusal(INVALID_PARAMS, `There is no prompt ${JSON.stringify(params["name"])}`);
  try {
    const text = demoPromptText(isRecord(params["arguments"]) ? params["arguments"] : {});
    return {
      description: DEMO_PROMPT.description,
      messages: [{ role: "user", content: { type: "text", text } }],
    };
  } catch (error) {
    if (!(error instanceof BadArgument)) throw error;
    throw new Refusal(INVALID_PARAMS, error.message);
  }
}

function failure(id: Id | null, code: number, message: string): object {
  return { jsonrpc: "2.0", id, error: { code, message } };
}

function isRecord(value: unknown): value is Arguments {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error("cancelled"));
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Error("cancelled"));
    });
  });
}
