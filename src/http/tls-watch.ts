/**
 * Notices that certificate files were replaced. Looks at their times instead of waiting for file
 * events, which renames, symbolic links and single-file mounts are known to swallow.
 */
import { stat } from "node:fs/promises";
import type { TlsFiles } from "../config/model.ts";
import type { Clock, Timer } from "../kernel/clock.ts";

const LOOK_MS = 2000;

/** Runs `onChange` after either file has changed; one look at a time. */
export function watchTls(files: TlsFiles, clock: Clock, onChange: () => Promise<void>): Timer {
  let last: string | undefined;
  let looking = false;
  const look = async (): Promise<void> => {
    const now = await fingerprint(files);
    const changed = last !== undefined && now !== undefined && now !== last;
    last = now ?? last;
    if (changed) await onChange();
  };
  const lookOnce = (): void => {
    if (looking) return;
    looking = true;
    const done = (): void => {
      looking = false;
    };
    look().then(done, done);
  };
  lookOnce();
  return clock.every(LOOK_MS, lookOnce);
}

/** Times and sizes of both files; undefined while one is being replaced. */
async function fingerprint(files: TlsFiles): Promise<string | undefined> {
  try {
    const stats = await Promise.all([stat(files.certFile), stat(files.keyFile)]);
    return stats.map((one) => `${one.mtimeMs}/${one.size}/${one.ino}`).join(" ");
  } catch {
    // One of them is not there at this moment; the next look will tell.
    return undefined;
  }
}
