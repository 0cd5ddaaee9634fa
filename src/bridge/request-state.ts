/**
 * The `requestState` that the gateway gives to modern clients: encrypted and authenticated, since
 * everything that a client sends back is the client's word (protocol.md 3.4.3).
 *
 * Seals and opens; remembers nothing. Single use, rounds and whether a parked call is still there
 * are for the owner of the parked calls. AES-256-GCM with a random 96-bit nonce; its tag is checked
 * by the crypto library in constant time, before anything of the text is looked at.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr
 */
import type { Clock } from "../kernel/clock.ts";
import { GatewayError } from "../kernel/error.ts";
import { minifyJson } from "../wire/minify.ts";

/** What a state was given for; a retry must agree in all of it. */
export interface StateBinding {
  /** The server's slug. */
  readonly server: string;
  /** `hashPrincipal` of who asked. */
  readonly principal: string;
  readonly method: string;
  /** Name of the tool or prompt, uri of the resource. */
  readonly name: string;
  /** `hashArguments` of the call. */
  readonly argumentsHash: string;
}

export interface StatePayload extends StateBinding {
  /**
   * `parked`: a call of a legacy child waits under `id`; `url`: the call is sent again from scratch;
   * `wrapped`: `inner` is the state of a modern child.
   */
  readonly kind: "parked" | "url" | "wrapped";
  /** Unguessable; names the parked call, or this state. */
  readonly id: string;
  /** 1 for the first question of a call. */
  readonly round: number;
  /** Wall clock, milliseconds since 1970. */
  readonly expiresAtMs: number;
  /** The child's own state as it wrote it, as JSON text. */
  readonly inner?: string;
}

export interface StateSealer {
  /** Several people may reach one server, so the states of modern children are sealed too. */
  readonly isForSeveral: boolean;
  /**
   * The state as a text of `A-Za-z0-9_-` and dots, different at each call.
   * @throws GatewayError UPSTREAM_PROTOCOL when `inner` makes it longer than MAX_STATE_CHARS
   */
  seal(payload: StatePayload): string;
  /** What was sealed; undefined for a text that is forged, altered, cut, expired or of another key. */
  open(text: string): StatePayload | undefined;
}

/** Longest text that is made or looked at. */
export const MAX_STATE_CHARS = 1024 * 1024;

const VERSION = "s1";
const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 6;

/**
 * A sealer under a key of its own, derived from the gateway's secret; gateways with one secret open
 * each other's states.
 * @param secret at least 32 bytes
 */
export function createStateSealer(
  secret: Uint8Array,
  clock: Pick<Clock, "wallMs">,
  isForSeveral = false,
): StateSealer {
  if (secret.length < KEY_BYTES) throw new RangeError(`a key of ${secret.length} bytes`);
  let keys: { readonly key: Uint8Array; readonly head: string } | undefined;
  const keysOf = (): { readonly key: Uint8Array; readonly head: string } =>
    (keys ??= {
      key: derive(secret, "key", KEY_BYTES),
      head: `${VERSION}.${derive(secret, "key id", KEY_ID_BYTES).toString("base64url")}.`,
    });
  return {
    isForSeveral,
    seal: (payload) => {
      const { key, head } = keysOf();
      const text = head + encrypt(key, head, payload).toString("base64url");
      if (text.length <= MAX_STATE_CHARS) return text;
      throw new GatewayError(
        "UPSTREAM_PROTOCOL",
        `Server "${payload.server}" gave a requestState that is too long (${payload.inner?.length ?? 0} characters)`,
        { retryable: false },
      );
    },
    open: (text) => {
      const { key, head } = keysOf();
      if (text.length > MAX_STATE_CHARS || !text.startsWith(head)) return undefined;
      const sealed = fromBase64Url(text.slice(head.length));
      const plain = sealed === undefined ? undefined : decrypt(key, head, sealed);
      const payload = plain === undefined ? undefined : readPayload(plain);
      if (payload === undefined || payload.expiresAtMs <= clock.wallMs()) return undefined;
      return payload;
    },
  };
}

/** True when a state was given for just this call of this person. */
export function isBoundTo(payload: StateBinding, binding: StateBinding): boolean {
  return (
    payload.server === binding.server &&
    payload.principal === binding.principal &&
    payload.method === binding.method &&
    payload.name === binding.name &&
    payload.argumentsHash === binding.argumentsHash
  );
}

/**
 * SHA-256 of the arguments without insignificant white space, base64url. Hashed as they were
 * written: `1` and `1.0` differ, and so do two orders of members; absent is not `{}`.
 */
export function hashArguments(argumentsBytes: Uint8Array | undefined): string {
  return sha256(argumentsBytes === undefined ? "" : minifyJson(argumentsBytes));
}

/** SHA-256 of a principal, base64url, so that a state names nobody even to who holds the key. */
export function hashPrincipal(principal: string): string {
  return sha256(`principal ${principal}`);
}

function sha256(data: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(data).digest("base64url");
}

/** Loaded at the first state: it would cost every start 2 ms. */
function library(): typeof import("node:crypto") {
  return process.getBuiltinModule("node:crypto");
}

/** Keys for different uses of one secret are unrelated. */
function derive(secret: Uint8Array, use: string, bytes: number): Buffer {
  return Buffer.from(
    library().hkdfSync("sha256", secret, "", `request-state ${VERSION} ${use}`, bytes),
  );
}

function encrypt(key: Uint8Array, head: string, payload: StatePayload): Buffer {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const cipher = library().createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(head));
  const body = cipher.update(JSON.stringify(payload), "utf8");
  return Buffer.concat([nonce, body, cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Uint8Array, head: string, sealed: Buffer): string | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const bodyEnd = sealed.length - TAG_BYTES;
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const decipher = library().createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(head));
  decipher.setAuthTag(sealed.subarray(bodyEnd));
  const body = decipher.update(sealed.subarray(NONCE_BYTES, bodyEnd));
  try {
    return Buffer.concat([body, decipher.final()]).toString("utf8");
  } catch {
    // The tag does not fit: not ours, or altered. That is an answer, and the only one.
    return undefined;
  }
}

/** Bytes of the one text that stands for them: the decoder alone would accept many. */
function fromBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}

function readPayload(text: string): StatePayload | undefined {
  // Authenticated, so only this program wrote it; the shape is checked for a change without a new VERSION.
  const value: unknown = JSON.parse(text);
  return isPayload(value) ? value : undefined;
}

const TEXTS = ["id", "server", "principal", "method", "name", "argumentsHash"] as const;

function isPayload(value: unknown): value is StatePayload {
  if (typeof value !== "object" || value === null) return false;
  const members = value as Record<string, unknown>;
  return (
    ["parked", "url", "wrapped"].includes(String(members["kind"])) &&
    TEXTS.every((key) => typeof members[key] === "string") &&
    Number.isSafeInteger(members["round"]) &&
    typeof members["expiresAtMs"] === "number" &&
    ["undefined", "string"].includes(typeof members["inner"])
  );
}
