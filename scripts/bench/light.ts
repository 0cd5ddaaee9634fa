/**
 * The speed of light: the least that a relay on Bun can do. Ids are spliced, nothing else: no errors,
 * no limits, no supervision, no authentication. Serves Streamable HTTP (sessions only in name), the
 * 2026-07-28 form, and HTTP+SSE.
 *
 *   bun light.ts PORT COMMAND [ARGS…]     one child; `--servers N` first for N of them at /sI/mcp
 */
export {};
const words = process.argv.slice(2);
let servers = 1;
if (words[0] === "--servers") {
  servers = Number(words[1]);
  words.splice(0, 2);
}
const [port = "0", ...command] = words;

type Settle = (id: string, line: Buffer, idAt: number, idEnd: number) => void;

/** What goes wrong ends it: this relay has no errors. */
function left(result: unknown): void {
  if (result instanceof Promise) result.catch(() => process.exit(1));
}

class Child {
  readonly #waiting = new Map<number, { readonly id: string; readonly settle: Settle }>();
  readonly #process = Bun.spawn(command, { stdio: ["pipe", "pipe", "inherit"] });
  #next = 1;
  #dirty = false;

  constructor() {
    left(this.#read());
  }

  send(body: Buffer, settle: Settle): void {
    const [at, end] = idOf(body);
    const { stdin } = this.#process;
    if (at < 0) {
      left(stdin.write(body));
    } else {
      const number = this.#next++;
      this.#waiting.set(number, { id: body.toString("latin1", at, end), settle });
      if (body.length < 16_384) {
        left(stdin.write(body.toString("utf8", 0, at) + number + body.toString("utf8", end)));
      } else {
        left(stdin.write(body.subarray(0, at)));
        left(stdin.write(String(number)));
        left(stdin.write(body.subarray(end)));
      }
    }
    left(stdin.write("\n"));
    if (this.#dirty) return;
    this.#dirty = true;
    queueMicrotask(() => {
      this.#dirty = false;
      left(stdin.flush());
    });
  }

  async #read(): Promise<void> {
    let parts: Uint8Array[] = [];
    for await (const chunk of this.#process.stdout) {
      let from = 0;
      for (;;) {
        const end = chunk.indexOf(10, from);
        if (end < 0) break;
        const piece = chunk.subarray(from, end);
        const line =
          parts.length === 0
            ? Buffer.from(piece.buffer, piece.byteOffset, piece.length)
            : Buffer.concat([...parts, piece]);
        parts = [];
        this.#take(line);
        from = end + 1;
      }
      if (from < chunk.length) parts.push(chunk.slice(from));
    }
  }

  #take(line: Buffer): void {
    const [at, end] = idOf(line);
    if (at < 0) return;
    const number = Number(line.toString("latin1", at, end));
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    waiting?.settle(waiting.id, line, at, end);
  }
}

const children = Array.from({ length: servers }, () => new Child());
const streams = new Map<string, ReadableStreamDefaultController<Uint8Array>>();
const encoder = new TextEncoder();

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  idleTimeout: 0,
  maxRequestBodySize: 2 ** 40,
  fetch: async (request) => {
    const url = new URL(request.url);
    const child = children[Number(/^\/s(\d+)\//.exec(url.pathname)?.[1] ?? 0)];
    if (child === undefined) return new Response(null, { status: 404 });
    if (request.method === "GET") return openStream(url.pathname);
    if (request.method === "DELETE") return new Response(null, { status: 204 });
    const body = Buffer.from(await request.arrayBuffer());
    const session = url.searchParams.get("session");
    if (session !== null) {
      const stream = streams.get(session);
      child.send(body, (id, line, at, end) => {
        stream?.enqueue(
          Buffer.concat([
            encoder.encode("event: message\ndata: "),
            spliced(id, line, at, end),
            encoder.encode("\n\n"),
          ]),
        );
      });
      return new Response(null, { status: 202 });
    }
    if (idOf(body)[0] < 0) {
      child.send(body, () => {});
      return new Response(null, { status: 202 });
    }
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (body.length < 4096 && body.includes('"initialize"'))
      headers["mcp-session-id"] = crypto.randomUUID();
    const { promise, resolve } = Promise.withResolvers<Response>();
    child.send(body, (id, line, at, end) =>
      resolve(new Response(spliced(id, line, at, end), { headers })),
    );
    return promise;
  },
});
console.log(`Listening on http://127.0.0.1:${server.port}`);

function openStream(path: string): Response {
  const id = crypto.randomUUID();
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      streams.set(id, controller);
      controller.enqueue(encoder.encode(`event: endpoint\ndata: ${path}?session=${id}\n\n`));
    },
    cancel: () => {
      streams.delete(id);
    },
  });
  return new Response(stream, { headers: { "content-type": "text/event-stream" } });
}

function spliced(id: string, line: Buffer, at: number, end: number): Uint8Array {
  if (line.length < 16_384)
    return encoder.encode(line.toString("utf8", 0, at) + id + line.toString("utf8", end));
  return Buffer.concat([line.subarray(0, at), encoder.encode(id), line.subarray(end)]);
}

/** Where the first id stands: the load and the child write it before everything that could hold another. */
function idOf(line: Buffer): readonly [number, number] {
  const key = line.indexOf('"id":');
  if (key < 0 || key > 64) return [-1, -1];
  const at = key + 5;
  let end = at;
  while (line[end] !== 0x2c && line[end] !== 0x7d) end++;
  return [at, end];
}
