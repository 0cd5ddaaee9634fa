/**
 * What must hold for the questions of a server and their answers: each is asked once under its key,
 * each has an answer or has none, and what is put into a retry is what was given.
 */
import {
  type InputRequest,
  inputRequiredResult,
  readInputRequired,
} from "../../src/codec/input-required.ts";
import { readRetry, retryParams, sortAnswers } from "../../src/codec/input-responses.ts";
import {
  readListenFilter,
  stampSubscription,
  unstampSubscription,
} from "../../src/codec/listen.ts";
import type { Chance, MemberText } from "./chance.ts";
import {
  expectSame,
  expectTrue,
  isObject,
  type Members,
  membersOf,
  shown,
  valueOf,
  without,
} from "./expected.ts";
import { idText, META } from "./messages.ts";
import { responsesText } from "./params.ts";
import { anyParams, anyResult, bytesOf, read, text } from "./payloads.ts";
import type { Check } from "./rounds.ts";

/** The checks of this file. */
export const questionChecks: readonly Check[] = [
  { name: "questions of a legacy child can be read by a modern client", run: asks },
  { name: "questions of a modern child are read, or said to be wrong", run: readsQuestions },
  { name: "every question is answered or is not", run: sorts },
  { name: "a retry says what was answered", run: retries },
  { name: "the mark of a listen goes on and comes off", run: marks },
];

const KEYS = ["name", "visit", "i1", "i2", "", "ż", "a\\b", "elicitation/create"];
const ASKED = ["elicitation/create", "sampling/createMessage", "roots/list", "nobody/knows"];

function anyQuestions(chance: Chance): InputRequest[] {
  return chance.some(KEYS, 0.4).map((key) => ({
    key,
    method: chance.of(ASKED),
    params: chance.hit(0.7) ? bytesOf(chance.objectWith(["mode", "_meta", "message"])) : undefined,
  }));
}

function asks(chance: Chance): void {
  const asked = anyQuestions(chance);
  const state = String(JSON.parse(chance.string()));
  const info = chance.of([undefined, '{"name":"s","version":"1"}']);
  const result = inputRequiredResult(asked, state, info);
  const again = readInputRequired(result);
  const about = shown(text(result));
  expectTrue(again?.ok === true, `cannot be read: ${about}`);
  const flat = ({ key, method, params }: InputRequest): object => {
    const isGone = (name: string): boolean => ["_meta", "task", "elicitationId"].includes(name);
    const value = params === undefined ? undefined : membersOf(valueOf(params));
    return { key, method, params: value === undefined ? undefined : without(value, isGone) };
  };
  expectSame(again.value.requests.map(flat), asked.map(flat), about);
  expectSame(valueOf(again.value.requestState ?? bytesOf("null")), state, about);
}

function readsQuestions(chance: Chance): void {
  const odd = (): string => (chance.hit(0.1) ? chance.json(2) : '"elicitation/create"');
  const requests = chance.some(KEYS, 0.4).map((key): MemberText => {
    const params: MemberText[] = chance.hit(0.5) ? [["params", chance.json(2)]] : [];
    return [key, chance.hit(0.05) ? chance.json(1) : chance.object([["method", odd()], ...params])];
  });
  const members: MemberText[] = [
    ["resultType", chance.hit(0.9) ? '"input_required"' : chance.json(1)],
    ...chance.some<MemberText>([["inputRequests", chance.object(requests)]], 0.8),
    ...chance.some<MemberText>(
      [["requestState", chance.hit(0.9) ? chance.string() : chance.json(1)]],
      0.7,
    ),
  ];
  const result = bytesOf(chance.object(members));
  const value = membersOf(valueOf(result));
  const about = shown(text(result));
  const given = readInputRequired(result);
  if (value["resultType"] !== "input_required") return expectSame(given, undefined, about);
  const isFit = (one: unknown): boolean => {
    const { method, params } = membersOf(one);
    return typeof method === "string" && (params === undefined || isObject(params));
  };
  const { inputRequests: inputs, requestState: state } = value;
  const isSound =
    (inputs !== undefined || state !== undefined) &&
    (inputs === undefined || (isObject(inputs) && Object.values(inputs).every(isFit))) &&
    (state === undefined || typeof state === "string");
  expectSame(given?.ok, isSound, about);
  if (given?.ok !== true) return;
  const found = given.value.requests.map(({ key, method, params }) => {
    const read = params === undefined ? {} : { params: valueOf(params) };
    return [key, { method, ...read }] as const;
  });
  const asked = Object.entries(membersOf(inputs)).map(([key, one]) => {
    const { method, params } = membersOf(one);
    return [key, params === undefined ? { method } : { method, params }] as const;
  });
  expectSame(Object.fromEntries(found), Object.fromEntries(asked), about);
}

function anyRetry(chance: Chance): Uint8Array {
  const state: MemberText = ["requestState", chance.hit(0.9) ? chance.string() : chance.json(1)];
  const given = chance.hit(0.9) ? responsesText(chance) : chance.json(2);
  return bytesOf(chance.object(chance.some([state, ["inputResponses", given]], 0.8)));
}

function sorts(chance: Chance): void {
  const params = anyRetry(chance);
  const value = membersOf(valueOf(params));
  const retry = readRetry(params);
  const about = shown(text(params));
  const { requestState: state, inputResponses: given } = value;
  const isSound =
    (state === undefined || typeof state === "string") && (given === undefined || isObject(given));
  expectSame(retry.ok, isSound, about);
  if (!retry.ok) return;
  expectSame(retry.value.requestState, state, about);
  const asked = anyQuestions(chance);
  const { answers, unanswered } = sortAnswers(asked, retry.value.responses);
  const keys = [...answers.map(({ request }) => request.key), ...unanswered.map(({ key }) => key)];
  expectSame(keys.toSorted(), asked.map(({ key }) => key).toSorted(), about);
  for (const { request, result } of answers) {
    expectSame(valueOf(result), membersOf(given)[request.key], `${request.key} of ${about}`);
  }
}

function retries(chance: Chance): void {
  const bytes = anyParams(chance);
  const asked = anyQuestions(chance);
  const answers = asked.map((request) => ({ request, result: anyResult(chance) }));
  const state = chance.hit(0.5) ? bytesOf(chance.string()) : undefined;
  const first = { bytes, members: [], progressToken: undefined };
  const retry = retryParams(first, answers, state);
  const value = membersOf(read(retry.bytes, bytes));
  const isRetry = (key: string): boolean => key === "inputResponses" || key === "requestState";
  const about = shown(text(retry.bytes));
  expectSame(without(value, isRetry), without(membersOf(valueOf(bytes)), isRetry), about);
  expectSame(value["requestState"], state === undefined ? undefined : valueOf(state), about);
  const given = answers.map(({ request, result }): [string, unknown] => {
    const answer = valueOf(result);
    const keeps = request.method === "sampling/createMessage" || !isObject(answer);
    return [request.key, keeps ? answer : without(answer, (key) => key === "_meta")];
  });
  const wanted = answers.length === 0 ? undefined : Object.fromEntries(given);
  expectSame(value["inputResponses"], wanted, about);
}

function marks(chance: Chance): void {
  const params = bytesOf(chance.objectWith(["notifications", "uri", "_meta"]));
  const id = idText(chance, chance.below(1000));
  const stamped = stampSubscription(params, id);
  const value = membersOf(read(stamped, params));
  const about = shown(text(params));
  const key = `${META}subscriptionId`;
  expectSame(membersOf(value["_meta"])[key], JSON.parse(id), about);
  const back = unstampSubscription(stamped);
  expectSame(back.id, id, about);
  const plain = (one: Members): Members => without(one, (name) => name === "_meta");
  const given = membersOf(valueOf(params));
  expectSame(plain(membersOf(valueOf(back.params ?? params))), plain(given), about);
  const { ok } = readListenFilter(params);
  expectTrue(isObject(given["notifications"]) || !ok, about);
}
