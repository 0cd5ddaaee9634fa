/**
 * The admin socket: a unix socket that only the gateway's own user may open.
 */
import { chmodSync, lstatSync, rmSync } from "node:fs";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import { err, ok, type Result } from "../kernel/result.ts";
import type { App } from "./app.ts";

export interface AdminListenerOptions {
  /** Where the socket is; its folder is the gateway's own. */
  readonly path: string;
  readonly app: App;
  readonly clock: Clock;
  readonly onFault: (error: unknown) => void;
}

export interface AdminListener {
  /** Ends every connection and removes the socket. Never rejects. */
  close(): Promise<void>;
}

const ANSWER_MS = 1_000;
const LAST_ANSWERS_MS = 500;

/** Listens, or says why it cannot. A socket that somebody listens on is never taken away. */
export async function listenAdmin(
  options: AdminListenerOptions,
): Promise<Result<AdminListener, string>> {
  const { path } = options;
  try {
    const taken = await removeStale(path, options.clock);
    if (taken !== undefined) return err(taken);
    return ok(serve(options));
  } catch (error) {
    return err(messageOf(error));
  }
}

function serve({ path, app, clock, onFault }: AdminListenerOptions): AdminListener {
  // From its first moment nobody else may open it.
  const mask = process.umask(0o077);
  let server: Bun.Server<undefined>;
  try {
    server = Bun.serve({
      unix: path,
      development: false,
      fetch: (request, control) => app(request, control),
      error: (error) => {
        onFault(error);
        return new Response("Internal Server Error", { status: 500 });
      },
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
  const moment = (): Promise<void> =>
    new Promise((resolve) => clock.after(LAST_ANSWERS_MS, resolve));
  return {
    close: async () => {
      try {
        await Promise.race([server.stop(), moment()]);
        await Promise.race([server.stop(true), moment()]);
      } catch (error) {
        onFault(error);
      }
    },
  };
}

/** Removes what a killed gateway left. @returns why the path is not free; undefined when it is */
async function removeStale(path: string, clock: Clock): Promise<string | undefined> {
  const before = lstatSync(path, { throwIfNoEntry: false });
  if (before === undefined) return undefined;
  if (!before.isSocket()) return `${path} is there, and is no socket`;
  if (await isAnswered(path, clock)) {
    return "another gateway runs with the same data folder; give each its own DATA_DIR";
  }
  const now = lstatSync(path, { throwIfNoEntry: false });
  if (now?.ino === before.ino) rmSync(path, { force: true });
  return undefined;
}

async function isAnswered(path: string, clock: Clock): Promise<boolean> {
  const { connect } = await import("node:net"); // only where a gateway was killed before
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answered: boolean): void => {
      late.cancel();
      socket.destroy();
      resolve(answered);
    };
    // Somebody holds it open and is too busy to answer: it is not ours to take.
    const late = clock.after(ANSWER_MS, () => settle(true));
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}
