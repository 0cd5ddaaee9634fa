/**
 * Whether somebody counts on a process beyond the calls that run in it, so that it must not be
 * stopped for idleness: a client with a request open here, a subscription.
 */
import type { Link } from "../upstream/link.ts";
import type { Conversation } from "./conversation.ts";

/** What is asked of a bridge. */
export interface UseFacts {
  /** Those that have requests running, listens among them. */
  readonly live: Iterable<Conversation>;
  /** Those of open sessions. */
  readonly sessions: Iterable<Conversation>;
}

/** True for a process that must go on. An open session alone does not count: hosted clients never end theirs. */
export function isInUse(link: Link, { live, sessions }: UseFacts): boolean {
  for (const conversation of live) if (conversation.link === link) return true;
  for (const conversation of sessions) {
    if (conversation.link === link && conversation.subscriptions.size > 0) return true;
  }
  return false;
}
