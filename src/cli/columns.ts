/**
 * Pure. Texts in columns, for a terminal.
 */

/** Lines of aligned columns, each with its end. Nothing in a cell can move the cursor. */
export function columns(rows: readonly (readonly string[])[]): string {
  const plain = rows.map((row) => row.map(oneLine));
  const count = Math.max(0, ...plain.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    // The last cell of a row makes no column wider.
    Math.max(
      0,
      ...plain.filter((row) => row.length > column + 1).map((row) => widthOf(row[column])),
    ),
  );
  const pad = (cell: string, column: number): string =>
    cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell)));
  return plain.map((row) => `${row.map(pad).join("  ").trimEnd()}\n`).join("");
}

/** Text of others on one line: control characters cannot move the cursor or colour the terminal. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "·");
}

function widthOf(text: string | undefined): number {
  return [...(text ?? "")].length;
}
