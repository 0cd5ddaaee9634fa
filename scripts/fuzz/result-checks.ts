/**
 * What must hold for results and errors on their way between the eras: what only one era knows is
 * put on or taken off, everything else comes out with its value.
 */
import { type Answer, downError, upError } from "../../src/codec/error-fields.ts";
import { downResult, upResult } from "../../src/codec/result-fields.ts";
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
import { META } from "./messages.ts";
import { anyResult, bytesOf, INFO, METHODS, read, text } from "./payloads.ts";
import type { Check } from "./rounds.ts";

/** The checks of this file. */
export const resultChecks: readonly Check[] = [
  { name: "a legacy result reaches a modern client", run: resultUp },
  { name: "a modern result reaches a legacy client", run: resultDown },
  { name: "a list of legacy tools reaches a modern client", run: toolsUp },
  { name: "a list of modern tools reaches a legacy client", run: toolsDown },
  { name: "a legacy result is the same after both ways", run: resultUpAndDown },
  { name: "a legacy error reaches a modern client", run: errorUp },
  { name: "a modern error reaches a legacy client", run: errorDown },
];

function resultUp(chance: Chance): void {
  const method = chance.of(METHODS.filter((one) => one !== "tools/list"));
  const result = anyResult(chance);
  const given = valueOf(result);
  const answer = upResult(method, result, { serverInfo: INFO });
  const value = read(answer.payload, result);
  const about = `${method} ${shown(text(result))}`;
  if (!isObject(given)) return expectFailed(answer, about);
  expectSame(answer.kind, "result", about);
  const meta = membersOf(given["_meta"]);
  const info = { [`${META}serverInfo`]: JSON.parse(INFO) as Members, ...meta };
  const isCacheable = ["resources/read", "resources/list"].includes(method);
  const { ttlMs, cacheScope } = membersOf(value);
  const wanted = { ...given, resultType: "complete", _meta: info };
  expectSame(value, isCacheable ? { ...wanted, ttlMs, cacheScope } : wanted, about);
  if (!isCacheable) return;
  expectTrue(Number.isSafeInteger(ttlMs) && Number(ttlMs) >= 0, `ttlMs of ${about}`);
  expectTrue(cacheScope === "public" || cacheScope === "private", `cacheScope of ${about}`);
}

/** What a modern result loses on its way to a legacy client. */
function lessened(result: Members): Members {
  const isModern = (key: string): boolean => ["resultType", "ttlMs", "cacheScope"].includes(key);
  const kept = without(result, isModern);
  const meta = kept["_meta"];
  if (!isObject(meta)) return kept;
  const isGone = (key: string): boolean =>
    [`${META}serverInfo`, `${META}subscriptionId`].includes(key);
  const left = without(meta, isGone);
  const isEmptied = Object.keys(meta).length > 0 && Object.keys(left).length === 0;
  return isEmptied ? without(kept, (key) => key === "_meta") : { ...kept, _meta: left };
}

function resultDown(chance: Chance): void {
  const method = chance.of(METHODS.filter((one) => one !== "tools/list"));
  const result = anyResult(chance);
  const given = valueOf(result);
  const isWrapped = chance.hit(0.3);
  const wrappedTools = new Set(isWrapped ? ["t"] : []);
  const answer = downResult(method, result, { wrappedTools, tool: "t" });
  const value = read(answer.payload, result);
  const about = `${method} ${shown(text(result))}`;
  if (!isObject(given) || ("resultType" in given && given["resultType"] !== "complete")) {
    return expectFailed(answer, about);
  }
  const expected = lessened(given);
  const content = expected["structuredContent"];
  const wraps =
    method === "tools/call" && "structuredContent" in expected && (isWrapped || !isObject(content));
  const wanted = wraps ? { ...expected, structuredContent: { result: content } } : expected;
  expectSame({ kind: answer.kind, value }, { kind: "result", value: wanted }, about);
}

function resultUpAndDown(chance: Chance): void {
  const result = anyResult(chance);
  const given = valueOf(result);
  if (!isObject(given)) return;
  const up = upResult("prompts/get", result, { serverInfo: INFO });
  const down = downResult("prompts/get", up.payload, { wrappedTools: new Set() });
  const value = membersOf(read(down.payload, result));
  const about = shown(text(result));
  // A `_meta` that is no object says nothing, and gives way to the server's name.
  const isAlike = (key: string): boolean => key === "_meta";
  expectSame(without(value, isAlike), without(lessened(given), isAlike), about);
}

/** A list of tools: its bytes and its tools as values. */
function anyTools(chance: Chance): { readonly result: Uint8Array; readonly tools: Members[] } {
  const texts = Array.from({ length: chance.below(5) }, () => {
    const keys = ["execution", "inputSchema", "outputSchema", "annotations"];
    const schema = chance.objectWith(["type", "$ref", "$id", "properties", "$schema"]);
    return chance.object([
      ["name", chance.string()],
      ["outputSchema", chance.of([schema, '{"type":"object"}', "true", '{"type":"array"}'])],
      ["inputSchema", chance.of([schema, "{}"])],
      ...chance.some(keys, 0.3).map((key): MemberText => [key, chance.json(2)]),
    ]);
  });
  const result = anyResult(chance, [
    ["tools", `[${texts.join(",")}]`],
    ["resultType", '"complete"'],
  ]);
  return { result, tools: membersOf(valueOf(result))["tools"] as Members[] };
}

function toolsUp(chance: Chance): void {
  const { result, tools } = anyTools(chance);
  const { payload } = upResult("tools/list", result, { serverInfo: INFO });
  const value = membersOf(read(payload, result));
  const wanted = tools.map((tool) => {
    const kept = without(tool, (key) => key === "execution");
    const schema = kept["inputSchema"];
    if (!isObject(schema) || "type" in schema) return kept;
    return { ...kept, inputSchema: { ...schema, type: "object" } };
  });
  expectSame(value["tools"], wanted, shown(text(result)));
}

function toolsDown(chance: Chance): void {
  const { result, tools } = anyTools(chance);
  const wrappedTools = new Set<string>();
  const { payload } = downResult("tools/list", result, { wrappedTools });
  const value = membersOf(read(payload, result));
  const about = shown(text(result));
  const given = value["tools"] as Members[];
  expectSame(given.length, tools.length, about);
  const isSchema = (key: string): boolean => key === "outputSchema";
  for (const [index, tool] of given.entries()) {
    const before = tools[index] ?? {};
    expectSame(without(tool, isSchema), without(before, isSchema), about);
    const schema = before["outputSchema"];
    if (!isObject(schema) && typeof schema !== "boolean") continue;
    expectSame(membersOf(tool["outputSchema"])["type"], "object", about);
  }
}

function expectFailed({ kind, payload }: Answer, about: string): void {
  expectSame([kind, membersOf(valueOf(payload))["code"]], ["error", -32603], about);
}

function anyError(chance: Chance): Uint8Array {
  if (chance.hit(0.05)) return bytesOf(chance.json(1).trim());
  const codes = "-32002 -32042 -32020 -32021 -32022 -32099 -32100 -32602 -3.2602e4 1.5".split(" ");
  const keys = ["uri", "elicitations", "requiredCapabilities"];
  const members = chance.some<MemberText>(
    [
      ["code", chance.hit(0.9) ? chance.of(codes) : chance.json(1)],
      ["message", chance.hit(0.9) ? chance.string() : chance.json(1)],
      ["data", chance.objectWith(keys)],
    ],
    0.85,
  );
  return bytesOf(chance.object([...members, ["x-unknown", "1.50"]]));
}

function errorUp(chance: Chance): void {
  const error = anyError(chance);
  const answer = upError(error, chance.of([undefined, "a://b"]));
  const value = membersOf(read(answer.payload, error));
  const about = `${shown(text(error))} became ${shown(value)}`;
  const code = value["code"];
  expectSame(answer.kind, "error", about);
  expectTrue(Number.isInteger(code), about);
  // Nothing that only the modern specification gives a meaning comes from a legacy child.
  expectTrue(code !== -32002 && !(Number(code) >= -32099 && Number(code) <= -32020), about);
  if (code === -32603 && membersOf(valueOf(error))["code"] !== -32603) {
    expectSame(membersOf(value["data"])["original"], valueOf(error), about);
  }
}

function errorDown(chance: Chance): void {
  const error = anyError(chance);
  const answer = downError(chance.of(METHODS), error);
  const value = membersOf(read(answer.payload, error));
  const about = `${shown(text(error))} became ${shown(value)}`;
  if (answer.kind === "result") return expectSame(value["isError"], true, about);
  const code = Number(value["code"]);
  expectTrue(![-32020, -32021, -32022].includes(code), about);
}
