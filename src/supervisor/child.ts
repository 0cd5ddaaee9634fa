/**
 * One incarnation: a pid, its pipes, its end. Owns the reading loops and the writes, so that no
 * promise of Bun's is ever left alone (an unawaited write to a dying child would end the gateway).
 *
 * It knows nothing of restarts and never signals by itself: what is to be done about a child that is
 * of no more use is reported by `onFault` and decided by instance.ts.
 */
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { ChildExit, Incarnation } from "./model.ts";
import { FairTurn } from "./fair-turn.ts";
import type { ByteReader, PipedChild } from "./spawn.ts";
import { StderrLines } from "./stderr-lines.ts";

/** After the exit, a pipe is read as long as it gives something every so often … */
const DRAIN_IDLE_MS = 250;
/** … but no longer than this: a grandchild may hold it, or a reader above may be stuck. */
const DRAIN_MAX_MS = 2_000;
/** A child closes its pipes when it ends; one that still lives after this long has closed them for good. */
const FAULT_GRACE_MS = 500;

/** A started process and those who hear of it. */
export interface ChildOptions {
  readonly spawned: PipedChild;
  readonly number: number;
  readonly secrets: readonly string[];
  readonly clock: Clock;
  readonly onStderrLine: (line: string) => void;
  /** The child lives but is of no more use, in words; called at most once. */
  readonly onFault: (reason: string) => void;
}

/** Characters of a text that may wait for the end of the turn, and of all that wait. */
const MAX_SHORT = 16 * 1024;
const MAX_OUTBOX = 64 * 1024;

/** One incarnation; finished once `exited` has resolved. */
export class Child implements Incarnation {
  readonly pid: number;
  readonly number: number;
  /** Resolves as soon as the exit of the process was observed, its pipes perhaps still being read. */
  readonly died: Promise<void>;
  /** Resolves after `died` and after the last chunk and the last line of stderr. */
  readonly exited: Promise<ChildExit>;
  onStdout: (chunk: Uint8Array) => void | Promise<void> = () => {};
  onStdoutEnd: () => void = () => {};

  readonly #options: ChildOptions;
  readonly #stderr: StderrLines;
  readonly #markDead: () => void;
  #outbox = "";
  /** What was sent last still waits for the child to read. */
  #isStalled = false;
  #dead = false;
  #expected = false;
  #stdinOpen = true;
  #faulted = false;
  #readAtMs = 0;
  /** Writers that wait for the kernel; they are let go at the death, whatever the pipe does. */
  readonly #blocked = new Set<() => void>();

  constructor(options: ChildOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#options = options;
    this.#stderr = new StderrLines(options.secrets);
    this.pid = options.spawned.process.pid;
    this.number = options.number;
    this.died = promise;
    this.#markDead = () => {
      this.#dead = true;
      this.#stdinOpen = false;
      for (const release of this.#blocked) release();
      this.#blocked.clear();
      resolve();
    };
    options.spawned.process.exited.then(this.#markDead, this.#markDead);
    this.exited = this.#run();
  }

  get dead(): boolean {
    return this.#dead;
  }

  get lastOutputMs(): number {
    return this.#readAtMs;
  }

  get stderrTail(): readonly string[] {
    return this.#stderr.tail;
  }

  /** From now on the end of this child is what we wanted; no effect when it ended before. */
  expectExit(): void {
    if (!this.#dead) this.#expected = true;
  }

  /** Tells the child to stop by the end of its stdin. What was written before is still delivered. */
  closeStdin(): void {
    if (!this.#stdinOpen) return;
    this.#sendOutbox();
    this.#stdinOpen = false;
    this.#endStdin();
  }

  /** Takes the child for dead though its exit was not observed: SIGKILL did not end it in time. */
  abandon(): void {
    this.#markDead();
  }

  write(pieces: readonly (Uint8Array | string)[]): Promise<void> | undefined {
    if (!this.#stdinOpen) return undefined;
    const [only] = pieces;
    if (pieces.length === 1 && typeof only === "string" && this.#mayWait(only)) {
      if (this.#outbox === "") setImmediate(this.#sendOutbox);
      this.#outbox += only;
      return undefined;
    }
    this.#sendOutbox();
    return this.#writeNow(pieces);
  }

  /** Short texts of one turn of the event loop leave together, unless the child does not read. */
  #mayWait(text: string): boolean {
    const { length } = this.#outbox;
    return !this.#isStalled && text.length <= MAX_SHORT && length <= MAX_OUTBOX;
  }

  readonly #sendOutbox = (): void => {
    const text = this.#outbox;
    if (text === "") return;
    this.#outbox = "";
    if (!this.#stdinOpen) return;
    const pending = this.#writeNow([text]);
    if (pending === undefined) return;
    this.#isStalled = true;
    const goOn = (): void => {
      this.#isStalled = false;
    };
    pending.then(goOn, goOn);
  };

  #writeNow(pieces: readonly (Uint8Array | string)[]): Promise<void> | undefined {
    const { stdin } = this.#options.spawned.process;
    let last: number | Promise<number> = 0;
    try {
      // Small pieces only fill Bun's buffer: the flush makes one system call of them.
      for (const piece of pieces) {
        const taken = stdin.write(piece);
        if (typeof taken === "object") taken.catch(this.#stdinFailed);
      }
      last = stdin.flush();
    } catch (thrown) {
      this.#stdinFailed(thrown);
      return undefined;
    }
    return typeof last === "object" ? this.#settled(last) : undefined;
  }

  #settled(flushed: Promise<number>): Promise<void> {
    return new Promise((resolve) => {
      const release = (): void => {
        this.#blocked.delete(release);
        resolve();
      };
      this.#blocked.add(release);
      flushed.then(release, (thrown: unknown) => {
        this.#stdinFailed(thrown);
        release();
      });
    });
  }

  readonly #stdinFailed = (thrown: unknown): void => {
    // EPIPE: the child closed its stdin, most likely because it is ending; `exited` tells the rest.
    this.#stdinOpen = false;
    this.#suspect(`cannot be written to any more (${messageOf(thrown)})`);
  };

  #endStdin(): void {
    try {
      const ended: unknown = this.#options.spawned.process.stdin.end();
      // What it could not deliver is lost with the child; there is nobody to tell.
      if (ended instanceof Promise) ended.catch(() => {});
    } catch {
      // EPIPE, thrown at once: the other end is closed already, which is all that was wanted.
    }
  }

  /** Reports the child as useless unless it turns out that it was only ending. */
  #suspect(reason: string): void {
    if (this.#dead || this.#expected || this.#faulted) return;
    this.#faulted = true;
    this.#options.clock.after(FAULT_GRACE_MS, () => {
      if (!this.#dead && !this.#expected) this.#options.onFault(reason);
    });
  }

  async #run(): Promise<ChildExit> {
    // The loops begin in a later microtask: `connect` has attached its handlers by then.
    await Promise.resolve();
    const { stdout, stderr } = this.#options.spawned;
    const reading = Promise.all([this.#readStdout(stdout), this.#readStderr(stderr)]);
    await this.died;
    const isDrained = await this.#drained(reading);
    if (!isDrained) {
      const reason = "the process has ended";
      stdout.cancel(reason).catch(() => {}); // the pipe is given up: how that fails changes nothing
      stderr.cancel(reason).catch(() => {});
    }
    this.#endStdin();
    this.#emitLines(this.#stderr.finish(this.#options.clock.nowMs()));
    const stdoutEnd = this.onStdoutEnd;
    this.onStdout = () => {};
    this.onStdoutEnd = () => {};
    try {
      stdoutEnd();
    } catch (thrown) {
      this.#options.onStderrLine(`[the reader of stdout failed: ${messageOf(thrown)}]`);
    }
    const { process } = this.#options.spawned;
    const signal = process.signalCode === null ? null : String(process.signalCode);
    const exitCode = signal === null ? process.exitCode : null;
    return { exitCode, signal, expected: this.#expected, stderrTail: this.#stderr.tail };
  }

  /** True when both pipes came to their end; false when they stay open with nothing in them. */
  #drained(reading: Promise<unknown>): Promise<boolean> {
    const { clock } = this.#options;
    const diedAtMs = clock.nowMs();
    this.#readAtMs = diedAtMs;
    return new Promise((resolve) => {
      let timer = clock.after(DRAIN_IDLE_MS, look);
      function finish(isDrained: boolean): void {
        timer.cancel();
        resolve(isDrained);
      }
      const idleMs = (): number => clock.nowMs() - this.#readAtMs;
      function look(): void {
        const isOver = clock.nowMs() - diedAtMs >= DRAIN_MAX_MS;
        if (isOver || idleMs() >= DRAIN_IDLE_MS) finish(false);
        else timer = clock.after(Math.max(1, DRAIN_IDLE_MS - idleMs()), look);
      }
      reading.then(
        () => finish(true),
        () => finish(true),
      );
    });
  }

  async #readStdout(reader: ByteReader): Promise<void> {
    const turn = new FairTurn();
    try {
      for (;;) {
        const part = await reader.read();
        if (part.done) break;
        const { clock } = this.#options;
        const nowMs = clock.nowMs();
        this.#readAtMs = nowMs;
        const taken = this.onStdout(part.value);
        const rest = turn.spent(clock.nowMs() - nowMs);
        if (rest !== undefined) await rest;
        if (taken !== undefined) {
          await taken;
          this.#readAtMs = clock.nowMs();
        }
      }
      this.#suspect("closed its stdout");
    } catch (thrown) {
      this.#suspect(`has a stdout that cannot be read (${messageOf(thrown)})`);
    }
  }

  async #readStderr(reader: ByteReader): Promise<void> {
    const turn = new FairTurn();
    try {
      for (;;) {
        const part = await reader.read();
        if (part.done) return;
        const nowMs = this.#options.clock.nowMs();
        this.#readAtMs = nowMs;
        this.#emitLines(this.#stderr.push(part.value, nowMs));
        const rest = turn.spent(this.#options.clock.nowMs() - nowMs);
        if (rest !== undefined) await rest;
      }
    } catch (thrown) {
      // A child may do without stderr: only say it.
      this.#options.onStderrLine(`[stderr cannot be read: ${messageOf(thrown)}]`);
    }
  }

  #emitLines(lines: readonly string[]): void {
    for (const line of lines) this.#options.onStderrLine(line);
  }
}
