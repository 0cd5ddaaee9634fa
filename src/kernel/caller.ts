/**
 * Pure. Who a request comes from, for the rooms that keep things apart by it.
 */

/** A person and the program that calls for them. */
export interface Caller {
  /** Children and parked calls belong to the person. */
  readonly user: string;
  /** Sessions belong to the program as well. */
  readonly client: string;
}

/** True when both are the same person by the same program. */
export function isSameCaller(left: Caller, right: Caller): boolean {
  return left.user === right.user && left.client === right.client;
}
