/**
 * The supervisor as one server sees it whose program may have to be installed first: whatever is
 * started for it, for its clients or to find out its era, is prepared in the same way.
 */
import type { InstanceOptions, Starter } from "../supervisor/model.ts";

/** `supervisor`, with `prepare` before each start; itself when there is nothing to prepare. */
export function preparing(supervisor: Starter, prepare: InstanceOptions["prepare"]): Starter {
  if (prepare === undefined) return supervisor;
  return { createInstance: (options) => supervisor.createInstance({ ...options, prepare }) };
}
