/**
 * Pure. What is known of one server from its last run: era, whether it asks back, and for each kind
 * of client its handshake and first list pages, in the child's own bytes (protocol.md 9.7, 9.14).
 *
 * Owns these facts in memory, capped, and turns them into the bytes of one JSON document and back.
 * What belongs to one user is found with that user's key only. Does not know where it is kept.
 */
import {
  arrayElements,
  MAX_DEPTH,
  memberNamed,
  objectMembers,
  stringValue,
  type Member,
} from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { isJson, jsonBytes } from "../wire/message.ts";
import type { Era } from "../wire/revision.ts";

/** Whose facts: those of another era, of other capabilities or of another user are others. */
export interface ProfileKey {
  readonly era: Era;
  /** What the child was told that its client can do, as canonical JSON. */
  readonly fingerprint: string;
  readonly principal: string;
}

export interface KeptVerdict {
  /** It speaks the modern era. */
  readonly modern: boolean;
  /** It speaks the legacy era; undefined while nobody has asked it. */
  readonly legacy?: boolean;
}

/** What was done with bytes that were to be kept. `refused`: too long, or no JSON. */
export type KeepOutcome = "new" | "same" | "changed" | "refused";

/** Lists whose first page is kept. */
export const KEPT_LISTS: readonly string[] = [
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
];

/** How long a verdict holds: the program behind a command can be another one tomorrow. */
export const VERDICT_TTL_MS = 24 * 60 * 60_000;
/** Longest result that is kept. */
export const MAX_KEPT_BYTES = 1024 * 1024;
/** Longest document; the profiles that were unused for longest give way. */
export const MAX_SERVER_BYTES = 8 * 1024 * 1024;
/** Profiles of one server, for different eras, capabilities and users. */
export const MAX_PROFILES = 32;

const FORMAT = "remote-mcp-proxy/server";
const VERSION = "1";
/** The name under which a handshake stands among the lists; no method is called so. */
const HANDSHAKE = "handshake";
/** Room for all of a document but the results. */
const OVERHEAD_BYTES = 64 * 1024;

export interface KeptServerOptions {
  /** Stands for the configuration that the facts were learned with. */
  readonly configHash: string;
  /** One-way and keyed: the document names no user. */
  readonly hash: (text: string) => string;
  readonly wallMs: () => number;
  /** Called after every change that is worth writing. */
  readonly onChange: () => void;
}

type Results = Map<string, Uint8Array>;

export class KeptServer {
  readonly #options: KeptServerOptions;
  /** By hash of their key, the one unused for longest first. */
  readonly #profiles = new Map<string, Results>();
  #verdict: (KeptVerdict & { readonly atMs: number }) | undefined;
  #interactive = false;

  constructor(options: KeptServerOptions) {
    this.#options = options;
  }

  get configHash(): string {
    return this.#options.configHash;
  }

  /** The era verdict, unless it is older than VERDICT_TTL_MS or from the future. */
  get verdict(): KeptVerdict | undefined {
    const verdict = this.#verdict;
    if (verdict === undefined) return undefined;
    const ageMs = this.#options.wallMs() - verdict.atMs;
    return ageMs < 0 || ageMs >= VERDICT_TTL_MS ? undefined : verdict;
  }

  /** Keeps a verdict from now on. */
  keepVerdict(verdict: KeptVerdict): void {
    this.#verdict = { ...verdict, atMs: this.#options.wallMs() };
    this.#options.onChange();
  }

  /** True once the server has asked a client something (protocol.md 9.2). */
  get interactive(): boolean {
    return this.#interactive;
  }

  /** The server has asked a client something; it is known for that from now on. */
  markInteractive(): void {
    if (this.#interactive) return;
    this.#interactive = true;
    this.#options.onChange();
  }

  /** The last InitializeResult or DiscoverResult for this key. */
  handshake(key: ProfileKey): Uint8Array | undefined {
    return this.#find(key)?.get(HANDSHAKE);
  }

  /** Keeps a copy of a handshake's result. */
  keepHandshake(key: ProfileKey, result: Uint8Array): KeepOutcome {
    return this.#keep(key, HANDSHAKE, result);
  }

  /** The last first page of a list for this key. */
  list(key: ProfileKey, method: string): Uint8Array | undefined {
    return KEPT_LISTS.includes(method) ? this.#find(key)?.get(method) : undefined;
  }

  /** Keeps a copy of a list's first page; `changed` is to be announced to who was given the old one. */
  keepList(key: ProfileKey, method: string, result: Uint8Array): KeepOutcome {
    return KEPT_LISTS.includes(method) ? this.#keep(key, method, result) : "refused";
  }

  /** The facts as one JSON document. */
  toBytes(): Uint8Array {
    const { configHash } = this.#options;
    const head = { format: FORMAT, version: VERSION, config: configHash };
    const facts = { ...head, verdict: this.#verdict, interactive: this.#interactive };
    const pieces: Uint8Array[] = [jsonBytes(`${JSON.stringify(facts).slice(0, -1)},"profiles":[`)];
    let separator = "";
    for (const [key, results] of this.#profiles) {
      pieces.push(jsonBytes(`${separator}{"key":${JSON.stringify(key)}`));
      for (const [name, bytes] of results) pieces.push(jsonBytes(`,"${name}":`), bytes);
      pieces.push(jsonBytes("}"));
      separator = ",\n";
    }
    pieces.push(jsonBytes("]}\n"));
    return join(pieces);
  }

  /**
   * Takes the facts of a document over.
   * @returns why not, in words: it is of another format, version or configuration
   */
  restore(document: Uint8Array): string | undefined {
    const members = objectMembers(document, 0, MAX_DEPTH) ?? [];
    const text = (key: string): string | undefined =>
      stringValue(document, memberNamed(members, key));
    if (text("format") !== FORMAT) return "it is not of this program";
    if (text("version") !== VERSION) return "it is of another version of this program";
    if (text("config") !== this.configHash) return "the server's configuration has changed";
    this.#verdict = readVerdict(valueOf(document, memberNamed(members, "verdict")));
    this.#interactive = valueOf(document, memberNamed(members, "interactive")) === true;
    this.#profiles.clear();
    const profiles = memberNamed(members, "profiles");
    const elements =
      profiles === undefined ? [] : (arrayElements(document, profiles.start, MAX_DEPTH) ?? []);
    for (const element of elements) this.#restoreProfile(document, element.start);
    this.#makeRoom();
    return undefined;
  }

  #restoreProfile(document: Uint8Array, start: number): void {
    const members = objectMembers(document, start, MAX_DEPTH) ?? [];
    const key = stringValue(document, memberNamed(members, "key"));
    if (key === undefined) return;
    const results: Results = new Map();
    for (const name of [HANDSHAKE, ...KEPT_LISTS]) {
      const member = memberNamed(members, name);
      if (member === undefined || member.end - member.start > MAX_KEPT_BYTES) continue;
      results.set(name, document.slice(member.start, member.end));
    }
    this.#profiles.set(key, results);
  }

  #find(key: ProfileKey): Results | undefined {
    const hash = this.#hashOf(key);
    const results = this.#profiles.get(hash);
    if (results === undefined) return undefined;
    this.#profiles.delete(hash);
    this.#profiles.set(hash, results);
    return results;
  }

  #keep(key: ProfileKey, name: string, result: Uint8Array): KeepOutcome {
    const known = this.#find(key);
    const old = known?.get(name);
    if (old !== undefined && isEqual(old, result)) return "same";
    if (result.length > MAX_KEPT_BYTES || !isJson(result)) {
      // The old one is wrong by now: better none than that.
      if (known?.delete(name) === true) this.#options.onChange();
      return "refused";
    }
    const results: Results = known ?? new Map<string, Uint8Array>();
    // A copy: the bytes are a view of a chunk from the pipe, which they would keep in memory.
    results.set(name, result.slice());
    if (known === undefined) this.#profiles.set(this.#hashOf(key), results);
    this.#makeRoom();
    this.#options.onChange();
    return old === undefined ? "new" : "changed";
  }

  #makeRoom(): void {
    let bytes = OVERHEAD_BYTES;
    for (const results of this.#profiles.values()) bytes += sizeOf(results);
    for (const [key, results] of this.#profiles) {
      if (this.#profiles.size <= MAX_PROFILES && bytes <= MAX_SERVER_BYTES) return;
      this.#profiles.delete(key);
      bytes -= sizeOf(results);
    }
  }

  #hashOf({ era, fingerprint, principal }: ProfileKey): string {
    return this.#options.hash(JSON.stringify([era, fingerprint, principal]));
  }
}

function readVerdict(value: unknown): (KeptVerdict & { readonly atMs: number }) | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { modern, legacy, atMs } = value as Record<string, unknown>;
  if (typeof modern !== "boolean" || typeof atMs !== "number") return undefined;
  return typeof legacy === "boolean" ? { modern, legacy, atMs } : { modern, atMs };
}

/** A small member of our own document, parsed. */
function valueOf(document: Uint8Array, member: Member | undefined): unknown {
  if (member === undefined) return undefined;
  try {
    return JSON.parse(textOf(document, member.start, member.end));
  } catch {
    // Somebody has edited the document: the fact is unknown, as at the first start.
    return undefined;
  }
}

function sizeOf(results: Results): number {
  let bytes = 0;
  for (const result of results.values()) bytes += result.length;
  return bytes;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
