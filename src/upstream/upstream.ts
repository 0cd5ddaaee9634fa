/**
 * One connection to a child, seen as an MCP peer; dies with its incarnation.
 *
 * Owns the in-flight table: client ids and progress tokens never reach the child, each request gets
 * a fresh integer that is its progress token too, and answers find their caller by it. A request
 * over `maxInFlight` waits in a bounded, fair queue; probes, notifications and cancellations pass.
 * Knows nothing of sessions: what the child asks or announces goes to `onMessage`.
 */
import type { Clock } from "../kernel/clock.ts";
import type { GatewayError } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import { PassingMap } from "../kernel/passing.ts";
import type { Incarnation } from "../supervisor/model.ts";
import {
  jsonBytes,
  outgoingAnswer,
  outgoingCall,
  textError,
  type Message,
} from "../wire/message.ts";
import { createBodyTrace } from "./body-trace.ts";
import { Entry, type Answer, type Call, type CallDesk, type CallHandle } from "./call.ts";
import { brokenAnswer, needsNoSlot, overloaded, timedOut } from "./call-limits.ts";
import { DroppedMessages } from "./dropped-messages.ts";
import { FairQueue } from "./fair-queue.ts";
import { readLines } from "./line-reader.ts";
import { NoiseMeter } from "./noise-meter.ts";
import { LineWriter } from "./line-writer.ts";
import { progressTokenOf } from "./progress-token.ts";

export interface UpstreamOptions {
  readonly server: string;
  readonly label: string;
  readonly incarnation: Incarnation;
  readonly maxInFlight: number;
  readonly maxQueue: number;
  readonly maxLineBytes: number;
  readonly maxJsonDepth: number;
  /** Params of every request of the gateway's own, a JSON object: its envelope. */
  readonly ownParams?: Uint8Array;
  /** Emits the body of every message. */
  readonly traceBodies?: boolean;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Requests of the child, and its notifications but for progress, in order. */
  readonly onMessage: (message: Message, upstream: Upstream) => void;
}

export class Upstream {
  readonly incarnation: Incarnation;
  readonly #options: UpstreamOptions;
  readonly #writer: LineWriter;
  readonly #inFlight = new PassingMap<number, Entry>();
  readonly #queue: FairQueue<Entry>;
  readonly #noise: NoiseMeter;
  readonly #dropped: DroppedMessages;
  #slots = 0;
  #lastId = 0;
  #closed: GatewayError | undefined;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.incarnation = options.incarnation;
    this.#dropped = new DroppedMessages(options);
    const trace = options.traceBodies === true ? createBodyTrace(options) : undefined;
    this.#writer = new LineWriter(options.incarnation, trace?.sent);
    this.#queue = new FairQueue(options.maxQueue);
    this.#noise = new NoiseMeter(options);
    readLines(options.incarnation, {
      maxLineBytes: options.maxLineBytes,
      maxJsonDepth: options.maxJsonDepth,
      onMessage: (message) => {
        trace?.received(message);
        this.#read(message);
      },
      onBrokenAnswer: (id, why) => this.#breakAnswer(id, why),
      noise: this.#noise,
    });
  }

  /** Params of a request of the gateway's own; undefined where the era needs none. */
  get ownParams(): Uint8Array | undefined {
    return this.#options.ownParams;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Calls whose answer somebody waits for now: neither standing nor parked. */
  get awaited(): number {
    let count = 0;
    for (const { deadlineMs } of this.#inFlight.values()) if (deadlineMs < Infinity) count++;
    return count;
  }

  /** Calls that the child works on now: neither parked nor standing nor probes. */
  get working(): number {
    return this.#slots;
  }

  /** Calls in flight but those that stand open until somebody ends them. */
  get passing(): number {
    return this.#inFlight.values().filter(({ call }) => call.standing !== true).length;
  }

  /** Calls that were made so far. */
  get calls(): number {
    return this.#lastId;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** Sends a request, now or when a slot is free. The answer may come before this returns. */
  call(call: Call): CallHandle {
    const deadlineMs = this.#deadlineOf(call, call.sinceMs);
    const entry = new Entry(++this.#lastId, call, deadlineMs, this.#desk);
    if (this.#closed !== undefined) this.#settle(entry, { kind: "failed", error: this.#closed });
    else if (needsNoSlot(call) || this.#slots < this.#options.maxInFlight) this.#run(entry);
    else if (!this.#queue.push(call.flow, entry)) {
      this.#settle(entry, { kind: "failed", error: overloaded(this.#options) });
    }
    return entry;
  }

  readonly #desk: CallDesk = {
    cancel: (entry, reason) => this.#cancel(entry, reason),
    park: (entry) => {
      entry.deadlineMs = Number.POSITIVE_INFINITY;
      this.#freeSlot(entry);
    },
    resume: (entry) => {
      if (entry.state !== "running") return;
      entry.deadlineMs = this.#deadlineOf(entry.call);
      this.#takeSlot(entry);
    },
  };

  /** The same as a promise. @throws GatewayError */
  ask(call: Omit<Call, "onAnswer">): Promise<Extract<Answer, { payload: Uint8Array }>> {
    return new Promise((resolve, reject) => {
      this.call({
        ...call,
        onAnswer: (answer) => (answer.kind === "failed" ? reject(answer.error) : resolve(answer)),
      });
    });
  }

  /** Sends a notification; false when it could not be taken. */
  notify(method: string, params: Uint8Array | undefined): boolean {
    return this.#writer.write(outgoingCall(undefined, method, params));
  }

  /** Answers a request of the child. `id` is the child's own, as JSON text. */
  answer(id: string, kind: "result" | "error", payload: Uint8Array): void {
    this.#writer.write(outgoingAnswer(id, kind, payload));
  }

  /** Refuses a request of the child. */
  refuse(id: string, code: number, message: string): void {
    this.#writer.write(textError(id, code, message));
  }

  /** Ends calls whose time is over. Called by the one coarse sweep. */
  sweep(nowMs: number): void {
    this.#noise.sweep(nowMs);
    for (const entry of this.#inFlight.values()) {
      if (entry.deadlineMs <= nowMs) this.#timeOut(entry);
    }
    for (const entry of this.#queue.remove((one) => one.deadlineMs <= nowMs)) this.#timeOut(entry);
  }

  /** The incarnation ended: every call that waits or runs fails with `error`, none is retried. */
  close(error: GatewayError): void {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    this.#dropped.end();
    this.#writer.close();
    const all = [...this.#inFlight.values(), ...this.#queue.remove(() => true)];
    for (const entry of all) this.#settle(entry, { kind: "failed", error });
  }

  #run(entry: Entry): void {
    const { call } = entry;
    entry.state = "running";
    this.#inFlight.set(entry.id, entry);
    this.#takeSlot(entry);
    const id = String(entry.id);
    call.onWritten?.(entry.id);
    const message = outgoingCall(id, call.method, call.params(id));
    const isLast = call.isPassing === true && message.payload !== undefined;
    if (!this.#writer.write(isLast ? { ...message, isLast } : message)) {
      this.#settle(entry, { kind: "failed", error: this.#closed ?? overloaded(this.#options) });
    }
  }

  /** Frees the slot, starts the next, and tells the caller: once. */
  #settle(entry: Entry, answer: Answer | undefined): void {
    if (entry.state === "settled") return;
    const ran = entry.state === "running";
    entry.state = "settled";
    if (ran) this.#inFlight.delete(entry.id);
    try {
      if (answer !== undefined) entry.call.onAnswer(answer);
    } finally {
      this.#freeSlot(entry);
    }
  }

  /** Also beyond the limit: a call that goes on after a question works all the same, and counts. */
  #takeSlot(entry: Entry): void {
    if (entry.holdsSlot || needsNoSlot(entry.call)) return;
    entry.holdsSlot = true;
    this.#slots++;
  }

  #freeSlot(entry: Entry): void {
    if (!entry.holdsSlot) return;
    entry.holdsSlot = false;
    this.#slots--;
    this.#startNext();
  }

  #deadlineOf(call: Call, sinceMs = this.#options.clock.nowMs()): number {
    return call.standing === true ? Number.POSITIVE_INFINITY : sinceMs + call.timeoutMs;
  }

  #startNext(): void {
    while (this.#closed === undefined && this.#slots < this.#options.maxInFlight) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#run(next);
    }
  }

  #cancel(entry: Entry, reason: string): void {
    if (entry.state === "settled") return;
    if (entry.state === "waiting") this.#queue.remove((one) => one === entry);
    else this.#tellCancelled(entry, reason);
    this.#settle(entry, undefined);
  }

  #tellCancelled(entry: Entry, reason: string): void {
    const params = jsonBytes(JSON.stringify({ requestId: entry.id, reason }));
    this.notify("notifications/cancelled", params);
  }

  #timeOut(entry: Entry): void {
    const waited = entry.state === "waiting";
    const error = timedOut(this.#options.server, entry.call, waited);
    if (!waited) this.#tellCancelled(entry, error.message);
    this.#settle(entry, { kind: "failed", error });
  }

  #read(message: Message): void {
    if (message.kind === "result" || message.kind === "error") this.#readAnswer(message);
    else if (message.method === "notifications/progress") this.#readProgress(message);
    else this.#options.onMessage(message, this);
  }

  #readAnswer(message: Message): void {
    const entry = message.id === undefined ? undefined : this.#inFlight.get(Number(message.id));
    // None: a cancelled or timed-out call that was answered late, or an id that we never gave.
    if (entry === undefined || message.payload === undefined) {
      this.drop(`answer to unknown id ${message.id ?? "(none)"}`);
      return;
    }
    const kind = message.kind === "result" ? "result" : "error";
    this.#settle(entry, { kind, payload: message.payload, plain: message.plain });
  }

  #readProgress(message: Message): void {
    const params = message.payload;
    const entry = this.#inFlight.get(progressTokenOf(params, this.#options.maxJsonDepth) ?? 0);
    if (entry === undefined || params === undefined) {
      this.drop("progress of no running call");
      return;
    }
    // A parked call has no deadline that progress could move.
    if (entry.deadlineMs !== Number.POSITIVE_INFINITY) {
      entry.deadlineMs = this.#deadlineOf(entry.call);
    }
    entry.call.onProgress?.(params);
  }

  #breakAnswer(id: number, why: string): void {
    const entry = this.#inFlight.get(id);
    const error = brokenAnswer(this.#options.server, why);
    if (entry !== undefined) this.#settle(entry, { kind: "failed", error });
  }

  /** Tells that a message of the child goes to nobody. */
  readonly drop = (reason: string): void => this.#dropped.one(reason);
}
