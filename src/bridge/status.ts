/**
 * What people and scripts are told of one server.
 */
import type { Bridge } from "./bridge.ts";

export interface BridgeStatus {
  readonly name: string;
  readonly slug: string;
  readonly state: string;
  readonly running: boolean;
  readonly pid?: number;
  readonly command: string;
  readonly error?: string;
}

/** What is shown of a server: its shared child, or its sessions' where there is none. */
export function statusOf(bridge: Bridge): BridgeStatus {
  const { name, slug, command } = bridge.server;
  const base = bridge.pool.groups()[0]?.link.instance;
  const own = bridge.pool.ownCount;
  const isIdle = base === undefined || base.state === "stopped";
  const ownState = own > 0 ? "ready" : bridge.pool.lastOwnError === undefined ? "idle" : "failed";
  const state = isIdle ? ownState : base.state;
  const error = isIdle ? bridge.pool.lastOwnError : base.lastError;
  return {
    name,
    slug,
    command,
    state,
    running: base?.pid !== undefined || own > 0,
    ...(base?.pid === undefined ? {} : { pid: base.pid }),
    ...(error === undefined || state === "ready" ? {} : { error }),
  };
}
