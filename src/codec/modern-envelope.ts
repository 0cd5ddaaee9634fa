/**
 * Pure. What a modern request says about itself in `_meta`: who asks, what can be asked back, what
 * it wants to hear of. Reads and judges each part; in which order the parts count is said by
 * modern-request.ts.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/index#meta
 */
import { err, ok, type Result } from "../kernel/result.ts";
import { INVALID_PARAMS } from "../wire/error-codes.ts";
import {
  MAX_DEPTH,
  memberNamed,
  objectMembers,
  stringValue,
  type Member,
} from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { levelIndex } from "../wire/log-levels.ts";
import {
  META_CLIENT_CAPABILITIES,
  META_CLIENT_INFO,
  META_LOG_LEVEL,
  META_PROGRESS_TOKEN,
} from "../wire/meta.ts";
import type { Rejection } from "./classify.ts";
import { readModernCapabilities, type ModernCapabilities } from "./modern-capabilities.ts";

/** Who sends a request. */
export interface ModernIdentity {
  readonly capabilities: ModernCapabilities;
  /** JSON text of an object with a name and a version; undefined when absent. */
  readonly clientInfo: string | undefined;
  /** JSON text of a string or number; undefined when absent. */
  readonly progressToken: string | undefined;
}

/** Params with their members found. */
export interface ModernParams {
  readonly bytes: Uint8Array;
  readonly members: readonly Member[];
  /** Members of `_meta`; none when it is missing or no object. */
  readonly meta: readonly Member[];
}

const NOTHING = new Uint8Array(0);

/** Finds the members of params and of their `_meta`. */
export function readModernParams(params: Uint8Array | undefined): ModernParams {
  if (params === undefined) return { bytes: NOTHING, members: [], meta: [] };
  const members = objectMembers(params, 0, MAX_DEPTH) ?? [];
  const meta = memberNamed(members, "_meta");
  const inner = meta === undefined ? undefined : objectMembers(params, meta.start, MAX_DEPTH);
  return { bytes: params, members, meta: inner ?? [] };
}

/** Row 6 of the ladder: everything that a request must say, or says, about itself but its log level. */
export function readIdentity(params: ModernParams): Result<ModernIdentity, Rejection> {
  const declared = metaText(params, META_CLIENT_CAPABILITIES);
  if (declared === undefined) return err(missingMeta(META_CLIENT_CAPABILITIES));
  const capabilities = readModernCapabilities(declared);
  if (typeof capabilities === "string") {
    return err(malformedMeta(META_CLIENT_CAPABILITIES, capabilities));
  }
  const clientInfo = optionalText(params, META_CLIENT_INFO);
  if (clientInfo !== undefined && !namesAProgram(clientInfo)) {
    return err(malformedMeta(META_CLIENT_INFO, "must be an object with a name and a version"));
  }
  const progressToken = optionalText(params, META_PROGRESS_TOKEN);
  if (progressToken !== undefined && !isToken(progressToken)) {
    return err(malformedMeta(META_PROGRESS_TOKEN, "must be a string or a number"));
  }
  return ok({ capabilities, clientInfo, progressToken });
}

/** Row 12 of the ladder: index of the wanted log level; the refusal is an answer, with status 200. */
export function readLogLevel(params: ModernParams): Result<number | undefined, Rejection> {
  const text = optionalText(params, META_LOG_LEVEL);
  if (text === undefined) return ok(undefined);
  const level = stringValue(params.bytes, memberNamed(params.meta, META_LOG_LEVEL));
  const index = level === undefined ? undefined : levelIndex(level);
  if (index !== undefined) return ok(index);
  return err({ ...malformedMeta(META_LOG_LEVEL, "must be a log level"), status: 200 });
}

function metaText(params: ModernParams, key: string): string | undefined {
  const member = memberNamed(params.meta, key);
  return member === undefined ? undefined : textOf(params.bytes, member.start, member.end);
}

/** Some serializers write every field: null is absent where absent is allowed. */
function optionalText(params: ModernParams, key: string): string | undefined {
  const text = metaText(params, key);
  return text === "null" ? undefined : text;
}

function namesAProgram(text: string): boolean {
  const value = parse(text);
  if (typeof value !== "object" || value === null) return false;
  return (
    "name" in value &&
    typeof value.name === "string" &&
    "version" in value &&
    typeof value.version === "string"
  );
}

function isToken(text: string): boolean {
  const value = parse(text);
  return typeof value === "string" || typeof value === "number";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON inside, in a message too long to be checked: of no type that is asked for.
    return undefined;
  }
}

/** The refusal of a request that lacks a key of `_meta`. */
export function missingMeta(key: string): Rejection {
  return { status: 400, code: INVALID_PARAMS, message: `Missing _meta["${key}"]` };
}

/** The refusal of a request whose value at a key of `_meta` is of the wrong form. */
export function malformedMeta(key: string, why: string): Rejection {
  return { status: 400, code: INVALID_PARAMS, message: `Invalid _meta["${key}"]: ${why}` };
}
