/**
 * A call of a modern client in a legacy child, from its first request to its last answer: it may be
 * asked something, then waits for a person, and goes on under another request (protocol.md 3.4).
 *
 * Owns the questions of one call, its phase and its turn. Who may be asked, and what is kept of a
 * call that waits, is for `parked-calls.ts`.
 */
import { inputKey, type InputRequest } from "../codec/input-required.ts";
import type { ModernEnvelope } from "../codec/modern-request.ts";
import type { Timer } from "../kernel/clock.ts";
import type { Place } from "../kernel/passing.ts";
import type { Answer } from "../upstream/call.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { ClientCall, Conversation } from "./conversation.ts";
import type { Exchange } from "./exchange.ts";
import type { RelayContext } from "./relay-context.ts";
import type { StateBinding } from "./request-state.ts";

/** The request that a call answers at present. */
export interface Asker {
  readonly conversation: Conversation;
  readonly call: ClientCall;
  readonly envelope: ModernEnvelope;
  /** The call that it began, or goes on with. */
  modern: ModernCall | undefined;
  /** How it is relayed; made when it is needed. */
  relayed: RelayContext | undefined;
}

/** A question of the child that waits for its answer. */
export interface OpenInput extends InputRequest {
  /** The child's id, as JSON text. */
  readonly childId: string;
}

export type ModernPhase = "starting" | "running" | "parked" | "done";

/** What a call is made of; most are never asked for its id and its binding, which take long to make. */
export interface ModernCallFacts {
  readonly newId: () => string;
  readonly bind: () => StateBinding;
  readonly upstream: Upstream;
  readonly asker: Asker;
}

export class ModernCall {
  readonly #facts: ModernCallFacts;
  #id: string | undefined;
  #binding: StateBinding | undefined;
  readonly upstream: Upstream;
  /** The request that the child answers, whoever asks for the answer by now. */
  readonly origin: ClientCall;
  asker: Asker;
  phase: ModernPhase = "starting";
  /** Among the calls that run. */
  runningAt: Place<ModernCall> | undefined;
  round = 0;
  readonly inputs = new Map<string, OpenInput>();
  /** An answer of the child that came while nobody waited. */
  kept: Answer | undefined;
  /** Until when a parked call is kept; wall clock. */
  expiresAtMs = 0;
  /** Capabilities that the child wanted and the client had not declared. */
  readonly missing = new Set<string>();
  timer: Timer | undefined;
  firstQuestionMs = 0;
  /** When, by the wall clock, and how often the child was told that its questions are not lost. */
  reassuredAtMs = 0;
  reassured = 0;
  /** Lets go of the child, which must not end while the call is in it. */
  release: (() => void) | undefined;
  /** Ends its turn among the interactive calls of the child. */
  endTurn: (() => void) | undefined;
  #lastKey = 0;

  constructor(facts: ModernCallFacts) {
    this.#facts = facts;
    this.upstream = facts.upstream;
    this.asker = facts.asker;
    this.origin = facts.asker.call;
  }

  /** Unguessable; the sealed state names it. */
  get id(): string {
    return (this.#id ??= this.#facts.newId());
  }

  get binding(): StateBinding {
    return (this.#binding ??= this.#facts.bind());
  }

  get exchange(): Exchange {
    return this.asker.call.exchange;
  }

  /** Notes a question; its key is never used again. */
  note(childId: string, method: string, params: Uint8Array | undefined): void {
    const key = inputKey(++this.#lastKey);
    this.inputs.set(key, { key, childId, method, params });
  }

  /** The call is over; idempotent. */
  letGo(): void {
    this.release?.();
    this.release = undefined;
  }

  /** Ends the turn and the timer; idempotent. */
  rest(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.endTurn?.();
    this.endTurn = undefined;
  }
}
