/**
 * Tells another program when a server has failed and when it is back.
 *
 * Owns what was told of each server and what waits to be told. Storms are held back: what happens
 * together is one message, messages keep their distance, a server that fails and recovers in between
 * is not told about, and what cannot be delivered is given up after a few attempts and said in the log.
 */
import type { Clock, Timer } from "../kernel/clock.ts";
import type { Emit, GatewayEvent } from "../kernel/event.ts";
import type { Redact } from "../kernel/redact.ts";
import {
  DEFAULT_DELIVERY_LIMITS,
  deliverMessage,
  type Delivery,
  type DeliveryLimits,
} from "./webhook-delivery.ts";
import { messageBody, type ServerNotice, type WebhookEvent } from "./webhook-message.ts";

/** What the configuration says of it. */
export interface WebhookSettings {
  readonly url: string;
  readonly secret: string | undefined;
  readonly events: readonly WebhookEvent[];
  /** Shortest time between two messages. */
  readonly minIntervalMs: number;
}

/** What storms are held back by. */
export interface WebhookLimits extends DeliveryLimits {
  /** What happens within this time after a first event is told with it. */
  readonly gatherMs: number;
  /** Servers that are kept in mind. */
  readonly maxServers: number;
}

const DEFAULT_LIMITS: WebhookLimits = {
  ...DEFAULT_DELIVERY_LIMITS,
  gatherMs: 2_000,
  maxServers: 1_000,
};

export interface WebhookOptions {
  /** Undefined: nobody is told. */
  readonly settings: WebhookSettings | undefined;
  readonly version: string;
  readonly redact: (server: string) => Redact;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly limits?: WebhookLimits;
}

export class Webhook {
  readonly #options: WebhookOptions;
  readonly #limits: WebhookLimits;
  #settings: WebhookSettings | undefined;
  /** Servers that are told to have failed. */
  readonly #failed = new Set<string>();
  readonly #waiting = new Map<string, ServerNotice>();
  #onTheWay: ReadonlyMap<string, ServerNotice> = new Map();
  #timer: Timer | undefined;
  #sending: AbortController | undefined;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
  }

  /** Takes any event. */
  observe(event: GatewayEvent): void {
    if (event.kind === "gateway.stopping") this.close();
    if (event.kind !== "instance.state") return;
    const notice = noticeOf(event);
    if (notice === undefined) return;
    const { server, cause } = event;
    this.#note({
      server,
      event: notice,
      cause: this.#options.redact(server)(cause),
      atMs: this.#options.clock.wallMs(),
    });
  }

  /** Tells somebody else from now on, or nobody. */
  configure(settings: WebhookSettings | undefined): void {
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    this.#settings = settings;
    this.#sending?.abort();
    if (settings !== undefined) return;
    this.#waiting.clear();
    this.#failed.clear();
  }

  /** Ends what waits and what is on its way: the gateway stops, and so does every server. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#sending?.abort();
    this.#waiting.clear();
  }

  #note(notice: ServerNotice): void {
    const { server, event } = notice;
    if (this.#settings === undefined || this.#isClosed) return;
    if (this.#toldOf(server) === event) {
      this.#waiting.delete(server);
      return;
    }
    if (!this.#settings.events.includes(event)) {
      this.#settle(notice);
      return;
    }
    const isFull = this.#waiting.size >= this.#limits.maxServers;
    if (isFull && !this.#waiting.has(server)) return;
    this.#waiting.set(server, notice);
    this.#schedule(this.#limits.gatherMs);
  }

  /** The last that the receiver has heard, or is hearing; of what it never heard, all is well. */
  #toldOf(server: string): WebhookEvent {
    const told = this.#failed.has(server) ? "server.failed" : "server.recovered";
    return this.#onTheWay.get(server)?.event ?? told;
  }

  /** From now on the receiver knows it, or does not want to. */
  #settle({ server, event }: ServerNotice): void {
    this.#waiting.delete(server);
    if (event === "server.recovered") this.#failed.delete(server);
    else if (this.#failed.size < this.#limits.maxServers) this.#failed.add(server);
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined || this.#sending !== undefined || this.#isClosed) return;
    const { clock } = this.#options;
    const sinceMs = clock.nowMs() - this.#sentAtMs;
    const distanceMs = (this.#settings?.minIntervalMs ?? 0) - sinceMs;
    this.#timer = clock.after(Math.max(delayMs, distanceMs), () => {
      this.#timer = undefined;
      this.#send().catch((error: unknown) => this.#say(`a fault: ${String(error)}`));
    });
  }

  async #send(): Promise<void> {
    const settings = this.#settings;
    if (settings === undefined || this.#waiting.size === 0 || this.#isClosed) return;
    const { clock, version } = this.#options;
    this.#onTheWay = new Map(this.#waiting);
    this.#waiting.clear();
    this.#sentAtMs = clock.nowMs();
    const sending = new AbortController();
    this.#sending = sending;
    const notices = [...this.#onTheWay.values()];
    const body = messageBody(notices, { version, nowMs: clock.wallMs() });
    const delivery = await deliverMessage({ id: `msg_${crypto.randomUUID()}`, body }, settings, {
      clock,
      signal: sending.signal,
      limits: this.#limits,
    });
    this.#sending = undefined;
    this.#onTheWay = new Map();
    this.#finish(delivery, notices);
  }

  /** What has happened meanwhile is judged again by what the receiver knows now. */
  #finish(delivery: Delivery, notices: readonly ServerNotice[]): void {
    const later = [...this.#waiting.values()];
    this.#waiting.clear();
    if (delivery.kind === "delivered") {
      for (const notice of notices) this.#settle(notice);
    } else if (delivery.kind === "failed") {
      const { attempts, reason } = delivery;
      const names = notices.map(({ server }) => server).join(", ");
      this.#say(`${reason}, after ${attempts} attempts; nobody was told about ${names}`);
    } else {
      for (const notice of notices) this.#note(notice);
    }
    for (const notice of later) this.#note(notice);
    if (delivery.kind === "given-up") return;
    const { emit } = this.#options;
    emit({ kind: "webhook.sent", outcome: delivery.kind, servers: notices.length });
  }

  #say(what: string): void {
    const message = `the webhook could not be reached: ${what}`;
    this.#options.emit({ kind: "gateway.notice", level: "WARNING", message });
  }
}

/** What a change of state is to a person who waits for news. */
function noticeOf(
  event: Extract<GatewayEvent, { kind: "instance.state" }>,
): WebhookEvent | undefined {
  const { instance, to, why } = event;
  if (instance === "probe") return undefined;
  if (to === "ready") return "server.recovered";
  if (to !== "failed") return undefined;
  // The child of one session ends with it, and the next one has its own; but one that cannot start fails all.
  const isOwn = instance.startsWith("session-");
  return isOwn && why.kind !== "spawn-error" && why.kind !== "start-failed"
    ? undefined
    : "server.failed";
}
