/**
 * Choices from a seed, the JSON texts that are made of them, and damage done to bytes. The same seed
 * gives the same choices, so that a failure can be seen again.
 */
import { JsonWriter, randomFrom } from "../../test/unit/wire/random-json.ts";

/** A member of an object as it is written: its key unescaped, its value as JSON text. */
export type MemberText = readonly [key: string, value: string];

const encoder = new TextEncoder();
/** Bytes that mean something to one scanner or another. */
const SHARP = encoder.encode('{}[]",:\\ \n\r\t0-e.ntf');

export class Chance {
  readonly #random: () => number;
  readonly #writer: JsonWriter;

  /** The choices of one round; `round` keeps the rounds of one seed apart. */
  constructor(seed: number, round: number) {
    this.#random = randomFrom((seed ^ Math.imul(round + 1, 0x9e3779b1)) >>> 0);
    this.#writer = new JsonWriter(this.#random);
  }

  /** An integer in `[0, limit)`. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  /** True in this share of all cases. */
  hit(share: number): boolean {
    return this.#random() < share;
  }

  /** One of the items, of which there is at least one. */
  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  /** Each item with this share. */
  some<Item>(items: readonly Item[], share: number): Item[] {
    return items.filter(() => this.hit(share));
  }

  /** Any JSON value, with white space, odd escapes and odd numbers. */
  json(depth = 3): string {
    return this.#writer.write(depth).text;
  }

  /** A JSON string of any kind. */
  string(): string {
    const words = ["", "a", "name", "API-get", "ż漢🐢", "\ufeff", "\u2028", '"\\/', "__x__", "1"];
    return JSON.stringify(this.of(words) + (this.hit(0.5) ? String(this.below(1000)) : ""));
  }

  /** An object with these members in this order, spaced by chance, some keys escaped. */
  object(members: readonly MemberText[]): string {
    const space = (): string => (this.hit(0.1) ? this.of([" ", "\n", "\t ", "\r\n"]) : "");
    const texts = members.map(([key, value]) => {
      const first = key.charCodeAt(0);
      const isEscaped = key.length > 0 && this.hit(0.02);
      const hex = first.toString(16).padStart(4, "0");
      const name = isEscaped ? `"\\u${hex}${JSON.stringify(key.slice(1)).slice(1)}` : quote(key);
      return `${space()}${name}${space()}:${space()}${value}${space()}`;
    });
    return `{${texts.join(",")}}`;
  }

  /** An object of which some of the given keys, and some that nobody knows, have any values. */
  objectWith(keys: readonly string[], depth = 2): string {
    const known = this.some(keys, 0.3).map((key): MemberText => [key, this.json(depth)]);
    const twice = known.length > 0 && this.hit(0.2) ? [this.of(known)] : [];
    return this.object([...known, ["x-unknown", this.json(depth)], ...twice]);
  }

  /** Damages a copy of the bytes in one to three places. */
  damage(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    let damaged = Uint8Array.from(bytes);
    for (let left = 1 + this.below(3); left > 0; left--) damaged = this.#hurt(damaged);
    return damaged;
  }

  #hurt(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const at = this.below(bytes.length + 1);
    const to = Math.min(bytes.length, at + 1 + this.below(8));
    const piece = this.of([
      [],
      [this.of([...SHARP])],
      [this.below(256)],
      [...bytes.subarray(at, to), ...bytes.subarray(at, to)],
    ]);
    const after = this.hit(0.03) ? [] : bytes.subarray(this.hit(0.5) ? to : at);
    return Uint8Array.from([...bytes.subarray(0, at), ...piece, ...after]);
  }
}

function quote(key: string): string {
  return JSON.stringify(key);
}
