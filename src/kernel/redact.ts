/**
 * Pure. Blots out what must never be shown: configured secrets by their values, tokens by their
 * form. One place for the stderr of children and for every line of the log.
 */

/** Shorter values would blot out ordinary words. */
const MIN_SECRET_CHARS = 4;
const REDACTED = "[redacted]";

/** Blots out a part of a text. */
export type Redact = (text: string) => string;

/** A function that blots out every secret of at least four characters, also each line of a longer one. */
export function createRedactor(secrets: readonly string[]): Redact {
  const parts = new Set<string>();
  for (const secret of secrets) {
    for (const part of [secret, ...secret.split(/\r?\n/)]) {
      if (part.length >= MIN_SECRET_CHARS) parts.add(part);
    }
  }
  // The longest first: a secret that holds another one must go as a whole.
  const ordered = [...parts].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((clean, part) => clean.replaceAll(part, REDACTED), text);
}

/** Secrets and the server that has them; undefined for the gateway itself. */
export interface OwnedSecrets {
  readonly server: string | undefined;
  readonly values: readonly string[];
}

/** Not every value of an environment is a secret: outside the server's own lines these stay readable. */
const MIN_FOREIGN_CHARS = 8;
const PLAIN_WORDS: ReadonlySet<string> = new Set(["localhost", "production", "development"]);

/**
 * For lines of the gateway and of each server: a server's own values all go from its lines, and from
 * those of others unless they are short or plain words. Tokens go from all.
 */
export function createLineRedactor(
  owned: readonly OwnedSecrets[],
): (server: string | undefined) => Redact {
  const isForeign = (value: string): boolean =>
    value.length >= MIN_FOREIGN_CHARS && !PLAIN_WORDS.has(value);
  const common = owned.flatMap(({ server, values }) =>
    server === undefined ? values : values.filter(isForeign),
  );
  const complete = (values: readonly string[]): Redact => {
    const redact = createRedactor(values);
    return (text) => redactTokens(redact(text));
  };
  const forAll = complete(common);
  const own = new Map(
    owned.map(({ server, values }) => [server, complete([...values, ...common])]),
  );
  return (server) => own.get(server) ?? forAll;
}

/** Lines without any of these words hold no token that we could know: most lines end here. */
const MAYBE =
  /mgk_|eyJ|bearer|basic|dpop|token|secret|authorization|api[-_]?key|cookie|code_|session-id/i;
/** Keys of this gateway. */
const OWN_KEY = /\bmgk_[\w-]+/g;
/** The credentials of an `Authorization` header, wherever they stand; not "basic things". */
const CREDENTIALS =
  /\b(bearer|basic|dpop)(\s+)(?:(?=[\w.~+/=-]*[\d=+/])[\w.~+/=-]{6,}|[\w.~+/=-]{20,})/gi;
/** A JSON Web Token. */
const JWT = /\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*/g;
/** `name: value`, `name=value` and `"name":"value"`, also as text inside JSON. */
const NAMED =
  /\b((?:proxy-)?authorization|(?:access|refresh|id|registration_access)_token|client_secret|code_verifier|x-api-key|api[-_]?key|set-cookie|cookie|mcp-session-id)(\\*["']?\s*[:=]\s*\\*["']?)[^\s"'\\,;&}]+/gi;

/** Blots out API keys, credentials of headers and OAuth tokens, which are secret wherever they stand. */
export function redactTokens(text: string): string {
  if (!MAYBE.test(text)) return text;
  return text
    .replace(OWN_KEY, `mgk_${REDACTED}`)
    .replace(CREDENTIALS, `$1$2${REDACTED}`)
    .replace(JWT, REDACTED)
    .replace(NAMED, `$1$2${REDACTED}`);
}
