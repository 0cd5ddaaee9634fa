/**
 * Pure. A request toward a child, as its caller states it and as it ends.
 */
import type { GatewayError } from "../kernel/error.ts";
import type { Plain } from "../wire/message.ts";

/** How a call ended. `failed`: the child never answered it. */
export type Answer =
  | {
      readonly kind: "result" | "error";
      readonly payload: Uint8Array;
      readonly plain?: Plain | undefined;
    }
  | { readonly kind: "failed"; readonly error: GatewayError };

export interface Call {
  readonly method: string;
  /**
   * Params to send; given the progress token that is the call's own in this child, since tokens
   * of several clients would collide. Called once, when the call is written. Text is JSON.
   */
  params(token: string): Uint8Array | string | undefined;
  /** Whose turn it uses in the queue. */
  readonly flow: string;
  readonly timeoutMs: number;
  /** When its time began, if that was before now; monotonic milliseconds. */
  readonly sinceMs?: number | undefined;
  /** Probes pass the queue by. */
  readonly urgent?: boolean;
  /** Called exactly once, unless the call was cancelled. */
  onAnswer(answer: Answer): void;
  /** Params of a `notifications/progress` with our token still in them. */
  onProgress?(params: Uint8Array): void;
  /** Called with the call's own id in the child, when it is written. */
  readonly onWritten?: (id: number) => void;
  /** Nobody needs its params once the child has them: it is never made again. */
  readonly isPassing?: boolean;
  /** It stays open until somebody ends it (`subscriptions/listen`) and holds no slot. */
  readonly standing?: boolean;
}

/** A call that was accepted. */
export interface CallHandle {
  /** False once it was answered, failed or cancelled. */
  readonly open: boolean;
  /** Forgets the caller and tells the child; a later answer is dropped. `reason` reaches the child. */
  cancel(reason: string): void;
  /** The call waits for a person: it holds no slot and has no deadline until `resume`. */
  park(): void;
  /** The person has answered: the deadline starts anew. */
  resume(): void;
}

/** What the connection does for the handle of a call. */
export interface CallDesk {
  cancel(entry: Entry, reason: string): void;
  park(entry: Entry): void;
  resume(entry: Entry): void;
}

/** A call on its way through one connection, and the handle of whoever made it. */
export class Entry implements CallHandle {
  readonly id: number;
  readonly call: Call;
  deadlineMs: number;
  state: "waiting" | "running" | "settled" = "waiting";
  /** It counts against `maxInFlight`. */
  holdsSlot = false;
  readonly #desk: CallDesk;

  constructor(id: number, call: Call, deadlineMs: number, desk: CallDesk) {
    this.id = id;
    this.call = call;
    this.deadlineMs = deadlineMs;
    this.#desk = desk;
  }

  get open(): boolean {
    return this.state !== "settled";
  }

  cancel(reason: string): void {
    this.#desk.cancel(this, reason);
  }

  park(): void {
    this.#desk.park(this);
  }

  resume(): void {
    this.#desk.resume(this);
  }
}
