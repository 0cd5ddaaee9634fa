/**
 * Params and results in bytes, with members that mean something to one era or the other and members
 * that nobody knows, and how to look into what was made of them.
 */
import type { Chance, MemberText } from "./chance.ts";
import { expectTrue, NO_JSON, shown, valueOf } from "./expected.ts";
import { META } from "./messages.ts";

/** Name and version of a server, as JSON text. */
export const INFO = '{"name":"s","version":"1"}';

const PARAM_KEYS = ["name", "arguments", "task", "inputResponses", "requestState", "uri", "cursor"];
const META_KEYS = [
  ..."progressToken com.example/x".split(" "),
  ..."protocolVersion clientInfo serverInfo logLevel related-task subscriptionId more"
    .split(" ")
    .map((key) => META + key),
];
const RESULT_KEYS = [
  ..."resultType ttlMs cacheScope content structuredContent isError nextCursor tools".split(" "),
  ..."contents capabilities instructions serverInfo protocolVersion".split(" "),
];
/** Methods whose results are translated, each in a way of its own. */
export const METHODS = "tools/list tools/call resources/read resources/list prompts/get x/y".split(
  " ",
);

/** Params with members that mean something, in bytes. */
export function anyParams(chance: Chance): Uint8Array {
  const members = chance.some(PARAM_KEYS, 0.35).map((key): MemberText => {
    return [key, key === "name" && chance.hit(0.7) ? chance.string() : chance.json(2)];
  });
  const meta: MemberText[] = chance.hit(0.5) ? [["_meta", anyMeta(chance)]] : [];
  const all = [...members, ...meta, ["x-unknown", chance.json(2)] as const];
  return bytesOf(chance.object(chance.hit(0.5) ? all : all.toReversed()));
}

function anyMeta(chance: Chance): string {
  return chance.hit(0.9) ? chance.objectWith(META_KEYS, 1) : chance.json(1);
}

/** A result with members that mean something, in bytes; now and then of any type. */
export function anyResult(chance: Chance, more: readonly MemberText[] = []): Uint8Array {
  if (chance.hit(0.05) && more.length === 0) return bytesOf(chance.json(2).trim());
  const members = chance.some(RESULT_KEYS, 0.25).map((key): MemberText => {
    return [key, key === "resultType" ? chance.of(['"complete"', '"x"', "1"]) : chance.json(2)];
  });
  const meta: MemberText[] = chance.hit(0.4) ? [["_meta", anyMeta(chance)]] : [];
  const all: MemberText[] = [...members, ...meta, ["x-unknown", chance.json(1)], ...more];
  return bytesOf(chance.object(all));
}

/** Bytes of a JSON text. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The value of what a translation made. @throws Error when it is no JSON */
export function read(bytes: Uint8Array, from: Uint8Array): unknown {
  const value = valueOf(bytes);
  expectTrue(value !== NO_JSON, `${shown(text(from))} became no JSON: ${shown(text(bytes))}`);
  return value;
}

/** Bytes as text. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
