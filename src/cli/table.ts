/**
 * Pure. Tables: the one that is printed at start: server, state, /mcp URL, /sse URL, and what is left out.
 */
import { decideAuth } from "../auth/rights.ts";
import type { GatewayConfig } from "../config/model.ts";
import { columns } from "./columns.ts";
import { rootUrls, serverUrls } from "../config/urls.ts";

/** What the table shows of a running server. */
export interface RowState {
  readonly slug: string;
  /** One word. */
  readonly state: string;
}

/** The lines of the table, columns aligned, each with its line end. */
export function startTable(
  config: GatewayConfig,
  states: readonly RowState[],
  boundPort: number,
): string {
  const isAuthOn = decideAuth(config).isOn;
  const rows = config.servers.map(({ slug }) => {
    const { mcp, sse } = serverUrls(config, slug, boundPort, isAuthOn);
    return [slug, states.find((one) => one.slug === slug)?.state ?? "", mcp, sse];
  });
  const root = rootUrls(config, boundPort, isAuthOn);
  const rootRows = root === undefined ? [] : [["", "", root.mcp, root.sse]];
  const skipped = config.skipped.map(({ name, reason }) =>
    reason === "disabled" ? [name, "disabled"] : [name, "skipped", reason],
  );
  const header = ["SERVER", "STATE", "STREAMABLE HTTP", "SSE"];
  return columns([header, ...rows, ...rootRows, ...skipped]);
}
