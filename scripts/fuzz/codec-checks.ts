/**
 * What must hold for params and for descriptions of servers on their way between the eras: what only
 * one era knows is put on or taken off, everything else comes out with its value.
 * Expectations are worked out on parsed values, the translations work in the bytes.
 */
import {
  type ClientParams,
  readClientParams,
  toChildParams,
} from "../../src/codec/client-params.ts";
import { readDiscover, toDiscoverResult, toInitializeResult } from "../../src/codec/discover.ts";
import { fromModernParams, toModernParams } from "../../src/codec/modern-params.ts";
import { exposeToolList, readToolList } from "../../src/codec/tool-list.ts";
import { buildToolNameTable } from "../../src/codec/tool-names.ts";
import type { Chance } from "./chance.ts";
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
import { META, MODERN } from "./messages.ts";
import { anyParams, anyResult, INFO, read, text } from "./payloads.ts";
import { questionChecks } from "./question-checks.ts";
import { resultChecks } from "./result-checks.ts";
import type { Check } from "./rounds.ts";

const MAX_DEPTH = 200;
const OWN_TOKEN = '"gw:1"';

/** All checks of the codecs. */
export const codecChecks: readonly Check[] = [
  { name: "params of a legacy client reach a legacy child", run: legacyParams },
  { name: "params of a legacy client reach a modern child, and come back", run: wrapsParams },
  { name: "a server describes itself in both eras", run: discovers },
  { name: "every tool has one name in either direction", run: exposes },
  ...resultChecks,
  ...questionChecks,
];

function isReserved(key: string): boolean {
  return key.startsWith(META);
}

/** What is left of a legacy client's params. */
function cleaned(params: Members, dropTask: boolean): Members {
  const dropped = ["inputResponses", "requestState", ...(dropTask ? ["task"] : [])];
  const kept = without(params, (key) => dropped.includes(key));
  if (!isObject(kept["_meta"])) return kept;
  const isGone = (key: string): boolean => isReserved(key) && key !== `${META}related-task`;
  return { ...kept, _meta: without(kept["_meta"], isGone) };
}

/** The same with what the gateway puts in the place of its own. */
function replaced(params: Members, name: string | undefined): Members {
  const named = name !== undefined && "name" in params ? { ...params, name } : params;
  const meta = named["_meta"];
  if (!isObject(meta) || !("progressToken" in meta)) return named;
  return { ...named, _meta: { ...meta, progressToken: JSON.parse(OWN_TOKEN) as string } };
}

function sentToChild(params: ClientParams, name: string | undefined): Uint8Array {
  const replacement = name === undefined ? { token: OWN_TOKEN } : { token: OWN_TOKEN, name };
  return toChildParams(params, replacement, MAX_DEPTH);
}

function legacyParams(chance: Chance): void {
  const params = anyParams(chance);
  const given = membersOf(valueOf(params));
  const dropTask = chance.hit(0.5);
  const name = chance.hit(0.5) ? "native-name" : undefined;
  const taken = readClientParams(params, dropTask, MAX_DEPTH);
  const expected = cleaned(given, dropTask);
  const about = shown(text(params));
  expectSame(read(taken.bytes, params), expected, about);
  const meta = membersOf(expected["_meta"]);
  const token = taken.progressToken === undefined ? undefined : JSON.parse(taken.progressToken);
  expectSame(token, meta["progressToken"], `the progress token of ${about}`);
  expectSame(read(sentToChild(taken, name), params), replaced(expected, name), about);
}

function wrapsParams(chance: Chance): void {
  const params = anyParams(chance);
  const given = membersOf(valueOf(params));
  const clientInfo = chance.of([undefined, INFO]);
  const logLevel = chance.of([undefined, "info"]);
  const envelope = { revision: MODERN, clientInfo, capabilities: "{}", logLevel };
  const wrapped = toModernParams(params, envelope);
  const isGone = (key: string): boolean => ["inputResponses", "requestState", "task"].includes(key);
  const kept = without(given, isGone);
  const own = without(membersOf(kept["_meta"]), isReserved);
  const meta = {
    ...own,
    [`${META}protocolVersion`]: MODERN,
    [`${META}clientCapabilities`]: {},
    ...(clientInfo === undefined ? {} : { [`${META}clientInfo`]: JSON.parse(INFO) as Members }),
    ...(logLevel === undefined ? {} : { [`${META}logLevel`]: logLevel }),
  };
  const about = shown(text(params));
  const expected = { ...kept, _meta: meta };
  expectSame(read(wrapped.bytes, params), expected, about);
  expectSame(read(sentToChild(wrapped, undefined), params), replaced(expected, undefined), about);
  const back = fromModernParams(wrapped.bytes, MAX_DEPTH);
  expectSame(read(back.bytes, params), { ...kept, _meta: own }, `there and back: ${about}`);
}

function discovers(chance: Chance): void {
  const keys = ["tools", "tasks", "resources", "extensions", "x"];
  const capabilities = chance.objectWith(keys);
  const info = chance.hit(0.7) ? INFO : chance.json(1);
  const initialized = anyResult(chance, [
    ["capabilities", capabilities],
    ["serverInfo", info],
  ]);
  const discovered = toDiscoverResult(initialized, [MODERN]);
  const value = membersOf(read(discovered, initialized));
  const about = shown(text(initialized));
  const given = membersOf(valueOf(initialized));
  expectSame(readDiscover(discovered)?.supports, true, about);
  expectSame([value["supportedVersions"], value["resultType"]], [[MODERN], "complete"], about);
  const back = membersOf(read(toInitializeResult(discovered, "2025-11-25", "n"), initialized));
  expectSame(back["protocolVersion"], "2025-11-25", about);
  const { name, version } = membersOf(back["serverInfo"]);
  expectTrue(typeof name === "string" && typeof version === "string", about);
  for (const one of [value, back]) {
    const tasks = (key: string): boolean => key === "tasks" || key === "extensions";
    const kept = without(membersOf(one["capabilities"]), tasks);
    expectSame(kept, without(membersOf(given["capabilities"]), tasks), about);
    expectTrue(!("tasks" in membersOf(one["capabilities"])), about);
    expectSame(one["x-unknown"], given["x-unknown"], about);
  }
}

function exposes(chance: Chance): void {
  const natives = Array.from({ length: chance.below(8) }, () =>
    String(JSON.parse(chance.string())),
  );
  const tools = natives.map((name) =>
    chance.object([
      ["x-unknown", chance.json(2)],
      ["name", JSON.stringify(name)],
    ]),
  );
  const others = chance.hit(0.3) ? [chance.json(1)] : [];
  const result = anyResult(chance, [["tools", `[${[...tools, ...others].join(",")}]`]]);
  const table = buildToolNameTable(natives, chance.of(["snake_case", "keep"]));
  const hidden = new Set(chance.some(natives, 0.3));
  const expose = (native: string): string | undefined =>
    hidden.has(native) ? undefined : (table.toExposed.get(native) ?? native);
  const shownTools = exposeToolList(result, expose);
  const about = shown(text(result));
  const given = membersOf(valueOf(result));
  const wanted = (given["tools"] as unknown[]).flatMap((tool) => {
    const name = membersOf(tool)["name"];
    if (typeof name !== "string") return [tool];
    const exposed = expose(name);
    return exposed === undefined ? [] : [{ ...membersOf(tool), name: exposed }];
  });
  expectSame(read(shownTools, result), { ...given, tools: wanted }, about);
  const unique = new Set(natives);
  const exposed = new Set([...unique].map((name) => table.toExposed.get(name) ?? name));
  expectSame(exposed.size, unique.size, `one name each: ${about}`);
  for (const name of unique) {
    const shownAs = table.toExposed.get(name) ?? name;
    expectSame(table.toNative.get(shownAs) ?? shownAs, name, `${shownAs} back again`);
  }
  expectTrue(
    readToolList(shownTools).names.every((name) => typeof name === "string"),
    about,
  );
}
