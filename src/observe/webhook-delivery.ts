/**
 * One message on its way to a webhook: a few attempts, each with a deadline, further apart each time.
 * Never says where to: the address may hold a secret.
 */
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/error.ts";
import { messageHeaders } from "./webhook-message.ts";

/** How hard it is tried. */
export interface DeliveryLimits {
  /** For one attempt, from the connection to the status. */
  readonly attemptMs: number;
  /** Before the second attempt and each one after it; their number is the number of repetitions. */
  readonly retryDelaysMs: readonly number[];
}

/** Five attempts within four minutes. */
export const DEFAULT_DELIVERY_LIMITS: DeliveryLimits = {
  attemptMs: 10_000,
  retryDelaysMs: [2_000, 10_000, 45_000, 120_000],
};

/** How it went. */
export type Delivery =
  | { readonly kind: "delivered" }
  /** The gateway stops, or the webhook is another one now. */
  | { readonly kind: "given-up" }
  | { readonly kind: "failed"; readonly attempts: number; readonly reason: string };

interface Attempt {
  readonly isDone: boolean;
  readonly isFinal: boolean;
  readonly reason: string;
}

/** Delivers one message. Never rejects. */
export async function deliverMessage(
  message: { readonly id: string; readonly body: string },
  target: { readonly url: string; readonly secret: string | undefined },
  place: { readonly clock: Clock; readonly signal: AbortSignal; readonly limits: DeliveryLimits },
): Promise<Delivery> {
  const { clock, signal, limits } = place;
  const delays = [...limits.retryDelaysMs, undefined];
  for (const [index, delayMs] of delays.entries()) {
    const attempt = await attemptOnce(message, target, place);
    if (signal.aborted) return { kind: "given-up" };
    if (attempt.isDone) return { kind: "delivered" };
    if (attempt.isFinal || delayMs === undefined) {
      return { kind: "failed", attempts: index + 1, reason: attempt.reason };
    }
    await pause(delayMs, clock, signal);
    if (signal.aborted) return { kind: "given-up" };
  }
  return { kind: "given-up" };
}

async function attemptOnce(
  { id, body }: { readonly id: string; readonly body: string },
  { url, secret }: { readonly url: string; readonly secret: string | undefined },
  { clock, signal, limits }: Parameters<typeof deliverMessage>[2],
): Promise<Attempt> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  const timer = clock.after(limits.attemptMs, end);
  signal.addEventListener("abort", end, { once: true });
  const timestampSeconds = Math.floor(clock.wallMs() / 1000);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: messageHeaders({ id, body, timestampSeconds }, secret),
      body,
      // Where it leads was not configured.
      redirect: "manual",
      signal: ended.signal,
    });
    const { status } = response;
    // Nobody reads it, and it may be endless.
    await response.body?.cancel();
    // What the receiver says of the message itself does not change by saying it again.
    const isFinal = status < 500 && status !== 408 && status !== 429;
    return { isDone: response.ok, isFinal, reason: `status ${status}` };
  } catch (error) {
    const reason = ended.signal.aborted ? `no answer within ${limits.attemptMs} ms` : plain(error);
    return { isDone: false, isFinal: false, reason };
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", end);
  }
}

/** The system's code, since the words of an error may repeat the address. */
function plain(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string"
    ? code
    : messageOf(error).replace(/https?:\/\/\S+/g, "its address");
}

function pause(delayMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal.addEventListener("abort", done, { once: true });
  });
}
