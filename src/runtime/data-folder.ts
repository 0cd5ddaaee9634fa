/**
 * The folder of all that is kept between runs (DATA_DIR): the gateway's secret, and small JSON
 * documents by name. Two gateways may share one folder.
 *
 * Owns the files in it. A reader never sees half a file: the secret appears whole or not at all, a
 * document is written beside its place and renamed into it. A folder that cannot be used costs what
 * would have been kept, never the start. Knows nothing of what the documents say.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import { keepSecret, SECRET_BYTES } from "./secret-file.ts";

export interface DataFolder {
  /** 32 random bytes, the same at every start and in every gateway with this folder. */
  readonly secret: Uint8Array;
  /** False when the folder cannot be used: the secret is new, and nothing outlives this run. */
  readonly isPersistent: boolean;
  /**
   * A document's bytes, a JSON object; undefined when there is none. One that is broken or longer
   * than `maxBytes` is none either, and is said.
   * @param name lower-case letters, digits and dashes, with slashes for folders
   */
  read(name: string, maxBytes: number): Uint8Array | undefined;
  /**
   * Replaces a document. Resolves once it is on the disk, also when nothing can be kept at all.
   * @throws the error of the file system; the old document is then still there
   */
  write(name: string, bytes: Uint8Array): Promise<void>;
}

const NAME = /^[a-z0-9-]+(?:\/[a-z0-9-]+)*$/;
const UNFINISHED = ".unfinished";
/** What a killed gateway left half written; a living one needs seconds. */
const UNFINISHED_KEEP_MS = 60 * 60_000;

/** Opens the folder, made when it is missing, for this user only. Never throws. */
export function openDataFolder(root: string, emit: Emit, wallMs: () => number): DataFolder {
  const warn = (message: string): void => {
    emit({ kind: "gateway.notice", level: "WARNING", message });
  };
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const secret = keepSecret(root, warn);
    return new KeptFolder({ root, secret, warn, wallMs });
  } catch (error) {
    warn(`nothing is kept between runs, since ${root} cannot be used: ${messageOf(error)}`);
    return {
      secret: crypto.getRandomValues(new Uint8Array(SECRET_BYTES)),
      isPersistent: false,
      read: () => undefined,
      write: () => Promise.resolve(),
    };
  }
}

interface KeptFolderOptions {
  readonly root: string;
  readonly secret: Uint8Array;
  readonly warn: (message: string) => void;
  readonly wallMs: () => number;
}

class KeptFolder implements DataFolder {
  readonly secret: Uint8Array;
  readonly isPersistent = true;
  readonly #options: KeptFolderOptions;
  /** Folders that were made and tidied by this run. */
  readonly #prepared = new Set<string>();

  constructor(options: KeptFolderOptions) {
    this.#options = options;
    this.secret = options.secret;
  }

  read(name: string, maxBytes: number): Uint8Array | undefined {
    const path = this.#pathOf(name);
    try {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) return undefined;
      if (!stats.isFile()) return this.#ignore(path, "is no file");
      if (stats.size > maxBytes) return this.#ignore(path, `is longer than ${maxBytes} bytes`);
      const bytes = readFileSync(path);
      return isJsonObject(bytes) ? bytes : this.#ignore(path, "is no JSON object");
    } catch (error) {
      return this.#ignore(path, `cannot be read: ${messageOf(error)}`);
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(name);
    const folder = dirname(path);
    this.#prepare(folder);
    const unfinished = `${path}.${crypto.getRandomValues(new Uint8Array(6)).toHex()}${UNFINISHED}`;
    try {
      const file = await open(unfinished, "wx", 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    await syncFolder(folder);
  }

  #ignore(path: string, why: string): undefined {
    this.#options.warn(`${path} ${why}: it is ignored and will be replaced`);
    return undefined;
  }

  #pathOf(name: string): string {
    if (!NAME.test(name)) throw new RangeError(`not the name of a document: ${name}`);
    return join(this.#options.root, `${name}.json`);
  }

  #prepare(folder: string): void {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (this.#prepared.has(folder)) return;
    this.#prepared.add(folder);
    const before = this.#options.wallMs() - UNFINISHED_KEEP_MS;
    for (const name of readdirSync(folder).filter((one) => one.endsWith(UNFINISHED))) {
      const path = join(folder, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats !== undefined && stats.mtimeMs < before) rmSync(path, { force: true });
    }
  }
}

function isJsonObject(bytes: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    // The answer is the question: it is no JSON.
    return false;
  }
}

/** Makes the rename itself survive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Not every file system syncs folders; the document is whole in either case, only maybe the old one.
    return;
  }
}
