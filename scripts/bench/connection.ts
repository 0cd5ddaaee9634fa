/**
 * One HTTP/1.1 connection that is kept alive, on a raw socket: far cheaper than fetch, so that the
 * load generator is not what is measured. One request at a time.
 */

export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

type Waiter = {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
};

const HEAD_END = Buffer.from("\r\n\r\n");

interface Holder {
  connection: Connection | undefined;
}

export class Connection {
  readonly #socket: Bun.Socket<Holder>;
  #waiter: Waiter | undefined;
  #parts: Buffer[] = [];
  #size = 0;
  /** Bytes of the whole answer once its head is known; undefined before, NaN while chunked. */
  #expected: number | undefined;
  #headEnd = 0;
  #unsent: Buffer | undefined;
  #closed = false;
  /** Takes bytes of a stream instead of waiting for the end of a body. */
  #onStream: ((bytes: Buffer) => void) | undefined;

  private constructor(socket: Bun.Socket<Holder>) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<Connection> {
    const socket = await Bun.connect<Holder>({
      hostname: "127.0.0.1",
      port,
      data: { connection: undefined },
      socket: {
        data: ({ data }, bytes) => data.connection?.take(Buffer.from(bytes)),
        drain: ({ data }) => data.connection?.flush(),
        close: ({ data }) => data.connection?.fail("the connection was closed"),
        error: ({ data }, error) => data.connection?.fail(error.message),
      },
    });
    const connection = new Connection(socket);
    socket.data.connection = connection;
    socket.setNoDelay(true);
    return connection;
  }

  /** Sends a whole request (head and body) and resolves with its answer. */
  request(bytes: Buffer): Promise<Answer> {
    if (this.#closed) return Promise.reject(new Error("the connection is closed"));
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#unsent = this.#unsent === undefined ? bytes : Buffer.concat([this.#unsent, bytes]);
      this.flush();
    });
  }

  /** Sends a request whose answer is a stream; resolves with its head. */
  stream(bytes: Buffer, onBytes: (bytes: Buffer) => void): Promise<Answer> {
    this.#onStream = onBytes;
    return this.request(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#closed = true;
    this.#socket.end();
  }

  flush(): void {
    if (this.#unsent === undefined) return;
    const written = this.#socket.write(this.#unsent);
    this.#unsent =
      written < this.#unsent.length ? this.#unsent.subarray(Math.max(0, written)) : undefined;
  }

  fail(message: string): void {
    this.#closed = true;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(new Error(message));
  }

  take(bytes: Buffer): void {
    if (this.#onStream !== undefined && this.#waiter === undefined) {
      this.#onStream(bytes);
      return;
    }
    this.#parts.push(bytes);
    this.#size += bytes.length;
    if (this.#expected === undefined && !this.#readHead()) return;
    if (Number.isNaN(this.#expected)) {
      if (!bytes.subarray(-5).equals(Buffer.from("0\r\n\r\n"))) return;
    } else if (this.#size < (this.#expected ?? 0)) return;
    this.#finish();
  }

  #readHead(): boolean {
    const all =
      this.#parts.length === 1 ? (this.#parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#parts);
    this.#parts = [all];
    const end = all.indexOf(HEAD_END);
    if (end < 0) return false;
    this.#headEnd = end + 4;
    const head = all.toString("latin1", 0, this.#headEnd).toLowerCase();
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    if (this.#onStream !== undefined) this.#expected = this.#headEnd;
    else if (length !== undefined) this.#expected = this.#headEnd + Number(length);
    else this.#expected = head.includes("transfer-encoding: chunked") ? Number.NaN : this.#headEnd;
    return true;
  }

  #finish(): void {
    const all =
      this.#parts.length === 1 ? (this.#parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#parts);
    const head = all.toString("latin1", 0, this.#headEnd);
    const rest = all.subarray(this.#headEnd);
    const isChunked = Number.isNaN(this.#expected);
    const waiter = this.#waiter;
    this.#parts = [];
    this.#size = 0;
    this.#expected = undefined;
    this.#waiter = undefined;
    const status = Number(head.slice(9, 12));
    if (this.#onStream !== undefined) {
      waiter?.resolve({ status, head, body: Buffer.alloc(0) });
      if (rest.length > 0) this.#onStream(rest);
      return;
    }
    waiter?.resolve({ status, head, body: isChunked ? dechunked(rest) : rest });
  }
}

function dechunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, end), 16);
    if (!(size > 0)) return parts.length === 1 ? (parts[0] ?? bytes) : Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
