/**
 * Pure. The block `mcpServers`: which entries run under which slug, which are left out and why.
 *
 * An invalid entry stops only itself. A slug belongs to the first entry that wants it, even if that
 * one is invalid, so that repairing it takes nothing away from a later one.
 */
import { membersOf, valueOf, type DocumentNode, type Member } from "./document.ts";
import type { ExpansionSources } from "./expand.ts";
import type { ServerConfig, SkippedServer } from "./model.ts";
import { formatPath, type ConfigCode, type KeyPath } from "./problem.ts";
import { nearestName } from "./nearest.ts";
import { RESERVED_SLUGS, slugOf } from "./slug.ts";
import { readServerEntry, type EntryContext, type RawEntry } from "./server-entry.ts";

/** A folder that a server expects to exist. */
export interface ServerFolder {
  readonly server: string;
  readonly path: string;
  /** Whose it is, where the server runs as a user of its own. */
  readonly owner: ServerConfig["runAs"];
}

/** The outcome of reading `mcpServers`. */
export interface ServersBlock {
  readonly servers: readonly ServerConfig[];
  readonly skipped: readonly SkippedServer[];
  /** Folders that `${SERVER_DATA}` stands for, to be made before the first start. */
  readonly folders: readonly ServerFolder[];
}

/** What the block is read with. */
export interface ServersContext extends Omit<EntryContext, "sources"> {
  readonly sources: Omit<ExpansionSources, "serverData">;
  /** Absolute. */
  readonly dataDir: string;
}

/** The folder of a server's own under the data folder. */
export function serverDataFolder(dataDir: string, slug: string): string {
  return `${dataDir.replace(/\/$/, "")}/servers/${slug}`;
}

/** Reads all entries in the order of the file. */
export function readServers(node: DocumentNode | undefined, context: ServersContext): ServersBlock {
  const servers: ServerConfig[] = [];
  const skipped: SkippedServer[] = [];
  const folders: ServerFolder[] = [];
  const members = membersOf(node);
  const slugs = new Map<string, string>();
  for (const [index, member] of members.entries()) {
    const isRepeated = members.slice(index + 1).some(({ key }) => key === member.key);
    const outcome = readMember(member, { isRepeated, slugs, context });
    if ("reason" in outcome) {
      skipped.push({ name: member.key, reason: outcome.reason });
      continue;
    }
    servers.push(outcome.server);
    if (!outcome.usesServerData) continue;
    const { slug, runAs: owner } = outcome.server;
    folders.push({ server: slug, path: serverDataFolder(context.dataDir, slug), owner });
  }
  return { servers, skipped, folders };
}

interface Progress {
  /** The same name comes once more. */
  readonly isRepeated: boolean;
  readonly slugs: Map<string, string>;
  readonly context: ServersContext;
}

type Outcome =
  { readonly server: ServerConfig; readonly usesServerData: boolean } | { readonly reason: string };

function readMember(member: Member, { isRepeated, slugs, context }: Progress): Outcome {
  const { key: name, keyOffset: offset } = member;
  const { reporter } = context;
  const path: KeyPath = ["mcpServers", name];
  const before = reporter.problems.length;
  const refuse = (code: ConfigCode, message: string, hint: string): Outcome => {
    reporter.report("error", path, message, { code, hint, server: name, offset });
    return { reason: message };
  };
  // As every JSON parser has it, the last of two equal keys is the one that counts.
  if (isRepeated)
    return refuse(
      "CONFIG_DUPLICATE",
      "comes once more below, and the last one counts",
      "Rename one of them.",
    );
  const value = valueOf(member.value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse(
      "CONFIG_VALUE",
      "must be an object in { }",
      '"name": { "command": "npx", "args": […] }',
    );
  }
  const entry = value as Readonly<Record<string, unknown>>;
  if (entry["disabled"] === true || entry["enabled"] === false) return { reason: "disabled" };
  if (entry["url"] !== undefined && entry["command"] === undefined) {
    const hint = "Give its URL to the client itself.";
    const message = "is a remote server (url); only local programs are served, so it is left out";
    const code = "CONFIG_REMOTE_SERVER";
    reporter.report("note", path, message, { code, hint, server: name, offset });
    return { reason: "remote server (url)" };
  }
  const slug = slugOf(name);
  const holder = slugs.get(slug);
  if (slug === "") return refuse("CONFIG_SERVER_NAME", ...unusableName(name));
  if (RESERVED_SLUGS.has(slug)) {
    return refuse(
      "CONFIG_SERVER_NAME",
      `has a reserved name: /${slug} belongs to the gateway`,
      `Rename it, for example to "my-${slug}".`,
    );
  }
  if (holder !== undefined) {
    return refuse(
      "CONFIG_SERVER_NAME",
      `wants the URL /${slug}, which ${JSON.stringify(holder)} has`,
      "Rename one of them.",
    );
  }
  slugs.set(slug, name);
  if (slug !== name) {
    const hint = `Rename it to "${slug}" to have the same name everywhere.`;
    const detail = { code: "CONFIG_SERVER_NAME", hint, server: name, offset } as const;
    reporter.report("warning", path, `is served at /${slug}/mcp`, detail);
  }
  const raw: RawEntry = { name, slug, path, value: entry, node: member.value };
  const serverData = serverDataFolder(context.dataDir, slug);
  const outcome = readServerEntry(raw, { ...context, sources: { ...context.sources, serverData } });
  return outcome ?? { reason: reasonSince(before, path, context) };
}

function unusableName(name: string): readonly [string, string] {
  const message =
    name.trim() === "" ? "has an empty name" : "has a name without a letter a-z or a digit";
  return [message, "The name is part of the server's URL."];
}

/** The first error of an entry, short enough for a table. */
function reasonSince(before: number, path: KeyPath, { reporter }: ServersContext): string {
  const errors = reporter.problems.slice(before).filter(({ severity }) => severity === "error");
  const [first, ...others] = errors;
  if (first === undefined) return "invalid";
  const where = first.path.slice(formatPath(path).length);
  const place = first.line === undefined ? "" : ` (line ${first.line})`;
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return `${where.replace(/^\./, "")} ${first.message}${place}${more}`.trim();
}

/** What to say about a file without `mcpServers`. */
export function hintForMissingServers(keys: readonly string[]): string {
  if (keys.includes("servers")) return 'Rename "servers" to "mcpServers".';
  const near = nearestName("mcpServers", keys);
  if (near !== undefined) return `Rename ${JSON.stringify(near)} to "mcpServers".`;
  return '{ "mcpServers": { "everything": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-everything"] } } }';
}
