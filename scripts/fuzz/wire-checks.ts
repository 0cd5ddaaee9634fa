/**
 * What must hold for the bytes of any message: it is read as the plain JSON parser would have it, no
 * id is lost, it is sorted into exactly one era, and lines come out of chunks as they went in.
 */
import { classifyMessage } from "../../src/codec/classify.ts";
import { readModernRequest } from "../../src/codec/modern-request.ts";
import { decodeHeaderValue, encodeHeaderValue } from "../../src/codec/standard-headers.ts";
import { textOf } from "../../src/wire/key-text.ts";
import {
  encodeOutgoing,
  isJson,
  type Message,
  outgoingAnswer,
  outgoingCall,
  parseMessage,
} from "../../src/wire/message.ts";
import { LineSplitter } from "../../src/wire/ndjson.ts";
import { isLegacy, namesModernEra } from "../../src/wire/revision.ts";
import type { Chance } from "./chance.ts";
import type { Check } from "./rounds.ts";
import {
  claimsModern,
  depthOf,
  expectedOf,
  expectSame,
  expectTrue,
  isObject,
  NO_JSON,
  shown,
  valueOf,
} from "./expected.ts";
import { draft, type Draft, LEGACY, META, MODERN, modernMessage } from "./messages.ts";
import type { Memory } from "./params.ts";

const MAX_DEPTH = 30;
const NOTHING_KNOWN: Memory = { states: [] };

/** The checks of this file. */
export const wireChecks: readonly Check[] = [
  { name: "parseMessage reads what the JSON parser reads", run: reads },
  { name: "a message that is written again is the same message", run: isWrittenAgain },
  { name: "classifyMessage sorts every message into one era", run: isClassified },
  { name: "readModernRequest judges every message once", run: isJudged },
  { name: "readModernRequest takes a sound request as it is", run: isTaken },
  { name: "LineSplitter gives the lines that went in", run: splits },
  { name: "header values come out as they went in", run: repeatsHeaders },
];

/** A message and a text for whoever looks at a failure. */
function messageIn(drafted: Draft): Message | undefined {
  const parsed = parseMessage(drafted.bytes, 200);
  return "message" in parsed && isJson(drafted.bytes) ? parsed.message : undefined;
}

function anyDraft(chance: Chance): Draft {
  if (chance.hit(0.9)) return draft(chance, chance.below(1000), NOTHING_KNOWN);
  const deep = chance.below(2 * MAX_DEPTH);
  const text = chance.hit(0.5)
    ? `{"id":1,"method":"a","jsonrpc":"2.0","params":${'{"a":'.repeat(deep)}1${"}".repeat(deep)}}`
    : chance.json(4);
  const bytes = new TextEncoder().encode(text);
  return { bytes, era: "legacy", headers: {}, isSound: false, id: undefined };
}

function reads(chance: Chance): void {
  const { bytes, id: sent } = anyDraft(chance);
  const before = textOf(bytes);
  const value = valueOf(bytes);
  const parsed = parseMessage(bytes, MAX_DEPTH);
  const about = shown(before);
  expectSame(textOf(bytes), before, "the bytes themselves");
  if (value === NO_JSON) {
    // Inside strings only the structure is checked; whoever takes a message asks the JSON parser too.
    expectTrue("fault" in parsed || !isJson(bytes), `taken although it is no JSON: ${about}`);
    return;
  }
  if (depthOf(value) > MAX_DEPTH) {
    expectTrue("fault" in parsed, `taken although it is too deep: ${about}`);
    return;
  }
  const expected = expectedOf(value);
  if ("fault" in parsed) {
    const { id } = parsed.fault;
    expectSame(expected.kind, "invalid", `refused with ${shown(parsed.fault)}: ${about}`);
    expectSame(parsed.fault.code, -32600, `code of ${about}`);
    expectSame(id === undefined ? undefined : JSON.parse(id), expected.id, `id of ${about}`);
    return;
  }
  const { kind, id, method, payload } = parsed.message;
  const isAnswer = kind === "result" || kind === "error";
  expectSame(isAnswer ? "answer" : kind, expected.kind, `kind of ${about}`);
  expectSame(id === undefined ? undefined : JSON.parse(id), expected.id, `id of ${about}`);
  if (sent !== undefined) expectSame(id, sent, `id in its own spelling of ${about}`);
  if (isAnswer) {
    const members = isObject(value) ? value : {};
    expectSame(payload && valueOf(payload), members[kind], `payload of ${about}`);
  } else {
    expectSame(method, expected.method, `method of ${about}`);
    expectSame(payload && valueOf(payload), expected.params, `params of ${about}`);
  }
}

function isWrittenAgain(chance: Chance): void {
  const message = messageIn(anyDraft(chance));
  if (message === undefined) return;
  const { kind, id, method, payload } = message;
  const isCall = kind === "request" || kind === "notification";
  if (!isCall && (id === undefined || payload === undefined)) return;
  const written = encodeOutgoing(
    isCall
      ? outgoingCall(id, method, payload)
      : outgoingAnswer(id ?? "0", kind, payload ?? new Uint8Array()),
  );
  const again = parseMessage(written, 200);
  expectTrue("message" in again, `not read again: ${shown(textOf(written))}`);
  const flat = ({ payload: bytes, ...rest }: Message): object => ({
    ...rest,
    payload: bytes === undefined ? undefined : textOf(bytes),
  });
  expectSame(flat(again.message), flat(message), shown(textOf(written)));
}

function isClassified(chance: Chance): void {
  const drafted = anyDraft(chance);
  const message = messageIn(drafted);
  if (message === undefined) return;
  const expected = expectedOf(valueOf(drafted.bytes));
  const header = chance.of([null, null, ...LEGACY, MODERN, "2027-01-01", "1999-01-01", "x", ""]);
  const route = classifyMessage(message, header);
  const isModern = claimsModern(expected) || (header !== null && namesModernEra(header));
  const isKnown = header === null || isLegacy(header);
  const legacy = expected.method === "initialize" && message.kind === "request";
  const wanted = isModern ? "modern" : legacy ? "initialize" : isKnown ? "legacy" : "rejected";
  expectSame(route.kind, wanted, `${header} with ${shown(textOf(drafted.bytes))}`);
}

function isJudged(chance: Chance): void {
  const drafted = anyDraft(chance);
  const message = messageIn(drafted);
  if (message === undefined) return;
  const headers = {
    version: drafted.headers["mcp-protocol-version"] ?? null,
    method: drafted.headers["mcp-method"] ?? null,
    name: drafted.headers["mcp-name"] ?? null,
  };
  const route = readModernRequest(message, headers, chance.of(["refuse", "pass"]));
  const about = `${shown(headers)} ${shown(textOf(drafted.bytes))} → ${shown(route)}`;
  switch (route.kind) {
    case "rejected":
      expectTrue([400, 404].includes(route.rejection.status), about);
      return;
    case "answered":
      expectTrue(message.kind === "request" && route.rejection.status === 200, about);
      return;
    case "accepted":
      expectTrue(message.kind !== "request", about);
      return;
    case "request": {
      const meta = membersOfMeta(drafted);
      expectTrue(message.kind === "request", about);
      expectSame(meta[`${META}protocolVersion`], MODERN, about);
      expectSame(
        [headers.version?.trim(), headers.method?.trim()],
        [MODERN, message.method],
        about,
      );
      const { capabilities, progressToken } = route.envelope;
      const declared: unknown = JSON.parse(capabilities.declared);
      expectSame(declared, meta[`${META}clientCapabilities`], about);
      const token = meta["progressToken"] ?? undefined;
      expectSame(progressToken === undefined ? undefined : JSON.parse(progressToken), token, about);
    }
  }
}

function membersOfMeta(drafted: Draft): Record<string, unknown> {
  const meta = expectedOf(valueOf(drafted.bytes)).params?.["_meta"];
  return isObject(meta) ? meta : {};
}

function isTaken(chance: Chance): void {
  const drafted = modernMessage(chance, chance.below(1000), NOTHING_KNOWN);
  const { isSound, id, headers, bytes } = drafted;
  const message = messageIn(drafted);
  if (!isSound || id === undefined) return;
  expectTrue(message !== undefined, `not read: ${shown(textOf(bytes))}`);
  expectSame(message.id, id, `id of ${shown(textOf(bytes))}`);
  const version = headers["mcp-protocol-version"] ?? null;
  const method = headers["mcp-method"] ?? null;
  const route = readModernRequest(message, { version, method, name: headers["mcp-name"] ?? null });
  const isUnknown = ["ping", "nobody/knows"].includes(message.method);
  const isLoud = membersOfMeta(drafted)[`${META}logLevel`] === "loud";
  const wanted = isUnknown ? "rejected" : isLoud ? "answered" : "request";
  expectSame(route.kind, wanted, `${shown(route)} for ${shown(textOf(bytes))}`);
}

function splits(chance: Chance): void {
  const maxBytes = chance.of([10, 200, 9000, 1_000_000]);
  const sent = Array.from({ length: chance.below(12) }, () => anyLine(chance));
  const isOpen = chance.hit(0.3);
  const bytes = joined(
    sent.flatMap((line, at) => (isOpen && at === sent.length - 1 ? [line] : [line, BREAK])),
  );
  const seen: (string | number)[] = [];
  const splitter = new LineSplitter(maxBytes, {
    line: (line) => seen.push(latin1(line)),
    tooLong: (head, tail, size) => {
      seen.push(size, latin1(head), latin1(tail));
    },
  });
  for (let at = 0; at < bytes.length;) {
    const to = at + 1 + chance.below(chance.of([1, 5, 400, 20_000]));
    splitter.push(bytes.slice(at, to));
    at = to;
  }
  splitter.end();
  const wanted = sent.flatMap((line): (string | number)[] => {
    const text = latin1(line);
    if (line.length > maxBytes) return [line.length, text.slice(0, 4096), text.slice(-4096)];
    const bare = text.endsWith("\r") ? text.slice(0, -1) : text;
    return bare === "" ? [] : [bare];
  });
  expectSame(seen, wanted, `lines of at most ${maxBytes} bytes`);
}

const BREAK = Uint8Array.of(0x0a);

/** Bytes without a line break, some with a carriage return at their end. */
function anyLine(chance: Chance): Uint8Array {
  const many = chance.hit(0.05) ? 1000 : 1;
  const { bytes } = anyDraft(chance);
  const bare = joined(Array.from({ length: many }, () => bytes)).filter((byte) => byte !== 0x0a);
  return chance.hit(0.2) ? joined([bare, Uint8Array.of(0x0d)]) : bare;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function repeatsHeaders(chance: Chance): void {
  const text = String(JSON.parse(chance.string())) + chance.of(["", " ", "?=", "=?base64?"]);
  const value = encodeHeaderValue(text);
  expectTrue(/^[\x20-\x7e]*$/.test(value), `no header value: ${shown(value)}`);
  expectSame(decodeHeaderValue(value), text, `by way of ${shown(value)}`);
}
