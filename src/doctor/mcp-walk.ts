/** The part of the walk that speaks MCP: both handshakes, the list of tools, one call if it is asked for. */
import { LATEST_LEGACY, LATEST_MODERN } from "../wire/revision.ts";
import { type Finding, skipped, wrong } from "./finding.ts";
import { CALL_MS } from "./limits.ts";
import {
  judgeCall,
  judgeDiscover,
  judgeInitialize,
  judgeResult,
  judgeSessions,
  judgeTools,
  membersOf,
  messageIn,
} from "./mcp-checks.ts";
import type { Net } from "./net.ts";
import type { Answer } from "./reply.ts";

/** A call that the operator asks for. */
export interface WantedCall {
  readonly tool: string;
  readonly arguments: unknown;
}

const LEGACY = LATEST_LEGACY;
const MODERN = LATEST_MODERN;
const META = "io.modelcontextprotocol/";
/** A cold start of a server may take this long, and is judged by what it took. */
const HANDSHAKE_MS = 60_000;
const MAX_PAGES = 50;
const CLIENT = { name: "remote-mcp-proxy-doctor", version: "1" } as const;

type Members = Readonly<Record<string, unknown>>;

/** What `initialize` is asked with, here and where the challenge is provoked. */
export function initializeBody(id: number): string {
  const params = { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT };
  return JSON.stringify({ jsonrpc: "2.0", id, method: "initialize", params });
}

/** Headers of a POST of MCP. */
export function mcpHeaders(token?: string): Record<string, string> {
  return {
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

export class McpWalk {
  readonly #net: Net;
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #tell: (finding: Finding) => void;
  #session: string | undefined;
  #nextId = 1;

  constructor(net: Net, url: string, token: string | undefined, tell: (finding: Finding) => void) {
    this.#net = net;
    this.#url = url;
    this.#token = token;
    this.#tell = tell;
  }

  /** Walks it all and closes the session that it opened. Never rejects. */
  async run(call: WantedCall | undefined): Promise<void> {
    const discover = await this.#post("server/discover", modernParams(), {
      "mcp-protocol-version": MODERN,
      "mcp-method": "server/discover",
    });
    this.#tell(judgeDiscover(discover.answer, discover.message));
    const opened = await this.#send(initializeBody(this.#nextId), this.#nextId++);
    const refused = judgeResult("initialize", opened.answer, opened.message);
    if (refused !== undefined) {
      this.#tell(refused);
      return;
    }
    const tookMs = opened.answer.kind === "reply" ? opened.answer.tookMs : 0;
    const result = membersOf(opened.message?.["result"]);
    this.#tell(judgeInitialize(result, tookMs));
    if (opened.answer.kind === "reply")
      this.#session = opened.answer.headers.get("mcp-session-id") ?? undefined;
    try {
      await this.#inSession(result, call);
    } finally {
      if (this.#session !== undefined)
        await this.#net.send(this.#url, {
          method: "DELETE",
          headers: this.#headers(),
          timeoutMs: HANDSHAKE_MS,
        });
    }
  }

  async #inSession(initialized: Members, call: WantedCall | undefined): Promise<void> {
    const note = { jsonrpc: "2.0", method: "notifications/initialized" };
    await this.#send(JSON.stringify(note), 0);
    await this.#lookAtSessions();
    if (membersOf(initialized["capabilities"])["tools"] === undefined)
      this.#tell(skipped("tools", "the server has no tools"));
    else await this.#lookAtTools();
    if (call !== undefined) await this.#callTool(call);
  }

  async #lookAtSessions(): Promise<void> {
    const session = this.#session;
    const ping = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "ping" });
    const ask = (headers: Record<string, string>): Promise<Answer> => {
      const { "mcp-session-id": _, ...rest } = this.#headers();
      return this.#net.send(this.#url, {
        method: "POST",
        headers: { ...rest, ...headers },
        body: ping,
        timeoutMs: HANDSHAKE_MS,
        isHeadOnly: true,
      });
    };
    const unknown = await ask({ "mcp-session-id": "doctor-was-never-given-this-one" });
    const without = await ask({});
    for (const finding of judgeSessions(unknown, without, session !== undefined))
      this.#tell(finding);
  }

  async #lookAtTools(): Promise<void> {
    const tools: unknown[] = [];
    let cursor: unknown;
    let characters = 0;
    for (let page = 0; page < MAX_PAGES; page++) {
      const { answer, message } = await this.#post(
        "tools/list",
        cursor === undefined ? {} : { cursor },
      );
      const refused = judgeResult("tools/list", answer, message);
      if (refused !== undefined) {
        this.#tell({ ...refused, step: "tools" });
        return;
      }
      const result = membersOf(message?.["result"]);
      const listed = result["tools"];
      if (!Array.isArray(listed)) {
        this.#tell(
          wrong(
            "tools",
            "tools/list: no list came",
            "The server breaks the protocol: ask its makers",
          ),
        );
        return;
      }
      tools.push(...listed);
      characters += JSON.stringify(listed).length;
      cursor = result["nextCursor"];
      if (cursor === undefined || cursor === null) break;
    }
    for (const finding of judgeTools(tools, characters)) this.#tell(finding);
  }

  async #callTool({ tool, arguments: args }: WantedCall): Promise<void> {
    const params = { name: tool, arguments: args };
    const { answer, message } = await this.#post("tools/call", params, {}, CALL_MS);
    const refused = judgeResult(`the call of ${tool}`, answer, message);
    if (refused !== undefined) {
      this.#tell({ ...refused, step: "call" });
      return;
    }
    const tookMs = answer.kind === "reply" ? answer.tookMs : 0;
    for (const finding of judgeCall(tool, membersOf(message?.["result"]), tookMs))
      this.#tell(finding);
  }

  #post(
    method: string,
    params: object,
    headers: Readonly<Record<string, string>> = {},
    timeoutMs = HANDSHAKE_MS,
  ): Promise<{ answer: Answer; message: Members | undefined }> {
    const id = this.#nextId++;
    return this.#send(
      JSON.stringify({ jsonrpc: "2.0", id, method, params }),
      id,
      headers,
      timeoutMs,
    );
  }

  async #send(
    body: string,
    id: number,
    headers: Readonly<Record<string, string>> = {},
    timeoutMs = HANDSHAKE_MS,
  ): Promise<{ answer: Answer; message: Members | undefined }> {
    const answer = await this.#net.send(this.#url, {
      method: "POST",
      headers: { ...this.#headers(), ...headers },
      body,
      timeoutMs,
      isEnough: (text) => text.includes(`"id":${id}`) && /\n\r?\n$/.test(text),
    });
    return { answer, message: messageIn(answer, id) };
  }

  #headers(): Record<string, string> {
    const session = this.#session;
    return {
      ...mcpHeaders(this.#token),
      ...(session === undefined
        ? {}
        : { "mcp-session-id": session, "mcp-protocol-version": LEGACY }),
    };
  }
}

function modernParams(): object {
  return {
    _meta: {
      [`${META}protocolVersion`]: MODERN,
      [`${META}clientCapabilities`]: {},
      [`${META}clientInfo`]: CLIENT,
    },
  };
}
