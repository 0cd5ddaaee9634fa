/**
 * Pure. Tables: the one that is printed at start: server, state, /mcp URL, /sse URL, and what is left out.
 */
import type { GatewayConfig } from "../config/model.ts";
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
  const rows = config.servers.map(({ slug }) => {
    const { mcp, sse } = serverUrls(config, slug, boundPort);
    return [slug, states.find((one) => one.slug === slug)?.state ?? "", mcp, sse];
  });
  const root = rootUrls(config, boundPort);
  const rootRows = root === undefined ? [] : [["", "", root.mcp, root.sse]];
  const skipped = config.skipped.map(({ name, reason }) =>
    reason === "disabled"
      ? [oneLine(name), "disabled"]
      : [oneLine(name), "skipped", oneLine(reason)],
  );
  const header = ["SERVER", "STATE", "STREAMABLE HTTP", "SSE"];
  return alignRows([header, ...rows, ...rootRows, ...skipped])
    .map((line) => `${line}\n`)
    .join("");
}

/** Lines of a table, columns aligned, without line ends. */
export function alignRows(rows: readonly (readonly string[])[]): readonly string[] {
  // A cell that is the last of its row, such as a reason, makes no column wider.
  const widthOf = (column: number): number =>
    Math.max(
      ...rows.filter((row) => row.length > column + 1).map((row) => widthOfText(row[column])),
    );
  const widths = Array.from(rows[0] ?? [], (_cell, column) => widthOf(column));
  const pad = (cell: string, column: number): string =>
    cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - widthOfText(cell)));
  return rows.map((row) => row.map(pad).join("  ").trimEnd());
}

function widthOfText(text: string | undefined): number {
  return [...(text ?? "")].length;
}

/** Names come from a file: nothing in them may move the cursor. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, "·");
}
