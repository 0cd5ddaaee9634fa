/**
 * Pure. Collections whose members come and go with every call.
 *
 * A Map or Set of the runtime leaves its table behind whenever it makes a new one, and each table leads
 * to the next. Once the collector counts one of them as old, all that passes afterwards stays until it
 * goes through the whole heap: half of what calls leave behind survived, and every second collection
 * was a whole one. Here who has left is led to by nobody and leads to nobody.
 */

/** A member where it stands among the others. */
class Link<Value> {
  value: Value | undefined;
  before: Link<Value> | undefined = undefined;
  after: Link<Value> | undefined = undefined;

  constructor(value: Value) {
    this.value = value;
  }
}

/** A member with the key that it is found by. */
class KeyedLink<Key, Value> extends Link<Value> {
  readonly key: Key;
  /** The next one of the same bucket. */
  next: KeyedLink<Key, Value> | undefined = undefined;

  constructor(key: Key, value: Value) {
    super(value);
    this.key = key;
  }
}

/** Members in the order in which they came. */
export class PassingList<Value extends object> {
  #first: Link<Value> | undefined;
  #last: Link<Value> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a member at the end. @returns what `remove` takes */
  add(value: Value): Link<Value> {
    return this.append(new Link(value));
  }

  /** Removes a member; false when it was removed before. */
  remove(link: Link<Value>): boolean {
    if (link.value === undefined) return false;
    const { before, after } = link;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    link.value = undefined;
    link.before = undefined;
    link.after = undefined;
    this.#size--;
    return true;
  }

  /** The members as they are now, the oldest first. */
  values(): Value[] {
    const values: Value[] = [];
    for (let link = this.#first; link !== undefined; link = link.after) {
      if (link.value !== undefined) values.push(link.value);
    }
    return values;
  }

  protected append<Kind extends Link<Value>>(link: Kind): Kind {
    link.before = this.#last;
    if (this.#last === undefined) this.#first = link;
    else this.#last.after = link;
    this.#last = link;
    this.#size++;
    return link;
  }
}

/** What `PassingList.remove` takes. */
export type Place<Value> = Link<Value>;

const LEAST_BUCKETS = 8;

/** Members by key, in the order in which they came. */
export class PassingMap<
  Key extends string | number,
  Value extends object,
> extends PassingList<Value> {
  /** A power of two of them, as many as members at least. */
  #buckets: (KeyedLink<Key, Value> | undefined)[] = [];

  get(key: Key): Value | undefined {
    return this.#find(key)?.value;
  }

  has(key: Key): boolean {
    return this.#find(key) !== undefined;
  }

  /** Adds a member. Its key must not be there. */
  set(key: Key, value: Value): void {
    if (this.size >= this.#buckets.length) this.#grow();
    this.#intoBucket(this.append(new KeyedLink(key, value)));
  }

  /** Removes the member of a key; false when there is none. */
  delete(key: Key): boolean {
    const at = this.#bucketOf(key);
    let before: KeyedLink<Key, Value> | undefined;
    let link = this.#buckets[at];
    while (link !== undefined && link.key !== key) {
      before = link;
      link = link.next;
    }
    if (link === undefined) return false;
    if (before === undefined) this.#buckets[at] = link.next;
    else before.next = link.next;
    link.next = undefined;
    return this.remove(link);
  }

  #find(key: Key): KeyedLink<Key, Value> | undefined {
    let link = this.#buckets[this.#bucketOf(key)];
    while (link !== undefined && link.key !== key) link = link.next;
    return link;
  }

  #bucketOf(key: Key): number {
    const hash = typeof key === "number" ? key : hashOf(key);
    return hash & (this.#buckets.length - 1);
  }

  #intoBucket(link: KeyedLink<Key, Value>): void {
    const at = this.#bucketOf(link.key);
    link.next = this.#buckets[at];
    this.#buckets[at] = link;
  }

  #grow(): void {
    const old = this.#buckets;
    const length = Math.max(LEAST_BUCKETS, old.length * 2);
    this.#buckets = new Array<undefined>(length).fill(undefined);
    for (const bucket of old) {
      let link = bucket;
      while (link !== undefined) {
        const { next } = link;
        this.#intoBucket(link);
        link = next;
      }
    }
  }
}

/** FNV-1a, of the code units. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 16);
}
