/**
 * The guardian: a hidden mode of our own executable that outlives the gateway by a moment and ends
 * the children which a killed gateway left behind, as nothing of the kernel does that for
 * grandchildren.
 *
 * It reads lines on stdin: `=<token>` (what the marks of this gateway's children begin with),
 * `+<pid>` and `-<pid>` (leaders). The end of stdin is the end of the gateway. It does nothing else
 * and imports nothing heavy.
 */
import { readEntry, readMark, readProcessTable } from "../supervisor/process-table.ts";
import {
  findTree,
  isRecycled,
  isRunning,
  type Leader,
  type ProcessEntry,
} from "../supervisor/process-tree.ts";

/** For servers that stop by themselves when their stdin ends, as it just did. */
const OWN_END_MS = 150;
const TERM_MS = 1_000;
const KILL_MS = 2_000;
const POLL_MS = 20;
/** A line is a sign and a number, or a short token. */
const MAX_LINE_CHARS = 256;

/** Guards until stdin ends, then ends what is left; resolves when nothing is, at the latest after some seconds. */
export async function runGuardian(): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  // Keep no folder busy that somebody wants to unmount.
  process.chdir("/");
  const ward = new Ward();
  await ward.listen(Bun.stdin.stream());
  await ward.end();
}

class Ward {
  readonly #leaders = new Map<number, Leader>();
  /** pid → start: once a member, a member, though its parents may be gone by the next look. */
  readonly #seen = new Map<number, number>();
  #token: string | undefined;

  async listen(stdin: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let open = "";
    try {
      for await (const chunk of stdin) {
        const lines = (open + decoder.decode(chunk, { stream: true })).split("\n");
        open = (lines.pop() ?? "").slice(0, MAX_LINE_CHARS);
        for (const line of lines) this.#obey(line);
      }
    } catch {
      // A connection that breaks says the same as one that ends: the gateway is gone.
    }
  }

  #obey(line: string): void {
    const sign = line.slice(0, 1);
    const value = line.slice(1);
    const pid = Number(value);
    if (sign === "=") this.#token = value;
    if (sign === "-") this.#leaders.delete(pid);
    if (sign === "+" && Number.isInteger(pid) && pid > 1) {
      this.#leaders.set(pid, { pid, startTicks: readEntry(pid)?.startTicks });
    }
  }

  async end(): Promise<void> {
    if (await this.#isEmptyWithin(OWN_END_MS, undefined)) return;
    this.#signal("SIGTERM");
    if (await this.#isEmptyWithin(TERM_MS, undefined)) return;
    this.#signal("SIGKILL");
    await this.#isEmptyWithin(KILL_MS, "SIGKILL");
  }

  async #isEmptyWithin(waitMs: number, repeat: "SIGKILL" | undefined): Promise<boolean> {
    const untilMs = performance.now() + waitMs;
    while (this.#isAlive()) {
      if (performance.now() >= untilMs) return false;
      await Bun.sleep(POLL_MS);
      if (repeat !== undefined) this.#signal(repeat);
    }
    return true;
  }

  #isAlive(): boolean {
    const members = this.#members();
    if (members !== undefined) return members.length > 0;
    return [...this.#leaders.keys()].some((pid) => send(-pid, 0));
  }

  #signal(name: "SIGTERM" | "SIGKILL"): void {
    const members = this.#members();
    if (members === undefined) {
      for (const pid of this.#leaders.keys()) send(-pid, name);
      return;
    }
    for (const { pid } of members) send(pid, name);
  }

  /** All that runs of what we guard; undefined where there is no /proc. */
  #members(): readonly ProcessEntry[] | undefined {
    const table = readProcessTable();
    if (table === undefined) return undefined;
    const others: number[] = [];
    for (const entry of table.values()) {
      const isSeen = this.#seen.get(entry.pid) === entry.startTicks;
      if (isSeen || this.#hasOurMark(entry)) others.push(entry.pid);
    }
    const leaders = [...this.#leaders.values()].filter((leader) => !isRecycled(table, leader));
    const members = findTree({ table, leaders, others, spare: [process.pid] }).filter(isRunning);
    for (const { pid, startTicks } of members) this.#seen.set(pid, startTicks);
    return members;
  }

  #hasOurMark(entry: ProcessEntry): boolean {
    if (this.#token === undefined || !isRunning(entry)) return false;
    return readMark(entry.pid)?.startsWith(`${this.#token}.`) ?? false;
  }
}

/** True when there was something to send to. */
function send(pid: number, name: "SIGTERM" | "SIGKILL" | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false; // ended in the meantime, or not ours to signal: the next look tells
  }
}
