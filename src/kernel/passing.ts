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
  before: this | undefined = undefined;
  after: this | undefined = undefined;

  constructor(value: Value) {
    this.value = value;
  }
}

/** A member with the key that it is found by. */
class KeyedLink<Key, Value> extends Link<Value> {
  readonly key: Key;
  /** The next one of the same bucket. */
  next: this | undefined = undefined;

  constructor(key: Key, value: Value) {
    super(value);
    this.key = key;
  }
}

/** What `PassingList.remove` takes. */
export type Place<Value> = Link<Value>;

/** Links in the order in which they came. */
class Chain<Kind extends Link<object>> {
  first: Kind | undefined;
  last: Kind | undefined;
  size = 0;

  append(link: Kind): Kind {
    link.before = this.last;
    if (this.last === undefined) this.first = link;
    else this.last.after = link;
    this.last = link;
    this.size++;
    return link;
  }

  /** False when it was removed before. */
  remove(link: Kind): boolean {
    if (link.value === undefined) return false;
    const { before, after } = link;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    link.value = undefined;
    link.before = undefined;
    link.after = undefined;
    this.size--;
    return true;
  }
}

/** The members as they are now, the oldest first. */
function valuesOf<Value extends object>(first: Link<Value> | undefined): Value[] {
  const values: Value[] = [];
  for (let link = first; link !== undefined; link = link.after) {
    if (link.value !== undefined) values.push(link.value);
  }
  return values;
}

/** Members in the order in which they came. */
export class PassingList<Value extends object> {
  readonly #chain = new Chain<Link<Value>>();

  get size(): number {
    return this.#chain.size;
  }

  /** Adds a member at the end. @returns what `remove` takes */
  add(value: Value): Place<Value> {
    return this.#chain.append(new Link(value));
  }

  /** Removes a member; false when it was removed before. */
  remove(place: Place<Value>): boolean {
    return this.#chain.remove(place);
  }

  /** The members as they are now, the oldest first. */
  values(): Value[] {
    return valuesOf(this.#chain.first);
  }
}

/** So few that they are found by looking at each. */
const FEW = 4;

/** Members by key, in the order in which they came. */
export class PassingMap<Key extends string | number, Value extends object> {
  readonly #chain = new Chain<KeyedLink<Key, Value>>();
  /** Where there are more than a few: a power of two of them, as many as members at least. */
  #buckets: (KeyedLink<Key, Value> | undefined)[] | undefined;

  get size(): number {
    return this.#chain.size;
  }

  get(key: Key): Value | undefined {
    return this.#find(key)?.value;
  }

  has(key: Key): boolean {
    return this.#find(key) !== undefined;
  }

  /** Adds a member. Its key must not be there. */
  set(key: Key, value: Value): void {
    const link = this.#chain.append(new KeyedLink(key, value));
    const { size } = this.#chain;
    const buckets = this.#buckets;
    if (size > (buckets?.length ?? FEW)) this.#buckets = this.#intoBuckets(size * 2);
    else if (buckets !== undefined) put(link, buckets);
  }

  /** Removes the member of a key; false when there is none. */
  delete(key: Key): boolean {
    const link = this.#find(key);
    if (link === undefined) return false;
    if (this.#buckets !== undefined) take(link, this.#buckets);
    this.#chain.remove(link);
    if (this.#chain.size === 0) this.#buckets = undefined;
    return true;
  }

  /** The members as they are now, the oldest first. */
  values(): Value[] {
    return valuesOf(this.#chain.first);
  }

  #find(key: Key): KeyedLink<Key, Value> | undefined {
    const buckets = this.#buckets;
    let link = buckets === undefined ? this.#chain.first : buckets[bucketOf(key, buckets.length)];
    while (link !== undefined && link.key !== key) {
      link = buckets === undefined ? link.after : link.next;
    }
    return link;
  }

  /** @param least how many there must be */
  #intoBuckets(least: number): (KeyedLink<Key, Value> | undefined)[] {
    let length = FEW * 2;
    while (length < least) length *= 2;
    const buckets = new Array<KeyedLink<Key, Value> | undefined>(length).fill(undefined);
    for (let link = this.#chain.first; link !== undefined; link = link.after) put(link, buckets);
    return buckets;
  }
}

function put<Kind extends KeyedLink<string | number, object>>(
  link: Kind,
  buckets: (Kind | undefined)[],
): void {
  const at = bucketOf(link.key, buckets.length);
  link.next = buckets[at];
  buckets[at] = link;
}

function take<Kind extends KeyedLink<string | number, object>>(
  link: Kind,
  buckets: (Kind | undefined)[],
): void {
  const at = bucketOf(link.key, buckets.length);
  let before: Kind | undefined;
  let other = buckets[at];
  while (other !== undefined && other !== link) {
    before = other;
    other = other.next;
  }
  if (before === undefined) buckets[at] = link.next;
  else before.next = link.next;
  link.next = undefined;
}

/** @param length a power of two */
function bucketOf(key: string | number, length: number): number {
  return (typeof key === "number" ? key : hashOf(key)) & (length - 1);
}

/** FNV-1a, of the code units. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 16);
}
