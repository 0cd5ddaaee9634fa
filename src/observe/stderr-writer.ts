/**
 * The way to stderr: lines wait a moment for others, and a reader that stalls stops nobody.
 */

/** Lines wait at most this long for others to be written with them. */
const FLUSH_MS = 50;
/** What a reader that stalls may leave waiting; beyond it lines are dropped and counted. */
const MAX_PENDING = 1024 * 1024;
/** What a reader that stalls may cost at the end. */
const LAST_FLUSH_MS = 500;

/** A writer on stderr. */
export interface StderrWriter {
  /** Takes whole lines. */
  readonly write: (text: string) => void;
  readonly flush: () => Promise<boolean>;
}

/**
 * A writer on stderr that never blocks the caller. `flush` writes what is left, at the end; it
 * resolves to false when nobody takes it in time, and the write that is stuck then keeps the process
 * alive until somebody ends it.
 */
export function createStderrWriter(): StderrWriter {
  const sink = Bun.stderr.writer();
  let pending = "";
  let dropped = 0;
  let running: Promise<void> | undefined;
  const drainAll = async (): Promise<void> => {
    try {
      while (pending !== "") {
        const text = pending;
        pending = "";
        await sink.write(dropped > 0 ? `${text}… ${dropped} log lines were dropped\n` : text);
        dropped = 0;
        await sink.flush();
      }
    } catch {
      // stderr is closed: there is nowhere left to report that.
      pending = "";
    }
  };
  const drain = (): Promise<void> => {
    running ??= drainAll().finally(() => {
      running = undefined;
    });
    return running;
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    write: (text) => {
      if (pending.length > MAX_PENDING) {
        dropped++;
        return;
      }
      pending += text;
      if (timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        drain().catch(() => {
          // `drain` handles its own failures.
        });
      }, FLUSH_MS);
      timer.unref();
    },
    flush: () =>
      new Promise((resolve) => {
        const late = setTimeout(() => resolve(false), LAST_FLUSH_MS);
        const finish = (): void => {
          clearTimeout(late);
          resolve(true);
        };
        // Twice: a write that was running took nothing of what came after its start.
        drain().then(drain).then(finish, finish);
      }),
  };
}
