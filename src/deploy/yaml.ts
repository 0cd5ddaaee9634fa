/**
 * A document as YAML, with a comment that says where it came from.
 */

/** The text, with a line end at its end. */
export function toYaml(document: object, comment: readonly string[]): string {
  const head = comment.map((line) => `# ${line}`.trimEnd()).join("\n");
  return `${head}\n${Bun.YAML.stringify(document, null, 2)}\n`;
}
