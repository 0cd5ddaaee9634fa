/**
 * A child as its clients hold it: one instance, whose incarnations come and go, and the connection
 * to the live one. Shared children are restarted; a child of one session is not, its session ends
 * with it.
 *
 * Owns the connection and its profile. Does not know who its clients are.
 */
import { childCommandOf } from "./child-command.ts";
import type { Clock } from "../kernel/clock.ts";
import { GatewayError } from "../kernel/error.ts";
import type { Emit } from "../kernel/event.ts";
import type { ServerConfig } from "../config/model.ts";
import type { ChildExit, Incarnation, Instance, StoppedBy, Starter } from "../supervisor/model.ts";
import type { RestartPolicy } from "../supervisor/restart-policy.ts";
import type { Message } from "../wire/message.ts";
import { isModernRefusal } from "./era-verdict.ts";
import { handshake, HandshakeRefused, type Opening } from "./handshake.ts";
import { IdleWatch } from "./idle-watch.ts";
import type { Profile } from "./profile.ts";
import { type Checkup, Prober } from "./prober.ts";
import { Upstream } from "./upstream.ts";

export interface LinkEvents {
  /** Requests and notifications of the child, in order. */
  readonly onMessage: (message: Message, upstream: Upstream) => void;
  /** A connection is ready for traffic; `again` when it is not the first of this link. */
  readonly onReady?: (upstream: Upstream, again: boolean) => void;
  /** True while somebody counts on the process beyond its calls: it must not be stopped for idleness. */
  readonly isNeeded?: () => boolean;
  /** The connection is gone; its calls have failed already. */
  readonly onGone?: (error: GatewayError) => void;
}

export interface LinkOptions {
  readonly server: ServerConfig;
  readonly label: string;
  readonly restart: "on-failure" | "never";
  readonly opening: Opening;
  /** `gateway`: `initialized` follows at once; `client`: when `markInitialized` is called. */
  readonly initializedBy: "gateway" | "client";
  /** What an earlier run learnt, until this one knows better. */
  readonly profile?: Profile;
  /** Why the server may not run now, if it may not: an operator stopped it, or it is served no more. */
  readonly barred: () => GatewayError | undefined;
  readonly maxJsonDepth: number;
  readonly traceBodies?: boolean;
  readonly supervisor: Starter;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What all links of a server have in common. */
export type CommonLinkOptions = Pick<
  LinkOptions,
  "server" | "supervisor" | "clock" | "emit" | "maxJsonDepth" | "traceBodies" | "barred"
>;

export class Link {
  readonly server: ServerConfig;
  readonly instance: Instance;
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  readonly #prober: Prober;
  readonly #idle = new IdleWatch();
  #upstream: Upstream | undefined;
  #profile: Profile | undefined;
  #readyBefore = false;
  #initializedSent = false;
  #refusal: unknown;
  /** Why the incarnation that ends now was told to. */
  #stopReason: string | undefined;
  /** Tell those who wait in `ready` that they wait in vain. */
  readonly #waiting = new Set<(refusal: unknown) => void>();

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#events = events;
    this.#lastProfile = options.profile;
    this.server = options.server;
    const { server } = options;
    this.instance = options.supervisor.createInstance({
      server: server.slug,
      label: options.label,
      command: childCommandOf(server),
      secrets: server.secrets,
      restart: options.restart,
      startsIdle: options.restart === "on-failure" && server.startOn === "demand",
      restartLimits: restartLimitsOf(server),
      startTimeoutMs: server.startTimeoutMs,
      connect: (incarnation) => this.#connect(incarnation),
      onExit: (incarnation, exit) => this.#onExit(incarnation, exit),
    });
    this.#prober = new Prober({
      server: server.slug,
      era: options.opening.era,
      settings: server.health,
      instance: this.instance,
      clock: options.clock,
      emit: options.emit,
    });
  }

  /** The connection, when it is ready for traffic at this moment: not one that is being stopped. */
  get upstream(): Upstream | undefined {
    const isLeaving = this.#profile === undefined || this.instance.state === "stopping";
    return isLeaving ? undefined : this.#upstream;
  }

  /** What is known of its health. */
  get checkup(): Checkup {
    return this.#prober.checkup;
  }

  /** What the last handshake told; kept while the child restarts. */
  get profile(): Profile | undefined {
    return this.#profile ?? this.#lastProfile;
  }

  #lastProfile: Profile | undefined;

  /** It may not run, so that waiting for it is in vain. */
  get isBarred(): boolean {
    return this.#options.barred() !== undefined;
  }

  start(): void {
    if (!this.isBarred) this.instance.start();
  }

  /**
   * The connection, as soon as it is ready, waiting through a start or a back-off; not through
   * those of a child that is opened in an era which it does not speak.
   * @throws GatewayError UPSTREAM_SPAWN_FAILED, UPSTREAM_UNAVAILABLE, UPSTREAM_EXITED, HandshakeRefused
   */
  async ready(deadlineMs: number): Promise<Upstream> {
    const barred = this.#options.barred();
    if (barred !== undefined) throw barred;
    if (this.upstream !== undefined) return this.upstream;
    this.instance.start();
    const refused = Promise.withResolvers<never>();
    this.#waiting.add(refused.reject);
    try {
      await Promise.race([this.instance.whenReady(deadlineMs), refused.promise]);
    } catch (error) {
      const isItsEnd = error instanceof GatewayError && error.code === "UPSTREAM_UNAVAILABLE";
      throw isItsEnd && this.#refusal !== undefined ? this.#refusal : error;
    } finally {
      this.#waiting.delete(refused.reject);
    }
    const upstream = this.upstream;
    if (upstream !== undefined) return upstream;
    throw new GatewayError("UPSTREAM_UNAVAILABLE", `Server "${this.server.name}" has just ended`, {
      retryable: true,
    });
  }

  /** Tells the child that its client is ready; once per connection. */
  markInitialized(): void {
    if (this.#initializedSent || this.#options.opening.era === "modern") return;
    this.#initializedSent = true;
    this.#upstream?.notify("notifications/initialized", undefined);
  }

  sweep(nowMs: number): void {
    this.#upstream?.sweep(nowMs);
    if (this.upstream === undefined) this.#prober.end();
    this.#prober.sweep(nowMs);
  }

  /** Stops the process until the next request when nobody has used it for `idleTimeoutMs`. */
  dozeWhenIdle(nowMs: number): void {
    const { upstream, server } = this;
    if (upstream === undefined || server.idleTimeoutMs === 0) return;
    const { isAsking, asked } = this.#prober;
    const isBusy = upstream.queued > 0 || upstream.passing > (isAsking ? 1 : 0);
    const idleMs = this.#idle.idleMs({ calls: upstream.calls - asked, isBusy }, nowMs);
    if (idleMs < server.idleTimeoutMs) return;
    if (this.#events.isNeeded?.() === true) return this.#idle.touch(nowMs);
    this.instance.doze(`nobody has used it for ${Math.round(idleMs / 1000)} s`);
  }

  /** Resolves once the exit was observed. */
  stop(reason: string, by?: StoppedBy): Promise<void> {
    this.#stopReason = reason;
    return this.instance.stop(reason, by);
  }

  /** A fresh process, as the operator wants. Calls in flight end with the reason. */
  restart(reason: string): void {
    this.#stopReason = reason;
    this.instance.restart(reason);
  }

  async #connect(incarnation: Incarnation): Promise<void> {
    const {
      server,
      label,
      clock,
      emit,
      maxJsonDepth,
      opening,
      traceBodies = false,
    } = this.#options;
    const upstream = new Upstream({
      server: server.slug,
      label,
      incarnation,
      maxInFlight: server.maxInFlight,
      maxQueue: server.maxQueue,
      maxLineBytes: server.maxLineBytes,
      maxJsonDepth,
      traceBodies,
      // The envelope that opened a modern connection is that of every request.
      ...(opening.era === "modern" ? { ownParams: opening.params } : {}),
      clock,
      emit,
      onMessage: this.#events.onMessage,
    });
    this.#upstream = upstream;
    this.#initializedSent = false;
    this.#refusal = undefined;
    this.#stopReason = undefined;
    const sinceMs = clock.nowMs();
    try {
      const timeoutMs = server.startTimeoutMs;
      const profile = await handshake(upstream, { server: server.name, opening, timeoutMs });
      this.#profile = profile;
      this.#lastProfile = profile;
    } catch (error) {
      this.#refusal = error;
      const isModernOnly = error instanceof HandshakeRefused && isModernRefusal(error.payload);
      if (isModernOnly) for (const refuse of this.#waiting) refuse(error);
      throw error;
    }
    if (this.#options.initializedBy === "gateway") this.markInitialized();
    const again = this.#readyBefore;
    this.#readyBefore = true;
    this.#idle.begin(clock.nowMs());
    this.#prober.begin(upstream, clock.nowMs() - sinceMs);
    this.#events.onReady?.(upstream, again);
  }

  #onExit(incarnation: Incarnation, exit: ChildExit): void {
    const upstream = this.#upstream;
    if (upstream === undefined || upstream.incarnation !== incarnation) return;
    const fault = this.#stopReason ?? this.instance.lastError;
    const error = exitError(this.server.name, exit, fault);
    this.#prober.end();
    this.#profile = undefined;
    this.#upstream = undefined;
    upstream.close(error);
    this.#events.onGone?.(error);
  }
}

function restartLimitsOf({ health }: ServerConfig): Partial<RestartPolicy> {
  const { maxRestarts, restartWindowMs, restartCoolDownMs } = health;
  return { maxRestarts, windowMs: restartWindowMs, coolDownMs: restartCoolDownMs };
}

/** What the callers of a child that ended are told: how it ended, or why we ended it, and its last words. */
function exitError(server: string, exit: ChildExit, fault: string | undefined): GatewayError {
  const how =
    exit.expected && fault !== undefined
      ? `was stopped (${fault})`
      : exit.signal === null
        ? `exited with code ${exit.exitCode}`
        : `was ended by ${exit.signal}`;
  const tail = exit.stderrTail.slice(-5);
  const words = tail.length === 0 ? "" : `; its last words on stderr: ${tail.join(" | ")}`;
  return new GatewayError("UPSTREAM_EXITED", `Server "${server}" ${how}${words}`, {
    retryable: true,
    data: { exitCode: exit.exitCode, signal: exit.signal, stderr: tail },
  });
}
