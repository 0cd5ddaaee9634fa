/**
 * Sessions of browsers, in memory: a restart signs everybody out of the pages, and ends no client.
 *
 * A browser has one before anybody has signed in, so that a waiting request can be bound to it. The
 * id is new at every sign-in: one that was planted before is worth nothing afterwards.
 */
import { base64Url } from "../kernel/base64url.ts";
import type { Clock } from "../kernel/clock.ts";
import type { SignedIn } from "./accounts.ts";

const ID_BYTES = 32;
const IDLE_MS = 60 * 60_000;
const ABSOLUTE_MS = 12 * 60 * 60_000;
/** Strangers and people apart: no number of strangers signs anybody out. */
const MAX_ANONYMOUS = 10_000;
const MAX_SIGNED_IN = 2000;

export interface BrowserSession {
  readonly id: string;
  /** Undefined before anybody has signed in. */
  readonly person: SignedIn | undefined;
}

interface Held extends BrowserSession {
  readonly openedAtMs: number;
  seenAtMs: number;
}

export class BrowserSessions {
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #anonymous = new Map<string, Held>();
  readonly #signedIn = new Map<string, Held>();

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#clock = clock;
  }

  /** Opens one; the longest unused makes room for it. */
  open(person?: SignedIn): BrowserSession {
    const nowMs = this.#clock.nowMs();
    const sessions = person === undefined ? this.#anonymous : this.#signedIn;
    const max = person === undefined ? MAX_ANONYMOUS : MAX_SIGNED_IN;
    const [oldest] = sessions.keys();
    if (sessions.size >= max && oldest !== undefined) sessions.delete(oldest);
    const id = base64Url(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
    const held: Held = { id, person, openedAtMs: nowMs, seenAtMs: nowMs };
    sessions.set(id, held);
    return held;
  }

  /** The live session of an id. */
  find(id: string | undefined): BrowserSession | undefined {
    if (id === undefined) return undefined;
    const sessions = this.#signedIn.has(id) ? this.#signedIn : this.#anonymous;
    const held = sessions.get(id);
    if (held === undefined) return undefined;
    const nowMs = this.#clock.nowMs();
    sessions.delete(id);
    if (nowMs - held.seenAtMs >= IDLE_MS || nowMs - held.openedAtMs >= ABSOLUTE_MS)
      return undefined;
    // Back at the end: the map is in the order of use.
    held.seenAtMs = nowMs;
    sessions.set(id, held);
    return held;
  }

  /** Ends one. */
  end(id: string): void {
    this.#anonymous.delete(id);
    this.#signedIn.delete(id);
  }
}
