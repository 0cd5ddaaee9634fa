/**
 * A unix datagram socket that a test receives on, by the C library: the runtime has none.
 */
import { dlopen, FFIType } from "bun:ffi";
import { until } from "./wait.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const CLOCK_MONOTONIC = 1;
const MAX_BYTES = 4096;

const { i32, u64, i64, ptr } = FFIType;
const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: [i32, i32, i32], returns: i32 },
  bind: { args: [i32, ptr, i32], returns: i32 },
  recv: { args: [i32, ptr, u64, i32], returns: i64 },
  close: { args: [i32], returns: i32 },
  clock_gettime: { args: [i32, ptr], returns: i32 },
});

/** Receives until it is closed. */
export class DatagramReceiver implements Disposable {
  /** All that came so far. */
  readonly received: string[] = [];
  readonly #fd: number;

  /** @param name a path, or `@name` for an abstract one */
  constructor(name: string) {
    const bytes = new TextEncoder().encode(name);
    if (name.startsWith("@")) bytes[0] = 0;
    const end = name.startsWith("@") ? 0 : 1;
    const address = new Uint8Array(2 + bytes.length + end);
    new DataView(address.buffer).setUint16(0, AF_UNIX, true);
    address.set(bytes, 2);
    this.#fd = libc.socket(AF_UNIX, SOCK_DGRAM, 0);
    if (this.#fd < 0 || libc.bind(this.#fd, address, address.length) !== 0)
      throw new Error(`cannot receive on ${name}`);
  }

  /** Resolves with the first datagram that matches, from the one with the number `from` on. */
  async until(pattern: RegExp, from = 0): Promise<string> {
    const what = `a datagram with ${pattern.source}`;
    return until(
      () => {
        this.#take();
        return this.received.slice(from).find((text) => pattern.test(text));
      },
      { what },
    );
  }

  [Symbol.dispose](): void {
    libc.close(this.#fd);
  }

  #take(): void {
    const bytes = new Uint8Array(MAX_BYTES);
    for (;;) {
      const length = Number(libc.recv(this.#fd, bytes, BigInt(MAX_BYTES), MSG_DONTWAIT));
      if (length <= 0) return;
      this.received.push(new TextDecoder().decode(bytes.subarray(0, length)));
    }
  }
}

/** CLOCK_MONOTONIC in microseconds. */
export function monotonicUsec(): bigint {
  const time = new BigInt64Array(2);
  libc.clock_gettime(CLOCK_MONOTONIC, time);
  return (time[0] ?? 0n) * 1_000_000n + (time[1] ?? 0n) / 1000n;
}
