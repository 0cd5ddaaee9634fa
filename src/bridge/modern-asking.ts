/**
 * Calls of modern clients that a legacy child may ask something: begun, asked, taken up again,
 * answered or given up (protocol.md 3.4).
 *
 * Owns which request is which call. Which call a question belongs to is for `parked-calls.ts`.
 */
import { refusal, type Answer as Translated } from "../codec/error-fields.ts";
import { inputRequiredResult, urlRequests } from "../codec/input-required.ts";
import { isAccepted, readRetry, sortAnswers } from "../codec/input-responses.ts";
import type { Answer } from "../upstream/call.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { INVALID_PARAMS, MISSING_CLIENT_CAPABILITY } from "../wire/error-codes.ts";
import { MAX_DEPTH, memberNamed, objectMembers } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { outgoingAnswer, textError, type Outgoing } from "../wire/message.ts";
import type { ClientCall, Conversation } from "./conversation.ts";
import { failureAnswer } from "./exchange.ts";
import { ModernCall, type Asker } from "./modern-call.ts";
import type { ModernContext } from "./modern-context.ts";
import type { ModernRequest } from "./modern-request.ts";
import { ParkedCalls } from "./parked-calls.ts";
import { requiredCapabilities } from "./question-needs.ts";
import type { Outcome, RelayContext } from "./relay-context.ts";
import { deliver, relay } from "./relay.ts";
import { isBoundTo, type StateBinding } from "./request-state.ts";
import { bindingOf } from "./wrapped-state.ts";

/** What the calls need of the room that relays. */
export interface AskingPorts {
  readonly relayContext: (asker: Asker) => RelayContext;
  readonly serverInfo: (conversation: Conversation) => string | undefined;
  readonly settle: (
    conversation: Conversation,
    call: ClientCall,
    answer: Outgoing,
    outcome: Outcome,
    status?: number,
  ) => void;
}

/** An interactive call waits for its turn no longer than this. */
const TURN_MS = 30_000;

export class ModernAsking {
  readonly parked: ParkedCalls;
  readonly #context: ModernContext;
  readonly #ports: AskingPorts;

  constructor(context: ModernContext, ports: AskingPorts) {
    this.#context = context;
    this.#ports = ports;
    const { server, sealer, clock, parkedTtlMs } = context;
    this.parked = new ParkedCalls({
      roots: server.roots,
      sealer,
      clock,
      memory: context.memory,
      ttlMs: parkedTtlMs,
      answer: (modern, result) => {
        const { conversation, call } = modern.asker;
        ports.settle(conversation, call, outgoingAnswer(call.id, "result", result), "result");
      },
      abandon: (modern, reason) => this.#abandon(modern, reason),
      deliverKept: (modern) => {
        if (modern.kept?.kind === "failed") this.#expire(modern);
        else if (modern.kept !== undefined) this.#finish(modern, modern.kept);
      },
      serverInfo: (modern) => ports.serverInfo(modern.asker.conversation),
    });
  }

  /** The child of a parked call is gone, and the call with it: it cannot be taken up again. */
  #expire(modern: ModernCall): void {
    const { conversation, call } = modern.asker;
    this.parked.end(modern);
    const text = "The call that this answers has ended with its server; start again";
    this.#settle(conversation, call, textError(call.id, INVALID_PARAMS, text), "error");
  }

  /** Takes a request that may be asked something: a new call, or the answers of one that waits. */
  take(request: ModernRequest, asker: Asker, upstream: Upstream): void {
    const { conversation, call } = asker;
    const retry = readRetry(request.message.payload, request.message.plain);
    if (!retry.ok) {
      const { code, message: text } = retry.error;
      this.#settle(conversation, call, textError(call.id, code, text), "error");
      return;
    }
    const { requestState, responses } = retry.value;
    if (requestState === undefined) return this.#call(request, asker, upstream);
    this.#retry(request, asker, upstream, { requestState, responses });
  }

  /** True for the retry of a call that waits in a legacy child, in whichever era others go by now. */
  goesOn({ message }: ModernRequest): boolean {
    if (this.parked.parkedCount === 0) return false;
    const retry = readRetry(message.payload);
    if (!retry.ok || retry.value.requestState === undefined) return false;
    return this.#context.sealer.open(retry.value.requestState)?.kind === "parked";
  }

  /** The child's answer to a request; false when it began no call of this kind. */
  intercept({ modern }: Asker, answer: Answer): boolean {
    if (modern === undefined) return false;
    this.#finish(modern, answer);
    return true;
  }

  /** The client of a request has left: its call is cancelled. False when there is none. */
  leave({ modern }: Asker): boolean {
    if (modern === undefined) return false;
    this.parked.refuseInputs(modern);
    this.parked.cancel(modern);
    modern.origin.handle?.cancel("The client has left");
    return true;
  }

  #retry(
    request: ModernRequest,
    asker: Asker,
    upstream: Upstream,
    retry: { readonly requestState: string; readonly responses: ReadonlyMap<string, Uint8Array> },
  ): void {
    const { conversation, call } = asker;
    const binding = bindingOf(request, this.#context);
    const state = this.#context.sealer.open(retry.requestState);
    if (state?.kind === "url" && isBoundTo(state, binding)) {
      const pages = this.#context.pagesOf(state.inner);
      const { answers, unanswered } = sortAnswers(pages, retry.responses);
      // The pages of a round belong together: with one answer missing, all are asked for again.
      if (unanswered.length > 0) return this.#askPages(asker, binding, state.inner ?? '""');
      const isDone = answers.every((one) => isAccepted(one.result));
      if (isDone) return this.#call(request, asker, upstream);
      const refused = refusal(call.method, "The user did not open the page that it needs");
      deliver(conversation, call, refused, this.#ports.relayContext(asker));
      return;
    }
    const { requestState, responses } = retry;
    const modern = this.parked.resume(requestState, binding, asker, responses);
    if (modern !== undefined) {
      asker.modern = modern;
      return;
    }
    const text =
      "requestState is unknown, used, expired or was given for another call; start again";
    this.#settle(conversation, call, textError(call.id, INVALID_PARAMS, text), "error");
  }

  /** A call that may be asked something before it is answered. */
  #call(request: ModernRequest, asker: Asker, upstream: Upstream): void {
    const { conversation, call } = asker;
    const bind = (): StateBinding => bindingOf(request, this.#context);
    const modern = new ModernCall({ newId: this.#context.randomId, bind, upstream, asker });
    asker.modern = modern;
    const { group } = conversation;
    if (group !== undefined) {
      group.users++;
      modern.release = () => void group.users--;
    }
    const go = (): void => {
      if (modern.phase !== "running") return;
      relay(conversation, call, request.message, upstream, this.#ports.relayContext(asker));
    };
    const turn = this.parked.begin(modern);
    if (turn === undefined) return go();
    const late = this.#context.clock.after(TURN_MS, () => {
      if (modern.phase === "starting") this.#abandon(modern, "Other calls wait for their users");
    });
    turn.then(
      () => {
        late.cancel();
        go();
      },
      (error: unknown) => this.#abandon(modern, String(error)),
    );
  }

  /** The last answer of a call, to whoever asks for it now; kept while nobody does. */
  #finish(modern: ModernCall, answer: Answer): void {
    if (modern.phase === "done") return;
    if (modern.phase === "parked") {
      modern.kept = answer;
      return;
    }
    const { conversation, call, envelope } = modern.asker;
    // The child has answered without them.
    this.parked.refuseInputs(modern, "The call is over");
    const pages = answer.kind === "error" ? urlRequests(answer.payload) : undefined;
    this.parked.end(modern);
    if (answer.kind === "failed") {
      this.#settle(conversation, call, failureAnswer(call.id, answer.error), "failed");
    } else if (modern.missing.size > 0 && isFailure(answer)) {
      this.#refuseFor(modern.missing, conversation, call);
    } else if (pages !== undefined && answer.kind === "error") {
      if (!envelope.capabilities.elicitationUrl) {
        this.#refuseFor(new Set(["elicitation-url"]), conversation, call);
        return;
      }
      const inner = JSON.stringify(textOf(answer.payload));
      this.#askPages(modern.asker, modern.binding, inner);
    } else {
      deliver(conversation, call, answer, this.#ports.relayContext(modern.asker));
    }
  }

  /** Asks for pages that must be visited before the call is made again; nothing waits meanwhile. */
  #askPages({ conversation, call }: Asker, binding: StateBinding, inner: string): void {
    const { clock, parkedTtlMs, randomId, sealer, pagesOf } = this.#context;
    const expiresAtMs = clock.wallMs() + parkedTtlMs;
    const facts = { kind: "url" as const, id: randomId(), round: 1, expiresAtMs, inner };
    let state: string;
    try {
      state = sealer.seal({ ...binding, ...facts });
    } catch (error) {
      // More pages than a state can carry.
      this.#settle(conversation, call, failureAnswer(call.id, error), "failed");
      return;
    }
    const info = this.#ports.serverInfo(conversation);
    const result = inputRequiredResult(pagesOf(inner), state, info);
    this.#settle(conversation, call, outgoingAnswer(call.id, "result", result), "result");
  }

  #refuseFor(missing: ReadonlySet<string>, conversation: Conversation, call: ClientCall): void {
    const data = { requiredCapabilities: requiredCapabilities(missing) };
    const text = "Missing required client capability";
    const error = textError(call.id, MISSING_CLIENT_CAPABILITY, text, data);
    this.#settle(conversation, call, error, "error", 400);
  }

  #abandon(modern: ModernCall, reason: string): void {
    const { conversation, call } = modern.asker;
    this.parked.refuseInputs(modern);
    this.parked.cancel(modern);
    modern.origin.handle?.cancel(reason);
    const error = this.#context.overloaded(reason);
    this.#settle(conversation, call, failureAnswer(call.id, error), "failed", 503);
  }

  #settle(
    conversation: Conversation,
    call: ClientCall,
    answer: Outgoing,
    outcome: Outcome,
    status?: number,
  ): void {
    this.#ports.settle(conversation, call, answer, outcome, status);
  }
}

function isFailure(answer: Translated): boolean {
  if (answer.kind === "error") return true;
  const members = objectMembers(answer.payload, 0, MAX_DEPTH) ?? [];
  const flag = memberNamed(members, "isError");
  return flag !== undefined && textOf(answer.payload, flag.start, flag.end) === "true";
}
