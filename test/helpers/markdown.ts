/**
 * What the documents of this repository hold besides prose: commands of shell blocks, code spans,
 * tables of commands, links and the anchors that links may name.
 */

/** A document without its fenced blocks, so that only prose and tables are left. */
export function proseOf(text: string): string {
  return text.replaceAll(/^ *```[^]*?^ *```$/gm, "");
}

/** Every command line of the shell blocks: continued lines joined, comments and settings left out. */
export function shellCommands(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^ *```(?:sh|bash|shell|console)\n([^]*?)^ *```$/gm)];
  return blocks.flatMap(([, block = ""]) =>
    block
      .replaceAll(/\s*\\\n\s*/g, " ")
      .split("\n")
      .map((line) => line.replace(/(?:^|\s+)#.*$/, "").trim())
      .filter((line) => line !== ""),
  );
}

/** The code spans of prose and tables; a span that goes over two lines is one text. */
export function codeSpans(text: string): readonly string[] {
  return [...proseOf(text).matchAll(/`([^`]+)`/g)].map(([, span = ""]) =>
    span.replaceAll(/\s+/g, " ").trim(),
  );
}

/** The code spans in the first cells of tables whose first column is called "Command". */
export function commandTables(text: string): readonly string[] {
  const tables = proseOf(text).match(/^\| Command +\|.*\n(?:\|.*\n?)*/gm) ?? [];
  const cells = tables.flatMap((table) => table.split("\n").map((row) => row.split("|")[1] ?? ""));
  return cells.flatMap((cell) => codeSpans(cell));
}

/** Where links lead that name no other site: a path, a `#anchor`, or both. */
export function localLinks(text: string): readonly string[] {
  const prose = proseOf(text).replaceAll(/`[^`]+`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a document, as its headings give them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, heading = ""] of proseOf(text).matchAll(/^#{1,6} +(.+)$/gm)) {
    const words = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .trim()
      .toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(/\s/g, "-");
    let name = anchor;
    for (let again = 1; found.has(name); again++) name = `${anchor}-${again}`;
    found.add(name);
  }
  return found;
}
