/**
 * Back-off against guessing, in lanes, so that whoever guesses slows down only himself.
 *
 * A browser from which the person has signed in before has a lane of its own: guesses from
 * elsewhere, however many, never keep it out. Strangers share one lane for each address and one for
 * each name. An address is refused long before a name's lane is empty, so a single guesser cannot
 * close the name for other addresses; many together can, and then a set-up link is the way in.
 */
import { TokenBuckets } from "./token-bucket.ts";
import type { Clock } from "../kernel/clock.ts";

/** Ten tries at once, then one in a minute. */
const ADDRESS = { capacity: 10, periodMs: 600_000, maxKeys: 10_000 };
/** Three addresses' worth: at most 4320 guesses a day at one name, from however many addresses. */
const NAME = { capacity: 30, periodMs: 600_000, maxKeys: 10_000 };
const BROWSER = { capacity: 10, periodMs: 600_000, maxKeys: 1000 };

/** One try to sign in. */
export interface Try {
  /** As typed. */
  readonly user: string;
  /** Undefined where it cannot be known: all those share one lane. */
  readonly address: string | undefined;
  /** Something that names the browser, when the person has signed in from it before. */
  readonly knownBrowser: string | undefined;
}

export class GuessLimits {
  readonly #addresses: TokenBuckets;
  readonly #names: TokenBuckets;
  readonly #browsers: TokenBuckets;

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#addresses = new TokenBuckets(ADDRESS, clock);
    this.#names = new TokenBuckets(NAME, clock);
    this.#browsers = new TokenBuckets(BROWSER, clock);
  }

  /** Counts a try before it is made. @returns milliseconds to wait; 0 when it may be made */
  take({ user, address, knownBrowser }: Try): number {
    if (knownBrowser !== undefined) return this.#browsers.take(`${knownBrowser} ${user}`);
    const network = networkOf(address);
    const waitMs = this.#addresses.take(network);
    if (waitMs > 0) return waitMs;
    const nameWaitMs = this.#names.take(user);
    // What was refused was no guess.
    if (nameWaitMs > 0) this.#addresses.giveBack(network);
    return nameWaitMs;
  }

  /** Takes a count back: the try was right, or was never made. */
  giveBack({ user, address, knownBrowser }: Try): void {
    if (knownBrowser !== undefined) return this.#browsers.giveBack(`${knownBrowser} ${user}`);
    this.#addresses.giveBack(networkOf(address));
    this.#names.giveBack(user);
  }
}

/** One customer of a provider has a whole /64 of IPv6 addresses. */
function networkOf(address: string | undefined): string {
  if (address === undefined) return "unknown";
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail] = address.toLowerCase().split("%")[0]?.split("::") ?? [];
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill("0"), ...right];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
