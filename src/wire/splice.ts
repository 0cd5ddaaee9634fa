/**
 * Pure. Ids and tokens found and replaced in the bytes of params and results, the rest untouched.
 */
import { memberNamed, objectMembers, type Member, type Span } from "./json-scan.ts";
import { textOf } from "./key-text.ts";
import { jsonBytes } from "./message.ts";

/** One replacement: the bytes of `[start, end)` become `text`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string | Uint8Array;
}

/** The bytes with all edits carried out. Edits are in ascending order and do not overlap. */
export function applyEdits(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return bytes;
  const pieces: Uint8Array[] = [];
  let size = 0;
  let at = 0;
  const add = (piece: Uint8Array): void => {
    pieces.push(piece);
    size += piece.length;
  };
  for (const edit of edits) {
    add(bytes.subarray(at, edit.start));
    add(typeof edit.text === "string" ? jsonBytes(edit.text) : edit.text);
    at = edit.end;
  }
  add(bytes.subarray(at));
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** The same for the text of bytes in ASCII, where indices are the same; undefined for edits with bytes. */
export function editText(text: string, edits: readonly Edit[]): string | undefined {
  let whole = "";
  let at = 0;
  for (const edit of edits) {
    if (typeof edit.text !== "string") return undefined;
    whole += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return whole + text.slice(at);
}

/** An object rebuilt from those of its members that `keep` accepts. */
export function keepMembers(
  bytes: Uint8Array,
  members: readonly Member[],
  keep: (member: Member) => boolean,
): string {
  const kept = members.filter(keep).map((member) => textOf(bytes, member.keyStart, member.end));
  return `{${kept.join(",")}}`;
}

/** An array rebuilt from spans. */
export function joinElements(bytes: Uint8Array, elements: readonly Span[]): string {
  return `[${elements.map((element) => textOf(bytes, element.start, element.end)).join(",")}]`;
}

/** The progress token of params as JSON text, and where it stands. */
export function progressTokenOf(
  params: Uint8Array,
  members: readonly Member[],
  maxDepth: number,
): { readonly text: string; readonly span: Span } | undefined {
  const meta = memberNamed(members, "_meta");
  if (meta === undefined) return undefined;
  const inner = objectMembers(params, meta.start, maxDepth);
  const token = inner === undefined ? undefined : memberNamed(inner, "progressToken");
  if (token === undefined) return undefined;
  return { text: textOf(params, token.start, token.end), span: token };
}

const BREAKS = [0x0a, 0x0d] as const;

/**
 * Replaces line breaks by spaces, in place. In JSON they are white space between tokens only; on
 * stdio they would end the line, in an event stream the event.
 * @returns whether there were any
 */
export function flattenLineBreaks(bytes: Uint8Array): boolean {
  let isChanged = false;
  for (const byte of BREAKS) {
    let at = bytes.indexOf(byte);
    while (at >= 0) {
      bytes[at] = 0x20;
      isChanged = true;
      at = bytes.indexOf(byte, at + 1);
    }
  }
  return isChanged;
}
