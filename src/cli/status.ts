/**
 * The command `status`: the gateway and its servers, at a glance.
 */
import type { AdminClient } from "./admin-client.ts";
import { columns } from "./columns.ts";

/** What is used of the gateway's answer. */
interface Status {
  readonly version: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly draining: boolean;
  readonly configFile: string | null;
  readonly sessions: number;
  readonly servers: readonly {
    readonly slug: string;
    readonly state: string;
    readonly pid?: number;
    readonly error?: string;
    readonly load?: { readonly sessions: number; readonly unanswered: number };
  }[];
}

/** Prints it. @throws CommandFailure */
export async function showStatus(
  client: AdminClient,
  { json, print }: { readonly json: boolean; readonly print: (text: string) => void },
): Promise<number> {
  const status = (await client.json("/admin/status")) as Status;
  print(json ? `${JSON.stringify(status, null, 2)}\n` : asText(status));
  return 0;
}

function asText(status: Status): string {
  const { version, pid, uptimeSeconds, draining, configFile, sessions, servers } = status;
  const facts = [
    `remote-mcp-proxy ${version}`,
    `pid ${pid}`,
    `up ${duration(uptimeSeconds)}`,
    `${sessions} session${sessions === 1 ? "" : "s"}`,
    ...(draining ? ["stopping"] : []),
    ...(configFile === null ? [] : [configFile]),
  ];
  const rows = servers.map(({ slug, state, pid: child, error, load }) => [
    slug,
    state,
    child === undefined ? "" : String(child),
    load === undefined ? "" : String(load.sessions),
    load === undefined ? "" : String(load.unanswered),
    error ?? "",
  ]);
  const header = ["SERVER", "STATE", "PID", "SESSIONS", "CALLS", "ERROR"];
  return `${facts.join(", ")}\n${columns([header, ...rows])}`;
}

function duration(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}
