/**
 * Random JSON texts from a seed, with the place of every value noted while the text is written, so
 * that the scanner is measured against the writer and not against a second scanner.
 */

/** A value at `[start, end)` of the bytes; `key` and `keyStart` where it is a member. */
export interface Node {
  readonly kind: "object" | "array" | "scalar";
  readonly start: number;
  readonly end: number;
  readonly key?: string;
  readonly keyStart?: number;
  readonly children: readonly Node[];
}

/** Numbers in `[0, 1)`, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const NUMBERS = [
  "0",
  "-0",
  "1",
  "-17",
  "1.0",
  "0.5",
  "-1e9",
  "2E+3",
  "6.02e-23",
  "12345678901234567890",
];
const WORDS = ["true", "false", "null"];
const SPACES = ["", "", "", " ", "\n", "\r\n", "\t ", "  \n  "];
const STRING_PARTS = [
  "a",
  "id",
  "method",
  " ",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "ż",
  "漢",
  "🐢",
  "\u2028",
  '\\"',
  "\\\\",
  "\\/",
  "\\n",
  "\\u0041",
  "\\ud83d\\udc22",
  "\\ud800",
  "\ufeff",
];
const KEYS = [
  "id",
  "method",
  "params",
  "result",
  "_meta",
  "\\u0069d",
  "x\\/y",
  "",
  "ключ",
  "\ufeffid",
];

export class JsonWriter {
  readonly #random: () => number;
  readonly #encoder = new TextEncoder();
  #text = "";
  #at = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** A text and the places in its bytes; white space stands around and between all tokens. */
  write(maxDepth: number): { readonly text: string; readonly root: Node } {
    this.#text = "";
    this.#at = 0;
    this.#space();
    const root = this.#value(maxDepth, {});
    this.#space();
    return { text: this.#text, root };
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)] as Item;
  }

  #add(text: string): void {
    this.#text += text;
    this.#at += this.#encoder.encode(text).length;
  }

  #space(): void {
    this.#add(this.#pick(SPACES));
  }

  #value(depth: number, named: { key?: string; keyStart?: number }): Node {
    const start = this.#at;
    const choice = this.#random();
    if (depth === 0 || choice < 0.35) {
      this.#add(this.#scalar());
      return { kind: "scalar", start, end: this.#at, children: [], ...named };
    }
    const kind = choice < 0.7 ? "object" : "array";
    this.#add(kind === "object" ? "{" : "[");
    this.#space();
    const children: Node[] = [];
    const count = Math.floor(this.#random() * 5);
    for (let i = 0; i < count; i++) {
      if (i > 0) {
        this.#add(",");
        this.#space();
      }
      children.push(this.#value(depth - 1, kind === "object" ? this.#key() : {}));
      this.#space();
    }
    this.#add(kind === "object" ? "}" : "]");
    return { kind, start, end: this.#at, children, ...named };
  }

  #key(): { key: string; keyStart: number } {
    const raw = `"${this.#random() < 0.7 ? this.#pick(KEYS) : this.#inside(4)}"`;
    const keyStart = this.#at;
    this.#add(raw);
    this.#space();
    this.#add(":");
    this.#space();
    return { key: JSON.parse(raw) as string, keyStart };
  }

  #scalar(): string {
    const choice = this.#random();
    if (choice < 0.3) return this.#pick(NUMBERS);
    if (choice < 0.5) return this.#pick(WORDS);
    // Some strings reach over the border where the native search takes over.
    return `"${this.#inside(choice < 0.9 ? 8 : 200)}"`;
  }

  #inside(maxParts: number): string {
    let inside = "";
    const count = Math.floor(this.#random() * (maxParts + 1));
    for (let i = 0; i < count; i++) inside += this.#pick(STRING_PARTS);
    return inside;
  }
}
