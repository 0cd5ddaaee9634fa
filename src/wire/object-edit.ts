/**
 * Pure. Members of one object dropped and set in its bytes, `_meta` included; whatever is kept
 * stays byte for byte where it stood, and what is set comes first.
 *
 * A key that is written twice is dropped twice: some parsers keep the first of two, and would read
 * what was meant to be taken out.
 */
import {
  MAX_DEPTH,
  memberNamed,
  objectMembers,
  skipSpace,
  type Member,
  type Span,
} from "./json-scan.ts";
import { textOf } from "./key-text.ts";
import { applyEdits, type Edit } from "./splice.ts";

/** An object in bytes: the index of its opening brace and its members, in order. */
export interface ObjectAt {
  readonly start: number;
  readonly members: readonly Member[];
}

/** A key and its value as JSON text. */
export type Setting = readonly [key: string, value: string | Uint8Array];

/** What becomes of an object. A key that is set is dropped first. */
export interface Change {
  readonly drop?: (key: string) => boolean;
  readonly set?: readonly Setting[];
  /** The same for the members of `_meta`; a `_meta` that loses all of them goes as a whole. */
  readonly dropMeta?: (key: string) => boolean;
  /** Makes a `_meta` where there is none, or none that is an object. */
  readonly setMeta?: readonly (readonly [key: string, value: string])[];
}

/** The object that begins at or after `index`, or undefined when there is no well-formed one. */
export function objectAt(bytes: Uint8Array, index = 0): ObjectAt | undefined {
  const members = objectMembers(bytes, index, MAX_DEPTH);
  return members === undefined ? undefined : { start: skipSpace(bytes, index), members };
}

/** The object that is the value of `key`, or undefined. */
export function objectNamed(
  bytes: Uint8Array,
  object: ObjectAt | undefined,
  key: string,
): ObjectAt | undefined {
  const member = object === undefined ? undefined : memberNamed(object.members, key);
  return member === undefined ? undefined : objectAt(bytes, member.start);
}

/** The JSON text of a value. */
export function valueText(bytes: Uint8Array, span: Span): string {
  return textOf(bytes, span.start, span.end);
}

/** The edits that carry out a change, in ascending order; none when nothing changes. */
export function changeEdits(bytes: Uint8Array, object: ObjectAt, change: Change): Edit[] {
  const meta = change.drop?.("_meta") ? undefined : memberNamed(object.members, "_meta");
  const plan = planMeta(bytes, meta, change);
  const settings = plan.made === undefined ? [] : [["_meta", plan.made] as const];
  const isDropped = (member: Member): boolean => {
    if (member.key === "_meta" && plan.touches && (member !== meta || plan.edits === undefined)) {
      return true;
    }
    return change.drop?.(member.key) ?? false;
  };
  const edits = memberEdits(object, isDropped, [...(change.set ?? []), ...settings]);
  return inOrder([...edits, ...(plan.edits ?? [])]);
}

/** Edits of several places in one text, as `applyEdits` wants them; those of one place stay in order. */
export function inOrder(edits: readonly Edit[]): Edit[] {
  return edits.toSorted((a, b) => a.start - b.start);
}

/** The bytes of an object, changed; the same array when nothing changes or there is no object. */
export function changeObject(bytes: Uint8Array, change: Change): Uint8Array {
  const object = objectAt(bytes);
  return object === undefined ? bytes : applyEdits(bytes, changeEdits(bytes, object, change));
}

const EMPTY_OBJECT = new TextEncoder().encode("{}");

/** Bytes of an object made of these members. */
export function objectOf(members: readonly Setting[]): Uint8Array {
  return changeObject(EMPTY_OBJECT, { set: members });
}

interface MetaPlan {
  /** False: every `_meta` stays as it is. */
  readonly touches: boolean;
  /** Edits inside the last `_meta`; undefined when it goes. */
  readonly edits?: Edit[];
  /** A `_meta` to make. */
  readonly made?: string;
}

function planMeta(bytes: Uint8Array, meta: Member | undefined, change: Change): MetaPlan {
  const set = change.setMeta ?? [];
  if (change.dropMeta === undefined && set.length === 0) return { touches: false };
  const inner = meta === undefined ? undefined : objectAt(bytes, meta.start);
  if (inner === undefined) {
    if (set.length === 0) return { touches: false };
    const members = set.map(([key, value]) => `${JSON.stringify(key)}:${value}`);
    return { touches: true, made: `{${members.join(",")}}` };
  }
  const isDropped = (member: Member): boolean => change.dropMeta?.(member.key) ?? false;
  const goes = set.length === 0 && inner.members.length > 0 && inner.members.every(isDropped);
  return goes ? { touches: true } : { touches: true, edits: memberEdits(inner, isDropped, set) };
}

function memberEdits(
  object: ObjectAt,
  isDropped: (member: Member) => boolean,
  settings: readonly Setting[],
): Edit[] {
  const names = new Set(settings.map(([key]) => key));
  const { members } = object;
  const kept = members.filter((member) => !names.has(member.key) && !isDropped(member));
  return [...insertions(object.start + 1, settings, kept.length > 0), ...removals(members, kept)];
}

function insertions(at: number, settings: readonly Setting[], before: boolean): Edit[] {
  const insert = (text: string | Uint8Array): Edit => ({ start: at, end: at, text });
  return settings.flatMap(([key, value], index) => {
    const comma = before || index < settings.length - 1 ? "," : "";
    return [insert(`${JSON.stringify(key)}:`), insert(value), ...(comma ? [insert(comma)] : [])];
  });
}

/** Takes out each run of members that are not kept, with the comma that joined it to its kin. */
function removals(members: readonly Member[], kept: readonly Member[]): Edit[] {
  const stays = new Set(kept);
  const edits: Edit[] = [];
  let before: Member | undefined;
  let first: Member | undefined;
  let last: Member | undefined;
  const cut = (next: Member | undefined): void => {
    if (first === undefined || last === undefined) return;
    const start = before?.end ?? first.keyStart;
    edits.push({ start, end: before === undefined && next ? next.keyStart : last.end, text: "" });
    first = undefined;
  };
  for (const member of members) {
    if (stays.has(member)) {
      cut(member);
      before = member;
    } else {
      first ??= member;
      last = member;
    }
  }
  cut(undefined);
  return edits;
}
