/**
 * What systemd hears from a service of `Type=notify`: that it is ready, reloads, stops, and lives.
 *
 * Datagrams to the socket that it names, by the C library, since the runtime has none of this kind.
 * Without such a socket nothing is sent; a datagram that is not taken is said once and costs nothing.
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 */
import { FFIType } from "bun:ffi";
import type { Clock, Timer } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { openLibc } from "../supervisor/libc.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const CLOCK_MONOTONIC = 1;
/** sun_path of sockaddr_un. */
const MAX_PATH_BYTES = 108;
/** A socket whose queue is full takes what matters a little later. */
const RETRY_MS = 25;
const RETRIES = 80;
/** Twice as often as systemd asks for, and once more. */
const BEATS_PER_TIMEOUT = 3;

/** Tells systemd; every method may be called where there is none. */
export class ServiceManager {
  readonly #send: ((text: string) => boolean) | undefined;
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  #hasWarned = false;
  /** Newer news take the place of what still waits. */
  #retry: Timer | undefined;
  readonly #monotonicUsec: (() => bigint) | undefined;
  readonly #watchdog: Timer | undefined;

  constructor(host: HostFacts, clock: Clock, emit: Emit) {
    const { notify, platform, pid } = host;
    this.#clock = clock;
    this.#warn = (message) => {
      const text = `systemd hears nothing: ${message}`;
      if (!this.#hasWarned) emit({ kind: "gateway.notice", level: "WARNING", message: text });
      this.#hasWarned = true;
    };
    if (notify?.socket === undefined || notify.socket === "" || platform !== "linux") return;
    try {
      const opened = openSocket(notify.socket);
      this.#send = opened.send;
      this.#monotonicUsec = opened.monotonicUsec;
    } catch (error) {
      this.#warn(messageOf(error));
      return;
    }
    const { watchdogUsec, watchdogPid = String(pid) } = notify;
    const timeoutMs = Number(watchdogUsec) / 1000;
    if (!(timeoutMs > 0) || watchdogPid !== String(pid)) return;
    this.#watchdog = clock.every(timeoutMs / BEATS_PER_TIMEOUT, () => {
      this.#send?.("WATCHDOG=1");
    });
  }

  /** It serves, with these words for `systemctl status`. */
  ready(status: string): void {
    this.#tell(`READY=1\nSTATUS=${status}`);
  }

  /** It reads its configuration; `ready` must follow. */
  reloading(): void {
    if (this.#monotonicUsec === undefined) return;
    this.#tell(`RELOADING=1\nMONOTONIC_USEC=${this.#monotonicUsec()}`);
  }

  /** It stops. Signs of life go on: a stop that hangs is for the watchdog to see. */
  stopping(): void {
    this.#tell("STOPPING=1\nSTATUS=Stopping");
  }

  /** No sign of life any more. */
  close(): void {
    this.#watchdog?.cancel();
    this.#retry?.cancel();
  }

  #tell(text: string, retries = RETRIES): void {
    this.#retry?.cancel();
    if (this.#send === undefined || this.#send(text)) return;
    if (retries === 0) this.#warn("NOTIFY_SOCKET does not take what is sent");
    else this.#retry = this.#clock.after(RETRY_MS, () => this.#tell(text, retries - 1));
  }
}

function openSocket(name: string): {
  readonly send: (text: string) => boolean;
  readonly monotonicUsec: () => bigint;
} {
  const address = addressOf(name);
  const { i32, u64, ptr } = FFIType;
  const libc = openLibc({
    socket: { args: [i32, i32, i32], returns: i32 },
    sendto: { args: [i32, ptr, u64, i32, ptr, i32], returns: FFIType.i64 },
    clock_gettime: { args: [i32, ptr], returns: i32 },
  });
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error("no socket could be made");
  return {
    send: (text) => {
      const bytes = new TextEncoder().encode(text);
      const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      const sent = libc.sendto(fd, bytes, BigInt(bytes.length), flags, address, address.length);
      return Number(sent) === bytes.length;
    },
    monotonicUsec: () => {
      const time = new BigInt64Array(2);
      libc.clock_gettime(CLOCK_MONOTONIC, time);
      return (time[0] ?? 0n) * 1_000_000n + (time[1] ?? 0n) / 1000n;
    },
  };
}

/** A sockaddr_un; `@` stands for the NUL of an abstract name. */
function addressOf(name: string): Uint8Array {
  const path = new TextEncoder().encode(name.startsWith("/") ? `${name}\0` : name);
  const isAbstract = name.startsWith("@");
  if (!isAbstract && !name.startsWith("/")) {
    throw new Error(`NOTIFY_SOCKET ${name} is neither a path nor an abstract name`);
  }
  if (path.length > MAX_PATH_BYTES) throw new Error("NOTIFY_SOCKET is too long");
  if (isAbstract) path[0] = 0;
  const address = new Uint8Array(2 + path.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(path, 2);
  return address;
}
