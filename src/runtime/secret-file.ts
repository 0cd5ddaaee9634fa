/**
 * The gateway's secret on the disk: `key/secret` in the data folder.
 *
 * It is made in a folder beside its place, which is then renamed into it. A rename onto a folder
 * that is not empty fails, on every file system, so of several gateways that start at once one
 * makes the secret and all others find it; nobody ever sees a part of it.
 */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { messageOf } from "../kernel/error.ts";

/** Length of the secret. */
export const SECRET_BYTES = 32;

const FOLDER = "key";
const FILE = "secret";
/** Each failed attempt means that another gateway changed the folder in between. */
const ATTEMPTS = 5;

/**
 * The secret in `root`, made when there is none. One that is broken is set aside and said.
 * @throws Error when the folder cannot be used
 */
export function keepSecret(root: string, warn: (message: string) => void): Uint8Array {
  const folder = join(root, FOLDER);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const kept = readSecret(folder);
    if (kept !== undefined) {
      closeToOthers(folder, 0o700, warn);
      closeToOthers(join(folder, FILE), 0o600, warn);
      return kept;
    }
    if (!offerSecret(root, folder) && readSecret(folder) === undefined) {
      setAside(root, folder, warn);
    }
  }
  throw new Error(`${folder} changes all the time`);
}

/** Undefined when there is none, or what is there has another size. */
function readSecret(folder: string): Uint8Array | undefined {
  try {
    const secret = readFileSync(join(folder, FILE));
    return secret.length === SECRET_BYTES ? secret : undefined;
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw error;
  }
}

/** False when something is in its place already. */
function offerSecret(root: string, folder: string): boolean {
  const fresh = mkdtempSync(join(root, `.${FOLDER}-`));
  try {
    const file = openSync(join(fresh, FILE), "wx", 0o600);
    try {
      writeSync(file, crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return moveFolder(fresh, folder);
  } finally {
    // Gone when it was moved.
    rmSync(fresh, { recursive: true, force: true });
  }
}

/**
 * Takes what is no secret out of the way, without deleting it. Between the look and the rename
 * another gateway may have put a good one there: that is put back.
 */
function setAside(root: string, folder: string, warn: (message: string) => void): void {
  const aside = join(root, `${FOLDER}-broken-${crypto.getRandomValues(new Uint8Array(6)).toHex()}`);
  try {
    renameSync(folder, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return; // another gateway was faster
    throw error;
  }
  if (readSecret(aside) !== undefined) {
    if (!moveFolder(aside, folder)) rmSync(aside, { recursive: true, force: true });
    return;
  }
  warn(`${folder} holds no secret of ours: it is now ${aside}, and a new secret is made`);
}

/** False when the target is there and not empty, or no folder. */
function moveFolder(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR") return false;
    throw error;
  }
}

function closeToOthers(path: string, mode: number, warn: (message: string) => void): void {
  if ((lstatSync(path).mode & 0o077) === 0) return;
  try {
    chmodSync(path, mode);
    warn(`${path} was open to other users of this machine; it no longer is`);
  } catch (error) {
    warn(`${path} is open to other users of this machine: ${messageOf(error)}`);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
