/**
 * Whether one POST had the outcome that it must have: each request in it one answer under its own id,
 * what is wrong one refusal under the id that could be read, everything else an empty 202.
 */
import type { Message, RawResponse } from "../../test/helpers/raw-http.ts";
import {
  depthOf,
  type Expected,
  expectedOf,
  expectSame,
  expectTrue,
  NO_JSON,
  shown,
  valueOf,
} from "./expected.ts";

/** The cap of the gateway that is run. */
const MAX_DEPTH = 200;

/** A POST, and what is known of others that bears on it. */
export interface Sent {
  readonly bytes: Uint8Array;
  /** JSON text of the id of a sound request. */
  readonly id: string | undefined;
  /** Ids, by `idKeyOf`, that a notification of cancellation has named: there may be no answer. */
  readonly cancelled: ReadonlySet<string>;
}

/** The type and the value of an id, as a key. */
export function idKeyOf(id: unknown): string {
  return `${typeof id} ${String(id)}`;
}

/** The messages of a body by the second opinion; undefined for what is no JSON. */
export function messagesIn(bytes: Uint8Array): readonly Expected[] | undefined {
  const value = valueOf(bytes);
  if (value === NO_JSON) return undefined;
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map(expectedOf);
}

/** Ids that the messages cancel. */
export function cancelledBy(messages: readonly Expected[]): string[] {
  return messages
    .filter(({ method }) => method === "notifications/cancelled")
    .map(({ params }) => idKeyOf(params?.["requestId"]));
}

/** @throws Error that says what is wrong with the outcome of a POST */
export function judge({ bytes, id, cancelled }: Sent, response: RawResponse): void {
  const { status, text } = response;
  const answers = response.messages.filter(({ method }) => method === undefined);
  expectTrue(status === 503 || status < 500, "a fault of the gateway");
  expectTrue(status === 200 || status === 202 || status >= 400, "an odd status");
  for (const answer of answers) expectAnswer(answer);
  if (status === 202) expectSame(text, "", "the body of a 202");
  const messages = messagesIn(bytes);
  if (messages === undefined) {
    expectTrue(status === 400 || status === 415, "no JSON, and not refused as such");
    expectSame(answers.length, 1, "answers to what is no JSON");
    return;
  }
  const requests = messages.filter(({ kind }) => kind === "request");
  const isBatch = Array.isArray(valueOf(bytes));
  if (isBatch && status >= 400) return judgeRefusal(messages, answers);
  if (isBatch || requests.length > 0) judgeRequests({ requests, answers, status, cancelled });
  else judgeOther(messages[0], answers, response);
  const isCancelled = id !== undefined && cancelled.has(idKeyOf(JSON.parse(id)));
  if (id === undefined || status === 415 || isCancelled) return;
  expectTrue(text.includes(`"id":${id}`), `the id is not spelt ${id}`);

  function judgeOther(
    message: Expected | undefined,
    given: readonly Message[],
    { status: code }: RawResponse,
  ): void {
    const isSound = message !== undefined && message.kind !== "invalid";
    expectTrue(code === 202 ? isSound : code >= 400, "neither taken nor refused");
    if (code === 202) return expectSame(given.length, 0, "answers to no request");
    judgeRefusal(messages ?? [], given, code === 415);
  }

  function judgeRefusal(
    refused: readonly Expected[],
    given: readonly Message[],
    mayLackId = isBatch || depthOf(valueOf(bytes)) >= MAX_DEPTH,
  ): void {
    expectSame(given.length, 1, "answers to what is refused");
    const name = given[0]?.id ?? undefined;
    const known = refused.map((one) => one.id);
    expectTrue(name === undefined ? mayLackId || known[0] === undefined : known.includes(name), ID);
    expectTrue(given[0]?.error !== undefined, "a refusal that is no error");
  }
}

const ID = "the id of the answer is not that of the request";

interface Asked {
  readonly requests: readonly Expected[];
  readonly answers: readonly Message[];
  readonly status: number;
  readonly cancelled: ReadonlySet<string>;
}

function judgeRequests({ requests, answers, status, cancelled }: Asked): void {
  if (status === 415) return expectSame(answers.length, 1, "answers");
  const owed = new Map<string, number>();
  for (const { id } of requests) owed.set(idKeyOf(id), (owed.get(idKeyOf(id)) ?? 0) + 1);
  for (const { id } of answers) {
    const left = (owed.get(idKeyOf(id)) ?? 0) - 1;
    expectTrue(left >= 0, ID);
    owed.set(idKeyOf(id), left);
  }
  const missing = [...owed].filter(([key, left]) => left > 0 && !cancelled.has(key));
  expectTrue(missing.length === 0, `no answer for ${shown(missing.map(([key]) => key))}`);
}

function expectAnswer(answer: Message): void {
  const isResult = answer.result !== undefined;
  expectTrue(answer.jsonrpc === "2.0", "an answer that is no JSON-RPC");
  expectTrue(isResult !== (answer.error !== undefined), `no one outcome: ${shown(answer)}`);
}
