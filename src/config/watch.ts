/**
 * Notices that the config file has changed: edited in place, replaced by rename, behind a symbolic
 * link that was turned (as Kubernetes mounts do), or behind a bind mount of the single file.
 *
 * No one way of watching sees all of these, so three are used: events of the folder, events of the
 * file, and a slow look at its times for what both miss. Says nothing of what is in the file.
 */
import { statSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";
import type { Clock, Timer } from "../kernel/clock.ts";

/** The slow look; also how late a change is noticed where no events come at all. */
const LOOK_MS = 2_000;
/** Editors write in several steps: a change counts when this long nothing more has come. */
const QUIET_MS = 150;

/** Runs `onChange` after the file has changed, once for each burst of changes. */
export function watchConfigFile(path: string, clock: Clock, onChange: () => void): Timer {
  const watcher = new ConfigWatcher(path, clock, onChange);
  return { cancel: () => watcher.close() };
}

class ConfigWatcher {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #timer: Timer;
  readonly #folder: FSWatcher | undefined;
  #file: FSWatcher | undefined;
  /** Which inode the events of the file are of. */
  #watched: string | undefined;
  #last: string | undefined;
  #quiet: Timer | undefined;

  constructor(path: string, clock: Clock, onChange: () => void) {
    this.#path = path;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#last = fingerprint(path);
    // The name says little: a link in the same folder may be what was turned.
    this.#folder = tryWatch(dirname(path), () => this.#noticed());
    this.#watchFile();
    this.#timer = clock.every(LOOK_MS, () => {
      if (fingerprint(path) !== this.#last) this.#noticed();
    });
  }

  close(): void {
    this.#timer.cancel();
    this.#quiet?.cancel();
    this.#folder?.close();
    this.#file?.close();
  }

  /** Something happened nearby: once it is quiet, the file itself is looked at. */
  #noticed(): void {
    this.#quiet?.cancel();
    this.#quiet = this.#clock.after(QUIET_MS, () => this.#look());
  }

  #look(): void {
    this.#watchFile();
    const now = fingerprint(this.#path);
    if (now === this.#last) return;
    this.#last = now;
    this.#onChange();
  }

  /** A watch is of an inode: after a rename it would hear of the old file for ever. */
  #watchFile(): void {
    const inode = fingerprint(this.#path)?.split(" ", 1)[0];
    if (inode === this.#watched) return;
    this.#file?.close();
    this.#watched = inode;
    this.#file = inode === undefined ? undefined : tryWatch(this.#path, () => this.#noticed());
  }
}

/** Undefined where events cannot be had (limits of the system, odd file systems): the slow look remains. */
function tryWatch(path: string, onEvent: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, onEvent);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/** Which file it is, and its time and size; undefined while there is none. Links are followed. */
function fingerprint(path: string): string | undefined {
  try {
    const { dev, ino, mtimeNs, size } = statSync(path, { bigint: true });
    return `${dev}:${ino} ${mtimeNs} ${size}`;
  } catch {
    return undefined; // it is being replaced, or it is gone; what that means is for the reader
  }
}
