/**
 * Asks a child now and then whether it still answers: `ping`, or `server/discover` in the modern era.
 *
 * Owns what is known of its health. Any answer will do, also an error. A child that works on calls
 * and writes meanwhile is alive, however busy. What follows from failures is the instance's business.
 */
import type { HealthSettings } from "../config/model.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Emit } from "../kernel/event.ts";
import type { Instance } from "../supervisor/model.ts";
import type { Era } from "../wire/revision.ts";
import type { Answer } from "./call.ts";
import type { Upstream } from "./upstream.ts";

/** What the last check has shown; the handshake is the first. */
export interface Checkup {
  /** Milliseconds since 1970; undefined before the first. */
  readonly atMs: number | undefined;
  readonly responseTimeMs: number;
  readonly consecutiveFails: number;
}

export interface ProberOptions {
  readonly server: string;
  readonly era: Era;
  readonly settings: HealthSettings;
  readonly instance: Instance;
  readonly clock: Clock;
  readonly emit: Emit;
}

export class Prober {
  readonly #options: ProberOptions;
  #checkup: Checkup = { atMs: undefined, responseTimeMs: 0, consecutiveFails: 0 };
  #upstream: Upstream | undefined;
  #dueMs = 0;
  #isAsking = false;
  #asked = 0;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  get checkup(): Checkup {
    return this.#checkup;
  }

  /** A question of ours is under way. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  /** Questions that the present connection was asked. */
  get asked(): number {
    return this.#asked;
  }

  /** A connection is ready; its handshake took so long. */
  begin(upstream: Upstream, handshakeMs: number): void {
    const { clock, settings } = this.#options;
    this.#upstream = upstream;
    this.#isAsking = false;
    this.#asked = 0;
    this.#dueMs = clock.nowMs() + settings.probeIntervalMs;
    this.#checkup = { atMs: clock.wallMs(), responseTimeMs: handshakeMs, consecutiveFails: 0 };
  }

  /** The connection is gone, or going. */
  end(): void {
    this.#upstream = undefined;
    this.#isAsking = false;
  }

  /** Asks when it is time. */
  sweep(nowMs: number): void {
    const upstream = this.#upstream;
    const { era, settings } = this.#options;
    if (upstream === undefined || this.#isAsking || settings.probeIntervalMs === 0) return;
    if (nowMs < this.#dueMs) return;
    this.#isAsking = true;
    this.#asked++;
    this.#dueMs = nowMs + settings.probeIntervalMs;
    upstream.call({
      method: era === "modern" ? "server/discover" : "ping",
      params: () => upstream.ownParams,
      flow: "",
      timeoutMs: settings.probeTimeoutMs,
      urgent: true,
      onAnswer: (answer) => {
        if (this.#upstream === upstream) this.#answered(answer, upstream, nowMs);
      },
    });
  }

  #answered(answer: Answer, upstream: Upstream, sinceMs: number): void {
    const { server, instance, clock, emit } = this.#options;
    this.#isAsking = false;
    const durationMs = clock.nowMs() - sinceMs;
    const isBusy = upstream.awaited > 0 && upstream.incarnation.lastOutputMs > sinceMs;
    const outcome = answer.kind !== "failed" ? "answered" : isBusy ? "busy" : "failed";
    const before = this.#checkup.consecutiveFails;
    const fails = outcome === "failed" ? before + 1 : 0;
    this.#checkup = {
      atMs: clock.wallMs(),
      responseTimeMs: durationMs,
      consecutiveFails: fails,
    };
    emit({
      kind: "instance.probed",
      server,
      instance: instance.label,
      outcome,
      durationMs,
      consecutiveFails: fails,
    });
    if (fails > 0) this.#doubt(fails, answer);
    else if (before > 0)
      instance.doubt(
        0,
        `a health check was ${outcome === "busy" ? "passed by its output" : "answered"} again`,
      );
  }

  #doubt(fails: number, answer: Answer): void {
    const { instance, settings } = this.#options;
    const why = answer.kind === "failed" ? `: ${answer.error.message}` : "";
    if (fails < settings.probeFailures) {
      instance.doubt(fails, `health check ${fails} of ${settings.probeFailures} failed${why}`);
      return;
    }
    this.end();
    const times = fails === 1 ? "a health check" : `${fails} health checks in a row`;
    instance.fault({ kind: "probe", failures: fails }, `${times} failed${why}`);
  }
}
