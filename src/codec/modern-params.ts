/**
 * Pure. Params across the eras: a modern client's envelope taken off for a legacy child, and the
 * envelope put on that a modern child needs from a legacy client (protocol.md 3.1, 3.2).
 *
 * A client says nothing in the other era's words: what it puts there itself is taken out.
 */
import type { RootsPolicy } from "../config/model.ts";
import { MAX_DEPTH, memberNamed } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { jsonBytes, type Plain } from "../wire/message.ts";
import {
  META_CLIENT_CAPABILITIES,
  META_CLIENT_INFO,
  META_LOG_LEVEL,
  META_PROTOCOL_VERSION,
  RESERVED_META_PREFIX,
} from "../wire/meta.ts";
import { changeEdits, changeObject, inOrder, objectAt, objectNamed } from "../wire/object-edit.ts";
import { applyEdits, progressTokenOf } from "../wire/splice.ts";
import { isStatic } from "./client-capabilities.ts";
import { readClientParams, type ClientParams } from "./client-params.ts";
import { implementationText } from "./discover.ts";
import { withoutKnownEnvelope } from "./known-envelopes.ts";
import { TASKS_EXTENSION } from "./modern-methods.ts";

/** Who asks, as a modern child is told with every request. Both are JSON text. */
export interface ClientIdentity {
  /** Undefined for a client without a name or a version. */
  readonly clientInfo: string | undefined;
  readonly capabilities: string;
}

/** What `_meta` of a request to a modern child says. */
export interface Envelope extends ClientIdentity {
  readonly revision: string;
  /** Undefined: no log messages. */
  readonly logLevel: string | undefined;
}

/** Members that a legacy client has no right to, or that mean nothing on the modern wire. */
const NOT_FROM_LEGACY: ReadonlySet<string> = new Set(["inputResponses", "requestState", "task"]);

/**
 * Params of a modern client for a legacy child: without envelope, answers and state. Goes on with
 * `toChildParams`.
 */
export function fromModernParams(
  params: Uint8Array,
  maxDepth: number,
  plain?: Plain,
): ClientParams {
  const text = withoutKnownEnvelope({ payload: params, plain });
  if (text === undefined || plain?.value === undefined)
    return readClientParams(params, true, maxDepth, plain);
  const { _meta, ...value } = plain.value;
  const bytes = jsonBytes(text);
  return readClientParams(bytes, true, maxDepth, { bytes, text, value });
}

/**
 * Params of a legacy client, or of the gateway (undefined), for a modern child: with the envelope,
 * and without any reserved key of the client's own. Goes on with `toChildParams`.
 */
export function toModernParams(params: Uint8Array | undefined, envelope: Envelope): ClientParams {
  const bytes = changeObject(params ?? jsonBytes("{}"), {
    drop: (key) => NOT_FROM_LEGACY.has(key),
    dropMeta: (key) => key.startsWith(RESERVED_META_PREFIX),
    setMeta: envelopeMembers(envelope),
  });
  const members = objectAt(bytes)?.members ?? [];
  return { bytes, members, progressToken: progressTokenOf(bytes, members, MAX_DEPTH)?.text };
}

/** The envelope as members of `_meta`, values as JSON text. */
export function envelopeMembers(
  envelope: Envelope,
): readonly (readonly [key: string, value: string])[] {
  const { clientInfo, logLevel } = envelope;
  return [
    [META_PROTOCOL_VERSION, JSON.stringify(envelope.revision)],
    ...(clientInfo === undefined ? [] : ([[META_CLIENT_INFO, clientInfo]] as const)),
    [META_CLIENT_CAPABILITIES, envelope.capabilities],
    ...(logLevel === undefined ? [] : ([[META_LOG_LEVEL, JSON.stringify(logLevel)]] as const)),
  ];
}

/**
 * Who a legacy client is, from its `initialize` params. Capabilities as it declared them, but for
 * tasks, which the modern era has not, and roots, which follow the policy.
 */
export function readIdentity(
  initialize: Uint8Array | undefined,
  roots: RootsPolicy,
): ClientIdentity {
  const params = initialize ?? jsonBytes("{}");
  const object = objectAt(params);
  const declared = object === undefined ? undefined : memberNamed(object.members, "capabilities");
  const capabilities =
    declared === undefined ? undefined : params.subarray(declared.start, declared.end);
  return {
    clientInfo: implementationText(params, object, "clientInfo"),
    capabilities: modernCapabilities(capabilities ?? jsonBytes("{}"), roots),
  };
}

function modernCapabilities(declared: Uint8Array, roots: RootsPolicy): string {
  const object = objectAt(declared);
  if (object === undefined) return isStatic(roots) ? '{"roots":{}}' : "{}";
  const hasRoots = objectNamed(declared, object, "roots") !== undefined;
  const tellsRoots = isStatic(roots) || (roots === "forward" && hasRoots);
  const edits = changeEdits(declared, object, {
    drop: (key) => key === "tasks" || key === "roots",
    // Without `listChanged`, which is gone: roots are asked for anew each time.
    set: tellsRoots ? [["roots", "{}"]] : [],
  });
  const extensions = objectNamed(declared, object, "extensions");
  if (extensions !== undefined) {
    edits.push(...changeEdits(declared, extensions, { drop: (key) => key === TASKS_EXTENSION }));
  }
  return textOf(applyEdits(declared, inOrder(edits)));
}
