/**
 * Pure. A bounded queue that serves its flows in turn, so that one busy client cannot keep the
 * others of the same server waiting. Owns the waiting items.
 */

export class FairQueue<Item> {
  readonly #capacity: number;
  readonly #flows = new Map<string, Item[]>();
  #size = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  /** False when the queue is full and the item was not taken. */
  push(flow: string, item: Item): boolean {
    if (this.#size >= this.#capacity) return false;
    const waiting = this.#flows.get(flow);
    if (waiting === undefined) this.#flows.set(flow, [item]);
    else waiting.push(item);
    this.#size++;
    return true;
  }

  /** The oldest item of the flow whose turn it is; its flow goes to the end of the row. */
  shift(): Item | undefined {
    for (const [flow, waiting] of this.#flows) {
      const item = waiting.shift();
      this.#flows.delete(flow);
      if (item === undefined) continue;
      if (waiting.length > 0) this.#flows.set(flow, waiting);
      this.#size--;
      return item;
    }
    return undefined;
  }

  /** Takes the items that `match` out and returns them. */
  remove(match: (item: Item) => boolean): Item[] {
    const removed: Item[] = [];
    for (const [flow, waiting] of this.#flows) {
      const kept: Item[] = [];
      for (const item of waiting) (match(item) ? removed : kept).push(item);
      if (kept.length === waiting.length) continue;
      if (kept.length === 0) this.#flows.delete(flow);
      else this.#flows.set(flow, kept);
    }
    this.#size -= removed.length;
    return removed;
  }
}
