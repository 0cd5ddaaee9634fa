/**
 * Calls of modern clients that legacy children ask something: whose question is it, the calls that
 * wait for a person, and how they go on (protocol.md 3.4, 9.2).
 *
 * Owns the running and the parked calls of one server, capped and with a TTL. A question belongs to
 * a call if exactly one running call could have caused it; else nobody sees it.
 */
import { sortAnswers } from "../codec/input-responses.ts";
import { inputKind, inputRequiredResult } from "../codec/input-required.ts";
import { canAsk } from "../codec/modern-capabilities.ts";
import type { RootsPolicy } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import { Mutex } from "../kernel/mutex.ts";
import { PassingList } from "../kernel/passing.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND } from "../wire/error-codes.ts";
import { jsonBytes, type Message } from "../wire/message.ts";
import type { Asker, ModernCall } from "./modern-call.ts";
import { missingFor } from "./question-needs.ts";
import { reassure } from "./reassure.ts";
import { isBoundTo, type StateBinding, type StateSealer } from "./request-state.ts";

export interface ParkedCallsOptions {
  readonly roots: RootsPolicy;
  readonly sealer: StateSealer;
  readonly clock: Clock;
  /** Whether the server has asked anything before, in this run or an earlier one. */
  readonly memory: { readonly interactive: boolean; markInteractive(): void };
  /** How long a client may take to come back. */
  readonly ttlMs: number;
  /** Gives an input-required result to the request that the call answers. */
  readonly answer: (modern: ModernCall, result: Uint8Array) => void;
  /** Gives up a call: the child is told, and the client if it waits. */
  readonly abandon: (modern: ModernCall, reason: string) => void;
  /** The child's answer, now that somebody waits for it again. */
  readonly deliverKept: (modern: ModernCall) => void;
  /** serverInfo of the child, as JSON text. */
  readonly serverInfo: (modern: ModernCall) => string | undefined;
}

/** Questions that are asked together come within this time of each other … */
const TOGETHER_MS = 20;
/** … and a call waits for more of them no longer than this. */
const TOGETHER_MAX_MS = 100;
/** How long a cancelled call may still be the cause of a question. */
const CANCELLED_MS = 5_000;
const MAX_PARKED = 128;
const MAX_PARKED_PER_PRINCIPAL = 32;

export class ParkedCalls {
  readonly #options: ParkedCallsOptions;
  readonly #running = new PassingList<ModernCall>();
  readonly #parked = new Map<string, ModernCall>();
  /** Calls whose client has answered and that wait for their turn. */
  readonly #resuming = new Set<ModernCall>();
  /** Calls that were cancelled a moment ago, and until when they may still ask. */
  readonly #cancelled = new Map<ModernCall, number>();
  readonly #turns = new WeakMap<Upstream, Mutex>();

  constructor(options: ParkedCallsOptions) {
    this.#options = options;
  }

  get parkedCount(): number {
    return this.#parked.size;
  }

  /** Adds a call. @returns what resolves when its turn has come; undefined when it has at once */
  begin(modern: ModernCall): Promise<void> | undefined {
    const asks = canAsk(modern.asker.envelope.capabilities);
    if (this.#options.memory.interactive && asks)
      return this.#takeTurn(modern).then(() => this.#run(modern));
    this.#run(modern);
    return undefined;
  }

  #run(modern: ModernCall): void {
    if (modern.phase !== "starting") return;
    modern.phase = "running";
    this.#resuming.delete(modern);
    modern.runningAt = this.#running.add(modern);
  }

  #stopRunning(modern: ModernCall): void {
    if (modern.runningAt === undefined) return;
    this.#running.remove(modern.runningAt);
    modern.runningAt = undefined;
  }

  /** A request of a shared legacy child. True when it was taken or refused here. */
  ask(message: Message, upstream: Upstream): boolean {
    const candidates = this.#candidates(upstream);
    const [only] = candidates;
    const id = message.id ?? "null";
    const kind = inputKind(message.method, message.payload);
    if (kind === undefined) return false;
    // What the policy answers, or refuses, is nobody's question.
    if (kind === "roots" && this.#options.roots !== "forward") return false;
    if (only === undefined) return false;
    // From now on its interactive calls take turns, so that a question has one possible owner.
    this.#options.memory.markInteractive();
    if (only.phase === "done") {
      upstream.refuse(id, INTERNAL_ERROR, "The client has left");
      return true;
    }
    if (candidates.length > 1) {
      const text = "Several calls could have caused this request; ask again within one call";
      upstream.refuse(id, INTERNAL_ERROR, text);
      return true;
    }
    const needed = missingFor(kind, only.asker.envelope.capabilities, this.#options.roots);
    if (needed !== undefined) {
      if (needed !== "") only.missing.add(needed);
      const isUrl = kind === "elicitation-url" && only.asker.envelope.capabilities.elicitationForm;
      const code = isUrl ? INVALID_PARAMS : METHOD_NOT_FOUND;
      upstream.refuse(id, code, `The client did not declare what ${message.method} needs`);
      return true;
    }
    only.note(id, message.method, message.payload);
    // A call that waits already is asked it when its client comes back.
    if (only.phase === "running") this.#collect(only);
    return true;
  }

  /**
   * The calls that could have caused a question now: those that run, and those that go on in the
   * child behind their client's back, since it took a question back. A call that only waits causes
   * another one only where nobody else could have.
   */
  #candidates(upstream: Upstream): readonly ModernCall[] {
    const running = this.runningIn(upstream);
    const parked = [...this.#parked.values(), ...this.#resuming].filter(
      (one) => one.upstream === upstream && one.kept === undefined,
    );
    const going = new Set([
      ...running,
      ...parked.filter((one) => one.inputs.size === 0),
      ...this.#justCancelled(upstream),
    ]);
    return going.size > 0 ? [...going] : parked;
  }

  /** A child may not have heard yet that a call was cancelled, and still ask for it. */
  #justCancelled(upstream: Upstream): readonly ModernCall[] {
    const nowMs = this.#options.clock.nowMs();
    for (const [modern, untilMs] of this.#cancelled) {
      if (untilMs <= nowMs) this.#cancelled.delete(modern);
    }
    return [...this.#cancelled.keys()].filter((one) => one.upstream === upstream);
  }

  /** The child gave up on a question of its own. */
  withdraw(childId: string, upstream: Upstream): void {
    for (const modern of [...this.#running.values(), ...this.#parked.values(), ...this.#resuming]) {
      if (modern.upstream !== upstream) continue;
      for (const input of modern.inputs.values()) {
        if (input.childId === childId) modern.inputs.delete(input.key);
      }
    }
  }

  /** The running calls in a child, for whoever must attribute something else of it. */
  runningIn(upstream: Upstream): readonly ModernCall[] {
    return this.#running.values().filter((one) => one.upstream === upstream);
  }

  /** The call is over because nobody waits for it any more; its child may go on for a moment. */
  cancel(modern: ModernCall): void {
    const wasRunning = modern.phase === "running";
    this.end(modern);
    if (!wasRunning || this.#cancelled.size >= MAX_PARKED) return;
    this.#cancelled.set(modern, this.#options.clock.nowMs() + CANCELLED_MS);
  }

  /** The call is over. */
  end(modern: ModernCall): void {
    modern.phase = "done";
    modern.rest();
    modern.inputs.clear();
    this.#stopRunning(modern);
    this.#resuming.delete(modern);
    if (this.#parked.size > 0) this.#parked.delete(modern.id);
    modern.letGo();
  }

  /**
   * Goes on with a parked call, under the request that brings the answers. Each state works once.
   * @returns the call; undefined for a state that was never given for it, was used, or has expired
   */
  resume(
    state: string,
    binding: StateBinding,
    asker: Asker,
    responses: ReadonlyMap<string, Uint8Array>,
  ): ModernCall | undefined {
    const payload = this.#options.sealer.open(state);
    const modern = payload === undefined ? undefined : this.#parked.get(payload.id);
    if (payload === undefined || modern === undefined) return undefined;
    if (payload.kind !== "parked" || payload.round !== modern.round) return undefined;
    if (!isBoundTo(payload, binding)) return undefined;
    if (this.#parked.size > 0) this.#parked.delete(modern.id);
    modern.asker = asker;
    modern.phase = "starting";
    if (modern.kept !== undefined) {
      this.#options.deliverKept(modern);
      return modern;
    }
    this.#resuming.add(modern);
    this.#goOn(modern, responses).catch((error: unknown) => {
      this.#options.abandon(modern, String(error));
    });
    return modern;
  }

  /** Ends what waited too long for its client. */
  sweep(): void {
    const nowMs = this.#options.clock.wallMs();
    for (const modern of this.#parked.values()) {
      if (modern.expiresAtMs > nowMs) {
        reassure(modern, nowMs);
        continue;
      }
      for (const input of modern.inputs.values()) {
        if (inputKind(input.method, input.params) === "sampling") {
          modern.upstream.refuse(input.childId, -1, "The user did not answer in time");
        } else {
          modern.upstream.answer(input.childId, "result", CANCELLED);
        }
      }
      modern.inputs.clear();
      this.#options.abandon(modern, "The client did not come back with its answers");
    }
  }

  /** The client of a running call has left, or the call is over: what was to be asked is refused. */
  refuseInputs(modern: ModernCall, why = "The client has left"): void {
    for (const input of modern.inputs.values()) {
      modern.upstream.refuse(input.childId, INTERNAL_ERROR, why);
    }
    modern.inputs.clear();
  }

  async #goOn(modern: ModernCall, responses: ReadonlyMap<string, Uint8Array>): Promise<void> {
    // Its time counts while it waits for its turn, and anew from then on.
    modern.origin.handle?.resume();
    await this.begin(modern);
    if (modern.phase !== "running") return;
    modern.origin.handle?.resume();
    const { answers, unanswered } = sortAnswers([...modern.inputs.values()], responses);
    for (const { request, result } of answers) {
      const input = modern.inputs.get(request.key);
      modern.inputs.delete(request.key);
      if (input !== undefined) modern.upstream.answer(input.childId, "result", result);
    }
    if (unanswered.length > 0) this.#collect(modern);
  }

  async #takeTurn(modern: ModernCall): Promise<void> {
    const turns = this.#turns.get(modern.upstream) ?? new Mutex();
    this.#turns.set(modern.upstream, turns);
    await turns.acquire();
    if (modern.phase === "done") turns.release();
    else modern.endTurn = () => turns.release();
  }

  /** Waits a moment for questions that belong together. */
  #collect(modern: ModernCall): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    if (modern.timer === undefined) modern.firstQuestionMs = nowMs;
    modern.timer?.cancel();
    const left = Math.max(0, modern.firstQuestionMs + TOGETHER_MAX_MS - nowMs);
    modern.timer = clock.after(Math.min(TOGETHER_MS, left), () => this.#park(modern));
  }

  #park(modern: ModernCall): void {
    modern.timer = undefined;
    if (modern.phase !== "running" || modern.inputs.size === 0) return;
    const { principal } = modern.binding;
    const own = [...this.#parked.values()].filter((one) => one.binding.principal === principal);
    if (this.#parked.size >= MAX_PARKED || own.length >= MAX_PARKED_PER_PRINCIPAL) {
      this.#options.abandon(modern, "Too many pending questions; answer or let go of the others");
      return;
    }
    modern.rest();
    modern.phase = "parked";
    modern.round++;
    modern.reassuredAtMs = this.#options.clock.wallMs();
    modern.expiresAtMs = this.#options.clock.wallMs() + this.#options.ttlMs;
    this.#stopRunning(modern);
    this.#parked.set(modern.id, modern);
    modern.origin.handle?.park();
    const { round, expiresAtMs, id, binding } = modern;
    const state = this.#options.sealer.seal({ ...binding, kind: "parked", id, round, expiresAtMs });
    const info = this.#options.serverInfo(modern);
    this.#options.answer(modern, inputRequiredResult([...modern.inputs.values()], state, info));
  }
}

const CANCELLED = jsonBytes('{"action":"cancel"}');
