/**
 * Passwords: which are good enough, and their hashes (argon2id, 19 MiB, two rounds).
 *
 * Owns the two places where a hash may be computed at once, and the bounded line of those who wait
 * for one: each takes memory, so parallel tries must not eat it. Stores nothing.
 */

/** Shorter ones can be guessed, whatever is in them. */
export const MIN_PASSWORD_CHARACTERS = 12;

const MAX_CHARACTERS = 256;
const MIN_DIFFERENT_CHARACTERS = 5;
const CONCURRENT = 2;
/** With the two that run, a wait of well under a second. */
const MAX_WAITING = 16;
const ARGON2 = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;
/** Of a random text that nobody knows, so that a name without a password takes as long as one with. */
const NOBODYS_HASH =
  "$argon2id$v=19$m=19456,t=2,p=1$37f6/AGQVq8Vmss9hVX4ZjKef+/KgjZWJGTJEOBnHj8$pOEVHkKWugXjBtqWpaH7W8ezEQ/6SVGv+ozHSVlHyrQ";

/** What is left of the first guesses of everybody when digits and signs are taken off. */
const FIRST_GUESSES: ReadonlySet<string> = new Set([
  ...["password", "passwort", "passwords", "passphrase", "changeme", "letmein", "welcome"],
  ...[
    "administrator",
    "admin",
    "owner",
    "secret",
    "qwerty",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
  ],
  ...["iloveyou", "remotemcpproxy", "mcpproxy", "claude", "abcdefghijkl", "passwordpassword"],
]);

/** Why a password is not good enough, as a sentence; undefined when it is. */
export function faultOfPassword(password: string, user: string): string | undefined {
  const characters = [...password.normalize("NFKC")];
  if (characters.length < MIN_PASSWORD_CHARACTERS)
    return `The password needs at least ${MIN_PASSWORD_CHARACTERS} characters.`;
  if (characters.length > MAX_CHARACTERS)
    return `The password may have ${MAX_CHARACTERS} characters at most.`;
  if (new Set(characters).size < MIN_DIFFERENT_CHARACTERS)
    return `The password needs at least ${MIN_DIFFERENT_CHARACTERS} different characters.`;
  const letters = password
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}]/gu, "");
  const isGuess =
    FIRST_GUESSES.has(letters) ||
    letters === user.toLowerCase().replace(/[^\p{L}]/gu, "") ||
    "01234567890123456789".includes(password) ||
    "98765432109876543210".includes(password);
  return isGuess ? "This password is among the first that are guessed. Choose another." : undefined;
}

/** Hashes and compares, two at once. */
export class PasswordHasher {
  #running = 0;
  /** Those who are let in first, and the others. */
  readonly #lines: readonly [(() => void)[], (() => void)[]] = [[], []];

  /** The hash as it is kept. Undefined when too many wait already. */
  hash(password: string): Promise<string> | undefined {
    return this.#run(true, () => Bun.password.hash(password.normalize("NFKC"), ARGON2));
  }

  /**
   * Compares. Takes as long without a `hash` as with one. Undefined when too many wait already.
   * @param isKnown for callers that shall not wait behind strangers
   */
  verify(
    password: string,
    hash: string | undefined,
    isKnown: boolean,
  ): Promise<boolean> | undefined {
    return this.#run(isKnown, async () => {
      const tried = password.normalize("NFKC").slice(0, MAX_CHARACTERS * 2);
      const isRight = await Bun.password.verify(tried, hash ?? NOBODYS_HASH);
      return isRight && hash !== undefined;
    });
  }

  #run<Value>(isKnown: boolean, work: () => Promise<Value>): Promise<Value> | undefined {
    const line = this.#lines[isKnown ? 0 : 1];
    if (line.length >= MAX_WAITING) return undefined;
    return this.#inTurn(line, work);
  }

  /** Each wait ends: a hash is computed in a known time, and the line is short. */
  async #inTurn<Value>(line: (() => void)[], work: () => Promise<Value>): Promise<Value> {
    if (this.#running >= CONCURRENT) await new Promise<void>((resolve) => line.push(resolve));
    else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#lines[0].shift() ?? this.#lines[1].shift();
      // The place is handed on, so that nobody slips in between.
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
