/**
 * Finds out whether a server speaks the modern era, in a process that serves nobody: some servers
 * exit at the question, others are bound to the modern era by it (protocol.md 2.2, 9.7).
 *
 * Owns that process from its start to its observed exit. Never touches a serving one, and keeps
 * nothing: what becomes of the verdict, and when to ask again, is for the caller.
 */
import { childCommandOf } from "./child-command.ts";
import type { ServerConfig } from "../config/model.ts";
import type { Clock, Timer } from "../kernel/clock.ts";
import { GatewayError, messageOf } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { Incarnation, Starter } from "../supervisor/model.ts";
import { METHOD_NOT_FOUND } from "../wire/error-codes.ts";
import { LATEST_MODERN } from "../wire/revision.ts";
import type { Answer } from "./call.ts";
import { isModernRefusal } from "./era-verdict.ts";
import { readDiscoverProfile } from "./profile.ts";
import { Upstream } from "./upstream.ts";

export interface EraProbeOptions {
  readonly server: ServerConfig;
  /** Params of an enveloped `server/discover`. */
  readonly opening: Uint8Array;
  readonly supervisor: Starter;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly maxJsonDepth: number;
  /** Gives the probe up. */
  readonly signal?: AbortSignal;
  /** From the child's first output, on stdout, to its answer. */
  readonly answerMs?: number;
  /** From the start to the answer, for a child that says nothing (an `npx` that installs). */
  readonly totalMs?: number;
}

export interface EraVerdict {
  readonly modern: boolean;
  /** The DiscoverResult, when there was one. */
  readonly discover?: Uint8Array;
  /** False when nothing was learned of the program: it did not start, or the probe was given up. */
  readonly isCertain: boolean;
  /** In words, for the log. */
  readonly reason: string;
}

/** From the first output to the answer. */
export const ANSWER_MS = 10_000;
/** From the start to the answer. */
export const TOTAL_MS = 20_000;
/** The probe's own deadline comes first; this one is the supervisor's. */
const START_MARGIN_MS = 5_000;

/**
 * Starts the server once more, asks it `server/discover` and ends it. Best begun when a serving
 * process is ready: what `npx` has to install is there by then.
 *
 * Resolves once that process is gone, at most `totalMs` and a stop ladder later. Never rejects for
 * what the child does or does not do: exit, noise, silence and errors are verdicts.
 */
export async function probeEra(options: EraProbeOptions): Promise<EraVerdict> {
  const { server, emit } = options;
  const verdict = await new EraProbe(options).run();
  const what = verdict.modern ? "speaks" : "is not known to speak";
  const message = `server "${server.name}" ${what} ${LATEST_MODERN}: ${verdict.reason}`;
  emit({ kind: "gateway.notice", level: "DEBUG", message });
  return verdict;
}

class EraProbe {
  readonly #options: EraProbeOptions;
  readonly #settled = Promise.withResolvers<EraVerdict>();
  readonly #timers: Timer[] = [];
  #upstream: Upstream | undefined;
  #hasSpoken = false;

  constructor(options: EraProbeOptions) {
    this.#options = options;
  }

  async run(): Promise<EraVerdict> {
    const { server, supervisor, signal, totalMs = TOTAL_MS } = this.#options;
    if (signal?.aborted === true) return uncertain("the probe was given up");
    const giveUp = (): void => this.#settle(uncertain("the probe was given up"));
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      const instance = supervisor.createInstance({
        server: server.slug,
        label: "probe",
        command: childCommandOf(server),
        secrets: server.secrets,
        restart: "never",
        startTimeoutMs: totalMs + START_MARGIN_MS,
        connect: (incarnation) => this.#connect(incarnation),
        onExit: (_incarnation, exit) => this.#onExit(exit.expected, exit.exitCode ?? exit.signal),
      });
      this.#giveUpAfter(totalMs, `no answer within ${totalMs} ms of its start`);
      instance.start();
      instance.whenReady(totalMs + START_MARGIN_MS).catch((error: unknown) => {
        // It could not be started, or the gateway stops; an exit was told to us before.
        this.#settle(uncertain(messageOf(error)));
      });
      const verdict = await this.#settled.promise;
      await instance.stop("the era probe is over");
      return verdict;
    } catch (error) {
      if (error instanceof GatewayError) return uncertain(messageOf(error)); // the gateway is stopping
      throw error;
    } finally {
      signal?.removeEventListener("abort", giveUp);
      for (const timer of this.#timers) timer.cancel();
    }
  }

  /** Ready with the verdict, whatever it is: a child that is not modern has not failed. */
  async #connect(incarnation: Incarnation): Promise<void> {
    const { server, opening, clock, emit, maxJsonDepth, totalMs = TOTAL_MS } = this.#options;
    const upstream = new Upstream({
      server: server.slug,
      label: "probe",
      incarnation,
      maxInFlight: 1,
      maxQueue: 0,
      maxLineBytes: server.maxLineBytes,
      maxJsonDepth,
      clock,
      emit,
      onMessage: (message) => {
        const { id, method } = message;
        if (id !== undefined) upstream.refuse(id, METHOD_NOT_FOUND, `Method not found: ${method}`);
      },
    });
    this.#upstream = upstream;
    this.#watchOutput(incarnation);
    upstream.call({
      method: "server/discover",
      params: () => opening,
      flow: "",
      timeoutMs: totalMs,
      onAnswer: (answer) => this.#judge(answer),
    });
    await this.#settled.promise;
  }

  #watchOutput(incarnation: Incarnation): void {
    const { answerMs = ANSWER_MS } = this.#options;
    const read = incarnation.onStdout;
    incarnation.onStdout = (chunk) => {
      if (!this.#hasSpoken) {
        this.#hasSpoken = true;
        this.#giveUpAfter(answerMs, `no answer within ${answerMs} ms of its first output`);
      }
      return read(chunk);
    };
  }

  #judge(answer: Answer): void {
    switch (answer.kind) {
      case "result":
        if (readDiscoverProfile(answer.payload) === undefined) {
          this.#settle(notModern("its answer to server/discover does not list it"));
        } else {
          // A copy: the payload is a view of a chunk from the pipe.
          const discover = answer.payload.slice();
          const reason = "it answered server/discover";
          this.#settle({ modern: true, discover, isCertain: true, reason });
        }
        return;
      case "error":
        if (isModernRefusal(answer.payload)) {
          const reason = "it refused server/discover and named its versions";
          this.#settle({ modern: true, isCertain: true, reason });
        } else {
          this.#settle(notModern("it refused server/discover"));
        }
        return;
      case "failed":
        this.#settle(notModern(answer.error.message));
    }
  }

  #onExit(wasExpected: boolean, how: number | string | null): void {
    const words = `it ended (${how ?? "unknown"})`;
    // An exit that somebody else asked for says nothing of the program.
    this.#settle(wasExpected ? uncertain(words) : notModern(words));
    const error = new GatewayError("UPSTREAM_EXITED", words, { retryable: false });
    this.#upstream?.close(error);
  }

  #giveUpAfter(delayMs: number, reason: string): void {
    this.#timers.push(this.#options.clock.after(delayMs, () => this.#settle(notModern(reason))));
  }

  /** The first verdict counts. */
  #settle(verdict: EraVerdict): void {
    this.#settled.resolve(verdict);
  }
}

function notModern(reason: string): EraVerdict {
  return { modern: false, isCertain: true, reason };
}

function uncertain(reason: string): EraVerdict {
  return { modern: false, isCertain: false, reason };
}
