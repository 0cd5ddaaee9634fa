/**
 * Pure. The `.env` file of a compose project: `NAME=value` lines, as the compose specification has
 * them, without interpolation.
 */

/** Its variables; lines that are none are passed over. */
export function parseEnvFile(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line);
    if (match === null) continue;
    const [, name = "", raw = ""] = match;
    found[name] = valueOf(raw);
  }
  return found;
}

/** In quotes as it is; without them a comment begins at ` #`. */
function valueOf(raw: string): string {
  const quoted = /^(["'])(.*)\1(?:\s+#.*)?$/.exec(raw);
  if (quoted !== null) return quoted[2] ?? "";
  return raw.replace(/(?:^|\s+)#.*$/, "");
}
