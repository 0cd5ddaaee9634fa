/**
 * The server behind every contender: answers as fast as it can, so that the relay is what is measured.
 * Tools: `echo` gives back `text`, `sleep` does so after `ms`, `big` gives `bytes` characters.
 */
import { writeSync } from "node:fs";

const LARGE = 16 * 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const TEXT_KEY = encoder.encode('"text":"');
const QUOTE = 0x22;

let parts: Uint8Array[] = [];
let out = "";

for await (const chunk of Bun.stdin.stream()) {
  let from = 0;
  for (;;) {
    const end = chunk.indexOf(10, from);
    if (end < 0) break;
    const piece = chunk.subarray(from, end);
    const line = parts.length === 0 ? piece : Buffer.concat([...parts, piece]);
    parts = [];
    take(line);
    from = end + 1;
  }
  if (from < chunk.length) parts.push(chunk.slice(from));
  if (out !== "") {
    writeAll(encoder.encode(out));
    out = "";
  }
}

function take(line: Uint8Array): void {
  if (line.length > LARGE) {
    echoLarge(Buffer.from(line.buffer, line.byteOffset, line.length));
    return;
  }
  const message = JSON.parse(decoder.decode(line)) as {
    readonly id?: number | string;
    readonly method?: string;
    readonly params?: {
      readonly name?: string;
      readonly protocolVersion?: string;
      readonly arguments?: {
        readonly text?: string;
        readonly ms?: number;
        readonly bytes?: number;
      };
    };
  };
  const { id, method, params } = message;
  if (id === undefined) return;
  switch (method) {
    case "initialize":
      return answer(id, {
        protocolVersion: params?.protocolVersion ?? "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "bench", version: "1" },
      });
    case "tools/list":
      return answer(id, {
        tools: ["echo", "sleep", "big"].map((name) => ({ name, inputSchema: { type: "object" } })),
      });
    case "tools/call": {
      const { text = "", ms = 0, bytes = 0 } = params?.arguments ?? {};
      if (params?.name === "sleep") {
        setTimeout(() => {
          answer(id, result(text));
          writeAll(encoder.encode(out));
          out = "";
        }, ms);
        return;
      }
      return answer(id, result(params?.name === "big" ? "x".repeat(bytes) : text));
    }
    case "ping":
      return answer(id, {});
    default:
      out += `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32601,"message":"no"}}\n`;
  }
}

function result(text: string): object {
  return { content: [{ type: "text", text }] };
}

function answer(id: number | string, value: object): void {
  out += `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(value)}}\n`;
}

/** Without parsing: the load never escapes anything in a large text. */
function echoLarge(line: Buffer): void {
  const textAt = line.indexOf(TEXT_KEY) + TEXT_KEY.length;
  const textEnd = line.indexOf(QUOTE, textAt);
  const around = line.subarray(0, textAt).toString() + line.subarray(textEnd).toString();
  const id = /"id":("[^"]*"|\d+)/.exec(around)?.[1] ?? "null";
  const head = `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"`;
  writeAll(
    Buffer.concat([
      encoder.encode(head),
      line.subarray(textAt, textEnd),
      encoder.encode('"}]}}\n'),
    ]),
  );
}

/** The pipe may be full, and stdout of Node's kind does not wait. */
function writeAll(bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      Bun.sleepSync(0.05);
    }
  }
}
