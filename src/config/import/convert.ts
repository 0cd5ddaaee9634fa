/**
 * Pure. A client's entry turned into ours, with what a person should know about it.
 */
import type { Dialect } from "./client-file.ts";
import { isRecord, type ImportedEntry, type RawServer } from "./raw-server.ts";

export type Converted =
  | { readonly kind: "server"; readonly entry: ImportedEntry; readonly notes: readonly string[] }
  | { readonly kind: "skipped"; readonly reason: string };

/** Keys that mean something only to the client. */
const CLIENT_KEYS: ReadonlySet<string> = new Set([
  "command",
  "args",
  "env",
  "cwd",
  "type",
  "disabled",
  "enabled",
  "alwaysAllow",
  "autoApprove",
  "disabledTools",
  "description",
  "gallery",
  "version",
  "timeout",
]);

/** Converts one entry. `envFile` and what else has no counterpart is named in the notes. */
export function convertServer({ entry, folder }: RawServer, dialect: Dialect): Converted {
  if (!isRecord(entry)) return { kind: "skipped", reason: "is no object" };
  const { command, args, env, cwd } = entry;
  if (typeof command !== "string" || command.trim() === "") {
    const isRemote = ["url", "serverUrl", "httpUrl"].some((key) => typeof entry[key] === "string");
    const reason = isRemote
      ? "is a remote server: clients reach it without this gateway"
      : "has no command";
    return { kind: "skipped", reason };
  }
  const notes: string[] = [];
  const text = (value: unknown): string => placeholders(String(value), { dialect, folder, notes });
  const words = Array.isArray(args) ? args.map(text) : [];
  const variables = isRecord(env)
    ? Object.entries(env).map(([name, value]) => [name, value === null ? "" : text(value)] as const)
    : [];
  const place = typeof cwd === "string" ? text(cwd) : folder;
  for (const key of Object.keys(entry).filter((one) => !CLIENT_KEYS.has(one)))
    notes.push(`its key "${key}" has no counterpart and is left out`);
  const isOff = entry["disabled"] === true || entry["enabled"] === false;
  return {
    kind: "server",
    notes: [...new Set(notes)],
    entry: {
      command: text(command),
      ...(words.length === 0 ? {} : { args: words }),
      ...(variables.length === 0 ? {} : { env: Object.fromEntries(variables) }),
      ...(place === undefined ? {} : { cwd: place }),
      ...(isOff ? { disabled: true as const } : {}),
    },
  };
}

interface PlaceholderContext {
  readonly dialect: Dialect;
  readonly folder: string | undefined;
  readonly notes: string[];
}

/**
 * Our `${NAME}` for what the client would have put in. Claude Desktop puts in nothing, so there the
 * text stays as it is.
 */
function placeholders(text: string, { dialect, folder, notes }: PlaceholderContext): string {
  if (!text.includes("${")) return text;
  switch (dialect) {
    case "plain":
      return text.replaceAll("${", () => "$${");
    case "braces":
      return text;
    case "vscode":
      return text.replace(/\$\{([^}]*)\}/g, (whole, inner: string) => {
        const [kind = "", name = ""] = inner.split(/:(.*)/s);
        if (kind === "env" && name !== "") return `\${${name}}`;
        if (kind === "input" && name !== "") {
          const variable = name.replace(/[^A-Za-z0-9]+/g, "_").toUpperCase();
          notes.push(`it asks for "${name}": set the variable ${variable}`);
          return `\${${variable}}`;
        }
        if (inner === "userHome") return "${HOME}";
        if (inner === "pathSeparator" || inner === "/") return "/";
        if (inner === "workspaceFolder" && folder !== undefined) return folder;
        notes.push(`${whole} means nothing outside the editor: put in a path`);
        return `$${whole}`;
      });
  }
}
