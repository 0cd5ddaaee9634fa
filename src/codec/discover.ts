/**
 * Pure. What a server says of itself, in the words of either era: InitializeResult ⇄
 * DiscoverResult, in the bytes, so that members unknown here reach the client (protocol.md 3.2).
 *
 * Tasks are hidden both ways: the two eras' tasks cannot be translated into each other (9.8).
 * @see https://modelcontextprotocol.io/specification/2026-07-28/server/discover
 */
import { arrayElements, MAX_DEPTH, memberNamed, stringValue } from "../wire/json-scan.ts";
import { META_SERVER_INFO } from "../wire/meta.ts";
import {
  changeEdits,
  inOrder,
  objectAt,
  objectNamed,
  valueText,
  type ObjectAt,
  type Setting,
} from "../wire/object-edit.ts";
import { traitsOf } from "../wire/revision.ts";
import { applyEdits, type Edit } from "../wire/splice.ts";
import { TASKS_EXTENSION } from "./modern-methods.ts";
import { MODERN_ONLY } from "./result-fields.ts";

/** What is read of a DiscoverResult. */
export interface Discovery {
  /** A modern revision that is known here is among the supported ones. */
  readonly supports: boolean;
  /** Names of the declared capabilities. */
  readonly capabilities: ReadonlySet<string>;
  readonly offers: ListenOffers;
  /** JSON text of the server's name and version; undefined when it does not say. */
  readonly serverInfo: string | undefined;
  /** How long the result stays fresh, milliseconds; 0 when it does not say. */
  readonly ttlMs: number;
  readonly cacheScope: "public" | "private";
}

/** Which notifications a server can send outside a call. */
export interface ListenOffers {
  readonly tools: boolean;
  readonly prompts: boolean;
  readonly resources: boolean;
  /** Updates of single resources. */
  readonly subscribe: boolean;
}

/** Reads a DiscoverResult; undefined when it is none. */
export function readDiscover(result: Uint8Array): Discovery | undefined {
  const object = objectAt(result);
  if (object === undefined) return undefined;
  const type = memberNamed(object.members, "resultType");
  if (type !== undefined && stringValue(result, type) !== "complete") return undefined;
  const versions = memberNamed(object.members, "supportedVersions");
  const listed =
    versions === undefined ? undefined : arrayElements(result, versions.start, MAX_DEPTH);
  if (listed === undefined) return undefined;
  const ttl = memberNamed(object.members, "ttlMs");
  const ttlText = ttl === undefined ? "" : valueText(result, ttl);
  const scope = stringValue(result, memberNamed(object.members, "cacheScope"));
  return {
    supports: listed.some((one) => isModern(stringValue(result, one))),
    capabilities: new Set(
      (objectNamed(result, object, "capabilities")?.members ?? []).map((member) => member.key),
    ),
    offers: readOffers(result),
    serverInfo: implementationText(result, objectNamed(result, object, "_meta"), META_SERVER_INFO),
    ttlMs: /^\d{1,15}$/.test(ttlText) ? Number(ttlText) : 0,
    cacheScope: scope === "public" ? "public" : "private",
  };
}

/** Which notifications an InitializeResult or a DiscoverResult promises. */
export function readOffers(result: Uint8Array): ListenOffers {
  const capabilities = objectNamed(result, objectAt(result), "capabilities");
  const isTrue = (capability: string, flag: string): boolean => {
    const inner = objectNamed(result, capabilities, capability);
    const member = inner === undefined ? undefined : memberNamed(inner.members, flag);
    return member !== undefined && valueText(result, member) === "true";
  };
  return {
    tools: isTrue("tools", "listChanged"),
    prompts: isTrue("prompts", "listChanged"),
    resources: isTrue("resources", "listChanged"),
    subscribe: isTrue("resources", "subscribe"),
  };
}

/** The serverInfo of an InitializeResult as JSON text; undefined without a name and a version. */
export function initializedServerInfo(result: Uint8Array): string | undefined {
  return implementationText(result, objectAt(result), "serverInfo");
}

/**
 * JSON text of the identity at `key`; undefined without a name or a version, since peers of both
 * eras refuse such a one.
 */
export function implementationText(
  bytes: Uint8Array,
  holder: ObjectAt | undefined,
  key: string,
): string | undefined {
  const info = objectNamed(bytes, holder, key);
  const member = holder === undefined ? undefined : memberNamed(holder.members, key);
  if (info === undefined || member === undefined) return undefined;
  const isString = (one: string): boolean =>
    stringValue(bytes, memberNamed(info.members, one)) !== undefined;
  return isString("name") && isString("version") ? valueText(bytes, member) : undefined;
}

/**
 * The DiscoverResult of a legacy child; not cacheable beyond `ttlMs` (0), private.
 * @param supported the revisions that modern clients may speak here
 * @returns the same bytes for what is no object.
 */
export function toDiscoverResult(
  initialized: Uint8Array,
  supported: readonly string[],
  ttlMs = 0,
): Uint8Array {
  const object = objectAt(initialized);
  if (object === undefined) return initialized;
  const info = initializedServerInfo(initialized);
  const edits = changeEdits(initialized, object, {
    drop: (key) => key === "protocolVersion" || key === "serverInfo",
    set: [
      ["supportedVersions", JSON.stringify(supported)],
      ["resultType", '"complete"'],
      ["ttlMs", String(ttlMs)],
      ["cacheScope", '"private"'],
      ...missingCapabilities(initialized, object),
    ],
    setMeta: info === undefined ? [] : [[META_SERVER_INFO, info]],
  });
  return finish(initialized, object, edits);
}

/**
 * The InitializeResult of a modern child.
 * @param name what the server is called when it does not say, with the version `0.0.0`
 * @returns the same bytes for what is no object.
 */
export function toInitializeResult(
  discovered: Uint8Array,
  revision: string,
  name: string,
): Uint8Array {
  const object = objectAt(discovered);
  if (object === undefined) return discovered;
  const meta = objectNamed(discovered, object, "_meta");
  const info = implementationText(discovered, meta, META_SERVER_INFO);
  const edits = changeEdits(discovered, object, {
    drop: (key) => key === "supportedVersions" || MODERN_ONLY.drop(key),
    dropMeta: MODERN_ONLY.dropMeta,
    set: [
      ["protocolVersion", JSON.stringify(revision)],
      ["serverInfo", info ?? JSON.stringify({ name, version: "0.0.0" })],
      ...missingCapabilities(discovered, object),
    ],
  });
  return finish(discovered, object, edits);
}

function missingCapabilities(result: Uint8Array, object: ObjectAt): Setting[] {
  return objectNamed(result, object, "capabilities") === undefined ? [["capabilities", "{}"]] : [];
}

function finish(result: Uint8Array, object: ObjectAt, edits: readonly Edit[]): Uint8Array {
  return applyEdits(result, inOrder([...edits, ...hiddenTasks(result, object)]));
}

function hiddenTasks(result: Uint8Array, object: ObjectAt): Edit[] {
  const capabilities = objectNamed(result, object, "capabilities");
  if (capabilities === undefined) return [];
  const extensions = objectNamed(result, capabilities, "extensions");
  const edits = changeEdits(result, capabilities, { drop: (key) => key === "tasks" });
  if (extensions === undefined) return edits;
  const isTasks = (key: string): boolean => key === TASKS_EXTENSION;
  return [...edits, ...changeEdits(result, extensions, { drop: isTasks })];
}

function isModern(revision: string | undefined): boolean {
  return revision !== undefined && traitsOf(revision)?.era === "modern";
}
