/**
 * Pure. When a server uses too much: above its threshold for as many looks in a row as it takes, and
 * over once it is clearly below, so that a value around the threshold is one alert and not many.
 */
import type { AlertKind } from "../kernel/health-event.ts";

/** 0: no alert. Memory in bytes, CPU in percent of one core. */
export type Thresholds = Readonly<Record<AlertKind, number>>;

/** Looks in a row: a start takes all of a core for a moment, which is nobody's concern. */
const LOOKS: Readonly<Record<AlertKind, number>> = { memory: 1, cpu: 3 };
/** An alert is over below this part of the threshold. */
const OVER_BELOW = 0.9;

/** An alert that is on. */
export interface RaisedAlert {
  readonly alert: AlertKind;
  readonly sinceMs: number;
  readonly value: number;
  readonly threshold: number;
}

/** What is known of one value of one server. */
export interface AlertState {
  readonly isRaised: boolean;
  /** Looks in a row that speak for a change. */
  readonly looks: number;
}

/** Before the first look. */
export const CALM: AlertState = { isRaised: false, looks: 0 };

/** One more look at a value. */
export function judgeValue(
  state: AlertState,
  kind: AlertKind,
  { value, threshold }: { readonly value: number; readonly threshold: number },
): AlertState {
  const isRaised = state.isRaised && threshold > 0;
  const changes = isRaised ? value < threshold * OVER_BELOW : threshold > 0 && value > threshold;
  if (!changes) return { isRaised, looks: 0 };
  const looks = state.looks + 1;
  return looks < LOOKS[kind] ? { isRaised, looks } : { isRaised: !isRaised, looks: 0 };
}
