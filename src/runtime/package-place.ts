/**
 * Where the packages of one server are: a lock file, and one folder for each installed version.
 *
 *   {packages}/{server}-{key}/lock.json       what was resolved, so that the same start gives the same code
 *   {packages}/{server}-{key}/{version}-{…}/  package.json, bun.lock, node_modules
 *
 * Owns these files. A version appears whole or not at all: it is made beside its place and renamed
 * into it; several gateways may share the folder. Does not know how packages are installed.
 */
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** What an installation depends on; with anything else it is another one. */
export interface PlaceKey {
  /** The slug of the server. */
  readonly server: string;
  readonly packages: readonly string[];
  readonly installScripts: boolean;
  readonly registry: string | undefined;
}

/** The lock file. */
export interface PackageLock {
  /** Exact versions by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** The folder of the installed version. */
  readonly release: string;
  /** When the registry was last asked whether there is a newer one; milliseconds since 1970. */
  readonly checkedAtMs: number;
  /** The package.json and the bun.lock that make the same tree again. */
  readonly manifest: string;
  readonly bunLock: string;
}

const FORMAT = "remote-mcp-proxy/packages";
const LOCK = "lock.json";
const UNFINISHED = ".unfinished-";
/** What a killed gateway left; a living one needs minutes. */
const UNFINISHED_KEEP_MS = 60 * 60_000;
/** A version that was replaced may still run somewhere. */
const REPLACED_KEEP_MS = 30 * 24 * 60 * 60_000;
const MAX_LOCK_BYTES = 16 * 1024 * 1024;

/** The packages of one server. */
export class PackagePlace {
  readonly folder: string;
  #lock: { readonly text: string; readonly value: PackageLock | undefined } | undefined;

  constructor(packagesFolder: string, { server, ...key }: PlaceKey) {
    const machine = [process.platform, process.arch];
    const text = JSON.stringify([key.packages, key.installScripts, key.registry ?? "", machine]);
    const hash = new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 10);
    this.folder = join(packagesFolder, `${server}-${hash}`);
  }

  /** The lock file; undefined when there is none of use. */
  get lock(): PackageLock | undefined {
    let text: string;
    const path = join(this.folder, LOCK);
    try {
      if (lstatSync(path).size > MAX_LOCK_BYTES) return undefined;
      text = readFileSync(path, "utf8");
    } catch {
      return undefined; // nothing is installed, or it cannot be read: both mean to install
    }
    if (this.#lock?.text !== text) this.#lock = { text, value: parseLock(text) };
    return this.#lock.value;
  }

  /** The folder of the locked version, whether or not it is there. */
  releaseFolder({ release }: PackageLock): string {
    return join(this.folder, release);
  }

  /** False where nothing can be installed, as in an image that is read-only. */
  get isWritable(): boolean {
    try {
      accessSync(this.folder, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  }

  /** An empty folder beside the versions. @throws the error of the file system */
  begin(wallMs: number): string {
    // Packages are no secret, and a server that runs as another user has to read its own; the data
    // folder around them keeps all others out.
    mkdirSync(this.folder, { recursive: true, mode: 0o755 });
    this.#sweep(wallMs);
    return mkdtempSync(join(this.folder, UNFINISHED));
  }

  /**
   * Makes the tree in `unfinished` the installed version; the one before stays for those who run it.
   * @returns its folder @throws the error of the file system
   */
  publish(unfinished: string, lock: Omit<PackageLock, "release">): string {
    const [version = ""] = Object.values(lock.versions);
    const hash = new Bun.CryptoHasher("sha256").update(lock.bunLock).digest("hex").slice(0, 8);
    const release = `${version.replace(/[^\w.+-]/g, "_").slice(-60)}-${hash}`;
    const before = this.lock;
    chmodSync(unfinished, 0o755);
    const target = join(this.folder, release);
    if (existsSync(target)) {
      // It is the same version: made by another gateway just now, or damaged and made again.
      const aside = join(
        this.folder,
        `${UNFINISHED}${crypto.getRandomValues(new Uint8Array(6)).toHex()}`,
      );
      renameSync(target, aside);
      renameSync(unfinished, target);
      rmSync(aside, { recursive: true, force: true });
    } else {
      renameSync(unfinished, target);
    }
    this.write({ ...lock, release });
    if (before !== undefined && before.release !== release) touch(this.releaseFolder(before));
    return target;
  }

  /** Replaces the lock file. @throws the error of the file system */
  write(lock: PackageLock): void {
    const path = join(this.folder, LOCK);
    const unfinished = `${path}.${crypto.getRandomValues(new Uint8Array(6)).toHex()}`;
    const text = `${JSON.stringify({ format: FORMAT, version: 1, ...lock }, null, 2)}\n`;
    try {
      writeFileSync(unfinished, text, { mode: 0o600, flag: "wx" });
      renameSync(unfinished, path);
    } catch (error) {
      rmSync(unfinished, { force: true });
      throw error;
    }
  }

  #sweep(wallMs: number): void {
    const current = this.lock?.release;
    for (const name of readdirSync(this.folder)) {
      if (name === LOCK || name === current) continue;
      const path = join(this.folder, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      const isUnfinished = name.startsWith(UNFINISHED) || name.startsWith(`${LOCK}.`);
      const keepMs = isUnfinished ? UNFINISHED_KEEP_MS : REPLACED_KEEP_MS;
      if (stats !== undefined && stats.mtimeMs < wallMs - keepMs) {
        rmSync(path, { recursive: true, force: true });
      }
    }
  }
}

/** From now on it counts as replaced. */
function touch(folder: string): void {
  const now = new Date();
  if (existsSync(folder)) utimesSync(folder, now, now);
}

function parseLock(text: string): PackageLock | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // what is no lock file counts as none
  }
  if (!isRecord(value) || value["format"] !== FORMAT || value["version"] !== 1) return undefined;
  const { versions, release, checkedAtMs, manifest, bunLock } = value;
  const isName = typeof release === "string" && /^[\w+-][\w.+-]*$/.test(release);
  const isWhole = typeof manifest === "string" && typeof bunLock === "string";
  if (!isName || !isWhole || typeof checkedAtMs !== "number" || !isRecord(versions)) {
    return undefined;
  }
  if (!Object.values(versions).every((version) => typeof version === "string")) return undefined;
  return {
    versions: versions as Readonly<Record<string, string>>,
    release,
    checkedAtMs,
    manifest,
    bunLock,
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
