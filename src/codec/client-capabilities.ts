/**
 * Pure. What a client declares at `initialize`, what of it a child may be told, and which clients
 * can share a child (protocol.md 3.2, 9.1, 9.10).
 *
 * Roots are never forwarded unless the configuration says so: a server that trusts them would let
 * a remote client reopen the host's file system.
 */
import type { RootsPolicy } from "../config/model.ts";
import { MAX_DEPTH, memberNamed, objectMembers, type Member } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { LATEST_LEGACY, LATEST_MODERN, type Era } from "../wire/revision.ts";
import { applyEdits, type Edit } from "../wire/splice.ts";

export interface ClientCapabilities {
  readonly sampling: boolean;
  readonly elicitation: boolean;
  readonly elicitationUrl: boolean;
  readonly roots: boolean;
  /** Canonical JSON of what a shared child may be told; clients with equal text can share one. */
  readonly fingerprint: string;
}

/** Nothing declared. */
export const NO_CAPABILITIES: ClientCapabilities = {
  sampling: false,
  elicitation: false,
  elicitationUrl: false,
  roots: false,
  fingerprint: "{}",
};

/** Reads `params.capabilities` of an `initialize` request. Unknown shapes count as nothing declared. */
export function readClientCapabilities(
  params: Uint8Array | undefined,
  roots: RootsPolicy,
): ClientCapabilities {
  const declared = params === undefined ? undefined : capabilitiesMember(params);
  if (params === undefined || declared === undefined) return withRoots(NO_CAPABILITIES, roots);
  const value = parseObject(textOf(params, declared.start, declared.end));
  const elicitation = value["elicitation"];
  const shared: Record<string, unknown> = {};
  for (const key of ["experimental", "extensions"]) {
    const kept = value[key];
    if (isObject(kept) && Object.keys(kept).length > 0) shared[key] = kept;
  }
  if (isStatic(roots)) shared["roots"] = {};
  return {
    sampling: isObject(value["sampling"]),
    elicitation: isObject(elicitation),
    elicitationUrl: isObject(elicitation) && isObject(elicitation["url"]),
    roots: isObject(value["roots"]),
    fingerprint: canonical(shared),
  };
}

function withRoots(capabilities: ClientCapabilities, roots: RootsPolicy): ClientCapabilities {
  return isStatic(roots)
    ? { ...capabilities, fingerprint: canonical({ roots: {} }) }
    : capabilities;
}

/** What modern clients are said to be able to do where a child is told of all of them at once. */
const EVERYTHING = { elicitation: { form: {}, url: {} }, sampling: {} } as const;

/**
 * What a legacy child is told that its modern clients can do, as canonical JSON: clients with equal
 * text share a child (protocol.md 9.10).
 */
export function toldCapabilities(
  capabilities: { readonly declared: string },
  roots: RootsPolicy,
  mode: "match" | "all",
): string {
  const declared = mode === "all" ? EVERYTHING : parseObject(capabilities.declared);
  const told: Record<string, unknown> = {};
  for (const key of ["sampling", "elicitation"] as const) {
    const kept: unknown = (declared as Record<string, unknown>)[key];
    if (isObject(kept)) told[key] = kept;
  }
  for (const key of ["experimental", "extensions"]) {
    const kept = (declared as Record<string, unknown>)[key];
    if (isObject(kept) && Object.keys(kept).length > 0) told[key] = kept;
  }
  const hasRoots = mode === "all" || isObject((declared as Record<string, unknown>)["roots"]);
  if (isStatic(roots) || (roots === "forward" && hasRoots)) told["roots"] = {};
  return canonical(told);
}

/** True for a client that the server can ask something, so that it needs a child of its own. */
export function canBeAsked(capabilities: ClientCapabilities, roots: RootsPolicy): boolean {
  return (
    capabilities.sampling || capabilities.elicitation || (roots === "forward" && capabilities.roots)
  );
}

/** True when the gateway answers roots/list from its configuration. */
export function isStatic(roots: RootsPolicy): roots is readonly string[] {
  return typeof roots !== "string";
}

/** The result of roots/list for configured roots, as JSON text. */
export function staticRootsResult(roots: readonly string[]): string {
  return JSON.stringify({ roots: roots.map((uri) => ({ uri })) });
}

/**
 * `initialize` params for a child of the client's own: verbatim but for `roots`, which follow the
 * policy.
 */
export function ownInitializeParams(params: Uint8Array, roots: RootsPolicy): Uint8Array {
  const member = capabilitiesMember(params);
  if (member === undefined || roots === "forward") return params;
  const inner = objectMembers(params, member.start, MAX_DEPTH) ?? [];
  const kept = inner
    .filter((one) => one.key !== "roots")
    .map((one) => textOf(params, one.keyStart, one.end));
  if (isStatic(roots)) kept.push('"roots":{}');
  const edit: Edit = { start: member.start, end: member.end, text: `{${kept.join(",")}}` };
  return applyEdits(params, [edit]);
}

/**
 * Params, as JSON text, that open a connection to a child that clients with one fingerprint share:
 * of `initialize`, or of an enveloped `server/discover`.
 */
export function openingParams(
  era: Era,
  fingerprint: string,
  gateway: { readonly name: string; readonly version: string },
): string {
  const info = JSON.stringify(gateway);
  if (era === "legacy") {
    return `{"protocolVersion":"${LATEST_LEGACY}","capabilities":${fingerprint},"clientInfo":${info}}`;
  }
  const version = `"io.modelcontextprotocol/protocolVersion":"${LATEST_MODERN}"`;
  const client = `"io.modelcontextprotocol/clientInfo":${info}`;
  return `{"_meta":{${version},${client},"io.modelcontextprotocol/clientCapabilities":${fingerprint}}}`;
}

/** JSON with sorted keys, so that equal values give equal text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(",")}}`;
}

function capabilitiesMember(params: Uint8Array): Member | undefined {
  const member = memberNamed(objectMembers(params, 0, MAX_DEPTH) ?? [], "capabilities");
  return member !== undefined && params[member.start] === 0x7b ? member : undefined;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    // Not JSON inside: nothing is declared.
    return {};
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
