/**
 * Pure. Judges a failed incarnation: start again after a while, or give up for a longer while.
 *
 * Failures are remembered as moments on the monotonic clock and only count inside a sliding window,
 * so a server that crashes once a day is never given up, and one that crashes in a loop soon is.
 */

/** How often and how soon a server is started again. */
export interface RestartPolicy {
  /** Delay before the first restart of a window; doubles with each further one. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** Part of the delay that is random, 0 to 1, so that servers that died together do not start together. */
  readonly jitter: number;
  /** Restarts that one window allows; one more failure gives up. */
  readonly maxRestarts: number;
  readonly windowMs: number;
  /** How long a server that was given up rests before it is tried again. */
  readonly coolDownMs: number;
}

/** Half a second doubling up to a minute; at most three restarts in five minutes; five minutes of rest. */
export const DEFAULT_RESTART_POLICY: RestartPolicy = {
  baseMs: 500,
  maxMs: 60_000,
  jitter: 0.2,
  maxRestarts: 3,
  windowMs: 300_000,
  coolDownMs: 300_000,
};

/** What follows the end of an incarnation. */
export type Verdict =
  | { readonly kind: "retry"; readonly delayMs: number }
  /** `retryInMs` undefined: never tried again by itself. */
  | { readonly kind: "give-up"; readonly retryInMs: number | undefined }
  /** The incarnation was the only one wanted and ended in order. */
  | { readonly kind: "rest" };

/** Moments of failures, oldest first; never longer than `maxRestarts`. */
export type FailureHistory = readonly number[];

/** One failure with all that the judgement needs. */
export interface Failure {
  readonly policy: RestartPolicy;
  readonly history: FailureHistory;
  readonly nowMs: number;
  /** 0 to 1, drawn by the caller. */
  readonly random: number;
}

/** Decides about one more failure and returns the history to keep; giving up starts it afresh. */
export function judgeFailure({ policy, history, nowMs, random }: Failure): {
  readonly history: FailureHistory;
  readonly verdict: Verdict;
} {
  const recent = history.filter((atMs) => nowMs - atMs < policy.windowMs);
  if (recent.length >= policy.maxRestarts) {
    return { history: [], verdict: { kind: "give-up", retryInMs: policy.coolDownMs } };
  }
  const delayMs = Math.min(policy.maxMs, policy.baseMs * 2 ** recent.length);
  const spread = 1 - policy.jitter * random;
  return {
    history: [...recent, nowMs],
    verdict: { kind: "retry", delayMs: Math.round(delayMs * spread) },
  };
}
