/**
 * One incarnation: a pid, its pipes, its end. Owns the reading loops, so that no promise of Bun's is
 * ever left alone (one that fails unawaited would end the gateway).
 *
 * It knows nothing of restarts and never signals by itself: what is to be done about a child that is
 * of no more use is reported by `onFault` and decided by instance.ts.
 */
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { ChildExit, Incarnation } from "./model.ts";
import { ChildStdin } from "./child-stdin.ts";
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
  readonly #stdin: ChildStdin;
  readonly #markDead: () => void;
  #dead = false;
  #expected = false;
  #faulted = false;
  #readAtMs = 0;

  constructor(options: ChildOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#options = options;
    this.#stderr = new StderrLines(options.secrets);
    this.#stdin = new ChildStdin(options.spawned.process.stdin, (thrown) =>
      this.#suspect(`cannot be written to any more (${messageOf(thrown)})`),
    );
    this.pid = options.spawned.process.pid;
    this.number = options.number;
    this.died = promise;
    this.#markDead = () => {
      this.#dead = true;
      this.#stdin.release();
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
    this.#stdin.close();
  }

  /** Takes the child for dead though its exit was not observed: SIGKILL did not end it in time. */
  abandon(): void {
    this.#markDead();
  }

  write(pieces: readonly (Uint8Array | string)[]): Promise<void> | undefined {
    return this.#stdin.write(pieces);
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
    this.#stdin.end();
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
