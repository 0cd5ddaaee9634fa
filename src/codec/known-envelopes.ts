/**
 * Pure. What the envelopes of modern requests say, remembered by their text, which changes no answer:
 * a client writes the same with every request. Only envelopes that were read in full and found good
 * are in it, and only those of reserved keys, so that nothing of them goes on to a legacy child.
 */
import { plainOf, type Message } from "../wire/message.ts";
import { META_RELATED_TASK, RESERVED_META_PREFIX } from "../wire/meta.ts";
import { splitMeta } from "../wire/short-message.ts";
import type { ModernIdentity } from "./modern-envelope.ts";

/** What `_meta` of a request says, the same for the same text. */
export interface KnownEnvelope {
  readonly revision: string;
  readonly identity: ModernIdentity;
  readonly logLevel: number | undefined;
}

const MAX_KNOWN = 200;
const MAX_CHARS = 2_000;
const known = new Map<string, KnownEnvelope>();

/** The envelope of a request whose text was seen before. */
export function knownEnvelope(
  message: Pick<Message, "payload" | "plain">,
): KnownEnvelope | undefined {
  const split = metaTextOf(message);
  return split === undefined ? undefined : known.get(split);
}

/** The JSON text of params without an envelope that is known; undefined when it is not known. */
export function withoutKnownEnvelope(
  message: Pick<Message, "payload" | "plain">,
): string | undefined {
  const { payload, plain } = message;
  if (payload === undefined || plain === undefined || plainOf(payload, plain) === undefined)
    return undefined;
  const split = splitMeta(plain);
  return split !== undefined && known.has(split.meta) ? split.rest : undefined;
}

/** Remembers an envelope that was read with care from this message. */
export function rememberEnvelope(message: Message, envelope: KnownEnvelope): void {
  const text = metaTextOf(message);
  if (text === undefined || text.length > MAX_CHARS || known.has(text)) return;
  if (envelope.identity.progressToken !== undefined || !isOfReservedKeys(text)) return;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, envelope);
}

function metaTextOf({ payload, plain }: Pick<Message, "payload" | "plain">): string | undefined {
  if (payload === undefined || plain === undefined || plainOf(payload, plain) === undefined)
    return undefined;
  return splitMeta(plain)?.meta;
}

function isOfReservedKeys(text: string): boolean {
  try {
    const keys = Object.keys(JSON.parse(text) as object);
    return keys.every((key) => key.startsWith(RESERVED_META_PREFIX) && key !== META_RELATED_TASK);
  } catch {
    // The cut was not where it seemed: a text that is never remembered.
    return false;
  }
}
