/**
 * What people and scripts are told of one server.
 */
import type { InstanceState } from "../kernel/event.ts";
import type { Bridge } from "./bridge.ts";

export interface BridgeStatus {
  readonly name: string;
  readonly slug: string;
  readonly state: string;
  readonly running: boolean;
  readonly pid?: number;
  readonly command: string;
  readonly error?: string;
  readonly load: BridgeLoad;
}

/** Everything of a bridge that has a cap, as counts; one reading for logs, metrics and pages. */
export interface BridgeLoad {
  /** Children: those that clients share, and those of one session each. */
  readonly shared: number;
  readonly own: number;
  readonly sessions: number;
  /** Requests of clients that were not answered, and what of them waits for a free slot. */
  readonly unanswered: number;
  readonly queued: number;
  readonly unansweredBytes: number;
  /** Calls that wait for a person, by the era of the client that is asked. */
  readonly parked: number;
  readonly questions: number;
  readonly listens: number;
}

/** What the bridge holds at this moment. */
export function loadOf(bridge: Bridge): BridgeLoad {
  const { pool, parked, household } = bridge;
  const calls = household.live.values().flatMap((conversation) => conversation.calls.values());
  const conversations = [...bridge.conversations];
  return {
    shared: pool.groups().length,
    own: pool.ownCount,
    sessions: conversations.length,
    unanswered: calls.length,
    queued: pool.links().reduce((sum, link) => sum + (link.upstream?.queued ?? 0), 0),
    unansweredBytes: household.budget.used,
    parked,
    questions: conversations.reduce((sum, one) => sum + one.questions.size, 0),
    listens: calls.filter((call) => call.method === LISTEN).length,
  };
}

const LISTEN = "subscriptions/listen";

/** True for a process that is not there because nobody needs it, or nobody wants it. */
export function isResting(state: InstanceState): boolean {
  return state === "stopped" || state === "idle";
}

/** What is shown of a server: a shared child that runs, or its sessions' where there is none. */
export function statusOf(bridge: Bridge): BridgeStatus {
  const { name, slug, command } = bridge.server;
  const shared = bridge.pool.groups().map((group) => group.link.instance);
  const base = shared.find(({ state }) => !isResting(state)) ?? shared[0];
  const own = bridge.pool.ownCount;
  const isIdle = base === undefined || isResting(base.state);
  const ownState = own > 0 ? "ready" : bridge.pool.lastOwnError === undefined ? "idle" : "failed";
  const isHeld = bridge.pool.barred !== undefined && base?.state !== "stopping" && own === 0;
  const state = isHeld ? "stopped" : isIdle ? ownState : base.state;
  const error = isIdle ? bridge.pool.lastOwnError : base.lastError;
  return {
    name,
    slug,
    command,
    state,
    running: base?.pid !== undefined || own > 0,
    ...(base?.pid === undefined ? {} : { pid: base.pid }),
    ...(error === undefined || state === "ready" ? {} : { error }),
    load: loadOf(bridge),
  };
}
