/**
 * The shared children of one server, each with the clients that use it, and how they are found.
 */
import type { Era } from "../wire/revision.ts";
import type { ProfileKey } from "./kept-server.ts";
import type { Link } from "./link.ts";

/** A shared child and the clients that use it now. */
export interface Group {
  readonly key: string;
  readonly era: Era;
  /** Whose it is, and what its child was told: what is kept of it is found by these. */
  readonly facts: ProfileKey;
  /** Params of the request that opened its connection. */
  readonly opening: Uint8Array;
  readonly link: Link;
  users: number;
  lastUsedMs: number;
}

/** Groups by whose they are, what their child was told, and its number among several of the kind. */
export class GroupTable {
  readonly #byKey = new Map<string, Group>();
  /** Most calls want the same as the one before, and making its key costs more than comparing. */
  #last: Group | undefined;

  /** @param lease number of a further process of the same kind, 0 for the first */
  get(facts: ProfileKey, lease: number): Group | undefined {
    if (lease === 0 && this.#last !== undefined && isOf(this.#last, facts)) return this.#last;
    const known = this.#byKey.get(keyOf(facts, lease));
    if (lease === 0) this.#last = known;
    return known;
  }

  add(group: Group): void {
    this.#byKey.set(group.key, group);
  }

  delete(group: Group): void {
    this.#byKey.delete(group.key);
    if (this.#last === group) this.#last = undefined;
  }

  all(): readonly Group[] {
    return [...this.#byKey.values()];
  }
}

/** What a group is found by, as one text. */
export function keyOf({ era, principal, fingerprint }: ProfileKey, lease: number): string {
  return `${era} ${principal} ${fingerprint}${lease === 0 ? "" : ` #${lease}`}`;
}

function isOf({ facts }: Group, { era, principal, fingerprint }: ProfileKey): boolean {
  return facts.era === era && facts.principal === principal && facts.fingerprint === fingerprint;
}
