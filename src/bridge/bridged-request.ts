/**
 * How a request of a modern client is relayed to a legacy child: its params and answers in the words
 * of the other era, and what the child asks within it (protocol.md 3.4).
 */
import { restoreProgressToken, type ClientParams } from "../codec/client-params.ts";
import { upError } from "../codec/error-fields.ts";
import { fromModernParams } from "../codec/modern-params.ts";
import { upResult } from "../codec/result-fields.ts";
import type { Answer } from "../upstream/call.ts";
import { outgoingCall, type Message, type Outgoing } from "../wire/message.ts";
import type { ClientCall, Conversation } from "./conversation.ts";
import type { Asker, ModernCall } from "./modern-call.ts";
import { settleModern, type ModernContext } from "./modern-context.ts";
import type { Outcome, Payload, RelayContext } from "./relay-context.ts";
import { asTask, awaitTask } from "./task-run.ts";

/** What it needs of the room that it is relayed in. */
export interface BridgedPorts {
  readonly context: ModernContext;
  readonly serverInfo: (conversation: Conversation) => string | undefined;
  /** The child's answer to what an asker asked; false when it began no call that may be asked back. */
  readonly intercept: (asker: Asker, answer: Answer) => boolean;
  /** The call is over. */
  readonly end: (modern: ModernCall) => void;
}

/** One for each request: methods, since closures would be made for every call. */
export class BridgedRequest implements RelayContext {
  readonly server: ModernContext["server"];
  readonly tools: ModernContext["tools"];
  readonly lastLists: ModernContext["lastLists"];
  readonly maxJsonDepth: number;
  readonly emit: ModernContext["emit"];
  readonly learnList: ModernContext["learnList"];
  readonly #asker: Asker;
  readonly #ports: BridgedPorts;
  readonly #isTask: boolean;

  constructor(asker: Asker, ports: BridgedPorts) {
    const { server, tools, lastLists, maxJsonDepth, emit, learnList } = ports.context;
    this.server = server;
    this.tools = tools;
    this.lastLists = lastLists;
    this.maxJsonDepth = maxJsonDepth;
    this.emit = emit;
    this.learnList = learnList;
    this.#asker = asker;
    this.#ports = ports;
    const { conversation, call, envelope } = asker;
    const { upstream } = conversation.link;
    const { name } = envelope;
    this.#isTask =
      call.method === "tools/call" &&
      name !== undefined &&
      upstream !== undefined &&
      tools.runsAsTask(upstream, name);
  }

  readParams({ payload, plain }: Pick<Message, "payload" | "plain">): ClientParams | undefined {
    if (payload === undefined) return undefined;
    const params = fromModernParams(payload, this.maxJsonDepth, plain);
    return this.#isTask ? asTask(params) : params;
  }

  translate(call: ClientCall, answer: Payload): Payload {
    const { conversation, envelope } = this.#asker;
    if (answer.kind === "error") return upError(answer.payload, envelope.name);
    const serverInfo = this.#ports.serverInfo(conversation);
    return upResult(call.method, answer.payload, { serverInfo }, answer.plain);
  }

  intercept(call: ClientCall, answer: Answer): boolean {
    const { flow, link } = this.#asker.conversation;
    const { upstream } = link;
    if (this.#isTask && upstream !== undefined) {
      const take = (last: Answer): boolean => this.#ports.intercept(this.#asker, last);
      if (awaitTask(call, flow, answer, upstream, take)) return true;
    }
    return this.#ports.intercept(this.#asker, answer);
  }

  /** To whoever asks for the call's answer by now. */
  onProgress(_call: ClientCall, params: Uint8Array): void {
    const { modern } = this.#asker;
    const current = modern?.asker ?? this.#asker;
    const token = current.envelope.progressToken;
    if (token === undefined || modern?.phase === "parked") return;
    const restored = restoreProgressToken(params, token, this.maxJsonDepth);
    current.call.exchange.relate(outgoingCall(undefined, "notifications/progress", restored));
  }

  /** Also what is settled without a word of the child, such as a tool that is not offered. */
  settle(conversation: Conversation, call: ClientCall, answer: Outgoing, outcome: Outcome): void {
    const { modern } = this.#asker;
    if (modern !== undefined) this.#ports.end(modern);
    settleModern(
      this.#ports.context,
      { conversation, call },
      { answer, outcome, status: undefined },
    );
  }
}
