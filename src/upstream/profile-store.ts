/**
 * What is kept of every server between runs, so that clients are answered at once while a slow
 * server still starts (protocol.md 9.7, 9.14).
 *
 * Owns the facts of all servers and when they are written: at most once a second, one document for
 * each server, and the rest at `flush`. The documents go through a port. A server whose
 * configuration has changed is a new one.
 */
import type { ServerConfig } from "../config/model.ts";
import type { Clock, Timer } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import { KeptServer, MAX_SERVER_BYTES } from "./kept-server.ts";

/** Where documents are kept; `DataFolder` of runtime/data-folder.ts is one. */
export interface DocumentFiles {
  /** A JSON object, or undefined when there is none of at most `maxBytes`. */
  read(name: string, maxBytes: number): Uint8Array | undefined;
  /** @throws when it could not be written; the old one is then still there */
  write(name: string, bytes: Uint8Array): Promise<void>;
}

export interface ProfileStoreOptions {
  readonly files: DocumentFiles;
  /** The gateway's secret: what is hashed on the disk cannot be guessed without it. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Changes within this time are written together. */
export const SAVE_DELAY_MS = 1_000;

export class ProfileStore {
  readonly #options: ProfileStoreOptions;
  readonly #servers = new Map<string, KeptServer>();
  readonly #dirty = new Set<string>();
  /** Servers whose document could not be written, and whose owner knows. */
  readonly #failing = new Set<string>();
  #timer: Timer | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: ProfileStoreOptions) {
    this.#options = options;
  }

  /** Reads what is kept of these servers and forgets all others. Synchronous, for the start. */
  load(servers: readonly ServerConfig[]): void {
    const wanted = new Set(servers.map((server) => server.slug));
    for (const slug of this.#servers.keys()) if (!wanted.has(slug)) this.#servers.delete(slug);
    for (const server of servers) this.of(server);
  }

  /** What is kept of a server: nothing when its configuration is not the one it was learned with. */
  of(server: ServerConfig): KeptServer {
    const configHash = this.#configHash(server);
    const known = this.#servers.get(server.slug);
    if (known?.configHash === configHash) return known;
    const kept = new KeptServer({
      configHash,
      hash: (text) => this.#hash(text),
      wallMs: () => this.#options.clock.wallMs(),
      // Late facts of a configuration that is no longer in use change nothing: the newest is written.
      onChange: () => this.#changed(server.slug),
    });
    this.#servers.set(server.slug, kept);
    this.#restore(server, kept);
    return kept;
  }

  /** Writes what is not written yet. Resolves when it is on the disk, or was said to have failed. */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#saving = this.#saving.then(() => this.#saveAll());
    return this.#saving;
  }

  #restore(server: ServerConfig, kept: KeptServer): void {
    const document = this.#options.files.read(documentName(server.slug), MAX_SERVER_BYTES);
    const refusal = document === undefined ? undefined : kept.restore(document);
    if (refusal === undefined) return;
    this.#notice("INFO", `what was kept of server "${server.name}" is not used: ${refusal}`);
  }

  #changed(slug: string): void {
    this.#dirty.add(slug);
    this.#timer ??= this.#options.clock.after(SAVE_DELAY_MS, () => {
      this.#timer = undefined;
      this.#saving = this.#saving.then(() => this.#saveAll());
    });
  }

  /** Never rejects. What fails is tried again with the next change of that server, not before. */
  async #saveAll(): Promise<void> {
    for (const slug of [...this.#dirty]) {
      this.#dirty.delete(slug);
      const kept = this.#servers.get(slug);
      if (kept !== undefined) await this.#save(slug, kept);
    }
  }

  async #save(slug: string, kept: KeptServer): Promise<void> {
    try {
      await this.#options.files.write(documentName(slug), kept.toBytes());
      this.#failing.delete(slug);
    } catch (error) {
      if (this.#failing.has(slug)) return;
      this.#failing.add(slug);
      this.#notice("WARNING", `what is known of ${slug} could not be kept: ${messageOf(error)}`);
    }
  }

  #notice(level: "INFO" | "WARNING", message: string): void {
    this.#options.emit({ kind: "gateway.notice", level, message });
  }

  /** What decides which program runs. Values of the environment are secrets: only a keyed hash is kept. */
  #configHash({ command, args, env, cwd }: ServerConfig): string {
    const variables = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
    return this.#hash(JSON.stringify([command, args, cwd ?? null, variables]));
  }

  #hash(text: string): string {
    return new Bun.CryptoHasher("sha256", this.#options.secret).update(text).digest("base64url");
  }
}

function documentName(slug: string): string {
  return `profiles/${slug}`;
}
