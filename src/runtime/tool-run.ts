/**
 * Runs a program of our own to its end: an installation. It is an instance like any server's, so that
 * nothing of it is left behind, whoever ends first, and a stop of the gateway ends it too.
 */
import type { Clock } from "../kernel/clock.ts";
import { GatewayError, messageOf } from "../kernel/error.ts";
import type { ChildCommand, ChildExit, Supervisor } from "../supervisor/model.ts";

/** A program to run, and for whom. */
export interface ToolJob {
  /** The slug of the server. */
  readonly server: string;
  readonly command: ChildCommand;
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
}

/** How it ended. Its words are redacted; undefined is success. */
export type ToolFailure = string | undefined;

/** The label of such instances, for the log. */
export const INSTALL_LABEL = "install";

/** After its deadline comes the stop ladder. */
const STOP_MARGIN_MS = 10_000;

/** Resolves once the program and all that it started are gone. Never rejects. */
export async function runTool(
  supervisor: Supervisor,
  clock: Clock,
  job: ToolJob,
): Promise<ToolFailure> {
  const ended = Promise.withResolvers<ToolFailure>();
  const { server, command, secrets, timeoutMs } = job;
  try {
    const instance = supervisor.createInstance({
      server,
      label: INSTALL_LABEL,
      command,
      secrets,
      restart: "never",
      // It is never ready: what would be the deadline of its start is that of its end.
      startTimeoutMs: timeoutMs,
      connect: async (incarnation) => {
        incarnation.onStdout = () => {};
        await incarnation.exited;
      },
      onExit: (_, exit) => ended.resolve(failureOf(exit, timeoutMs)),
    });
    instance.start();
    instance.whenReady(timeoutMs + STOP_MARGIN_MS).catch((thrown: unknown) => {
      // It could not be started; an exit was told before.
      ended.resolve(messageOf(thrown));
    });
    const late = clock.after(timeoutMs + STOP_MARGIN_MS, () => ended.resolve("it does not end"));
    const failure = await ended.promise;
    late.cancel();
    // Gone by itself, or at the end of the stop ladder; a stop waits for that.
    await instance.stop("its work is done");
    return failure;
  } catch (error) {
    if (error instanceof GatewayError) return messageOf(error); // the gateway is stopping
    throw error;
  }
}

function failureOf({ exitCode, signal, expected, stderrTail }: ChildExit, timeoutMs: number) {
  if (exitCode === 0 && !expected) return undefined;
  if (expected) return `it was stopped: not done within ${timeoutMs} ms, or the gateway stops`;
  const errors = stderrTail.filter((line) => /^error: /.test(line));
  const words = (errors.length > 0 ? errors : stderrTail).slice(-3).join(" | ");
  const how = exitCode === null ? `it was ended by ${signal ?? "a signal"}` : `exit ${exitCode}`;
  return words === "" ? how : words.replaceAll(/(^|\| )error: /g, "$1");
}
