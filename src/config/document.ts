/**
 * Pure. The text of a config file as a tree in which every value knows its place.
 *
 * JSON with comments and trailing commas (jsonc-parser). Owns lines, columns, what a syntax error is
 * called, and where keys are there twice; knows nothing of what the keys mean.
 */
import {
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from "jsonc-parser";
import type { KeyPath } from "./problem.ts";

/** A value in the file. */
export type DocumentNode = Node;

/** Something wrong with the text itself. */
export interface SyntaxFault {
  readonly offset: number;
  readonly message: string;
}

/** 1-based line and column, in UTF-16 code units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A key with its value and its place, in the order of the file. */
export interface Member {
  readonly key: string;
  readonly keyOffset: number;
  readonly value: DocumentNode | undefined;
}

/** A parsed file. With faults the tree is what could be understood. */
export interface ConfigDocument {
  readonly root: DocumentNode | undefined;
  readonly faults: readonly SyntaxFault[];
  placeOf(offset: number): Place;
}

/** More faults of syntax than these say nothing new. */
const MAX_FAULTS = 20;

const FAULT_WORDS: Readonly<Record<string, string>> = {
  InvalidSymbol: "there is a word here that JSON does not know; texts stand in double quotes",
  InvalidNumberFormat: "this is no number",
  PropertyNameExpected: "a key in double quotes is missing here",
  ValueExpected: "a value is missing here",
  ColonExpected: "a colon is missing here",
  CommaExpected: "a comma is missing before this",
  CloseBraceExpected: "a closing } is missing",
  CloseBracketExpected: "a closing ] is missing",
  EndOfFileExpected: "there is something after the end of the JSON value",
  UnexpectedEndOfComment: "a comment is not closed",
  UnexpectedEndOfString: "a text is not closed with a double quote on its line",
  UnexpectedEndOfNumber: "a number ends too early",
  InvalidUnicode: "this \\u escape is not four hexadecimal digits",
  InvalidEscapeCharacter:
    "this backslash escape does not exist; a backslash itself is written \\\\",
  InvalidCharacter: "a control character stands in a text; write it as an escape such as \\n",
};

/** Parses the text of a config file; never throws. */
export function parseDocument(source: string): ConfigDocument {
  const text = source.replace(/^\uFEFF/, "");
  const placeOf = (offset: number): Place => placeIn(text, offset);
  const errors: ParseError[] = [];
  let root: DocumentNode | undefined;
  try {
    root = parseTree(text, errors, { allowTrailingComma: true });
  } catch {
    // The parser recurses, so this is the only way for it to fail: the stack is used up.
    return { root, faults: [{ offset: 0, message: "is nested too deeply" }], placeOf };
  }
  if (root === undefined && errors.length <= 1 && isBlank(text)) {
    return { root, faults: [{ offset: 0, message: "is empty" }], placeOf };
  }
  const faults = errors.slice(0, MAX_FAULTS).map(({ error, offset }) => {
    const code = printParseErrorCode(error);
    return { offset, message: `is not valid JSON: ${FAULT_WORDS[code] ?? code}` };
  });
  return { root, faults, placeOf };
}

/** The keys of an object; empty for any other value. */
export function membersOf(node: DocumentNode | undefined): readonly Member[] {
  if (node?.type !== "object") return [];
  return (node.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    if (key === undefined) return [];
    return [{ key: String(key.value), keyOffset: key.offset, value }];
  });
}

/** The plain value of a node; objects have no prototype, and the last of two equal keys counts. */
export function valueOf(node: DocumentNode | undefined): unknown {
  return node === undefined ? undefined : (getNodeValue(node) as unknown);
}

/** The member that a key names; the last one, as `valueOf` sees it. */
export function memberOf(node: DocumentNode | undefined, key: string): Member | undefined {
  if (node?.type !== "object") return undefined;
  for (const property of (node.children ?? []).toReversed()) {
    const [name, value] = property.children ?? [];
    if (name?.value === key) return { key, keyOffset: name.offset, value };
  }
  return undefined;
}

/** Where a key or, for `value`, its value stands; for a path that is not there, what holds it. */
export function offsetOf(
  root: DocumentNode | undefined,
  path: KeyPath,
  part: "key" | "value",
): number {
  let node = root;
  let offset = root?.offset ?? 0;
  for (const [index, segment] of path.entries()) {
    const isLast = index === path.length - 1;
    if (typeof segment === "number") {
      node = node?.type === "array" ? node.children?.[segment] : undefined;
      if (node === undefined) break;
      offset = node.offset;
    } else {
      const member = memberOf(node, segment);
      if (member === undefined) break;
      node = member.value;
      offset = isLast && part === "value" ? (node?.offset ?? member.keyOffset) : member.keyOffset;
    }
  }
  return offset;
}

/** Every key that is there a second time in the same object, below `node`. */
export function duplicatesIn(
  node: DocumentNode | undefined,
  path: KeyPath,
): readonly { readonly path: KeyPath; readonly offset: number }[] {
  if (node?.type === "array") {
    return (node.children ?? []).flatMap((child, index) => duplicatesIn(child, [...path, index]));
  }
  const seen = new Set<string>();
  return membersOf(node).flatMap(({ key, keyOffset, value }) => {
    const here = [...path, key];
    const own = seen.has(key) ? [{ path: here, offset: keyOffset }] : [];
    seen.add(key);
    return [...own, ...duplicatesIn(value, here)];
  });
}

function placeIn(text: string, offset: number): Place {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

function isBlank(text: string): boolean {
  return text.replace(/\/\*[^]*?\*\/|\/\/.*/g, "").trim() === "";
}
