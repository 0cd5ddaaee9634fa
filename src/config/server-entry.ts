/**
 * Pure. One entry of `mcpServers`, once it has its slug: expanded, parsed and turned into the
 * configuration of a server. Every problem concerns this entry alone.
 */
import { childEnvironment } from "./child-env.ts";
import { parseBlock } from "./block.ts";
import { duplicatesIn, type DocumentNode } from "./document.ts";
import type { ExpansionSources } from "./expand.ts";
import { expandValue } from "./expand-value.ts";
import { lifeOf, type LifeDefaults } from "./health-schema.ts";
import { shapeFindings } from "./issues.ts";
import type { RootsPolicy, ServerConfig } from "./model.ts";
import { fileUri } from "./paths.ts";
import type { ConfigCode, KeyPath } from "./problem.ts";
import type { Reporter } from "./reporter.ts";
import type { ServerEntry } from "./schema.ts";
import { SERVER_SHAPE } from "./server-schema.ts";
import { unknownServerKeys } from "./unknown-keys.ts";

/** What entries inherit of the block `proxy`. */
export type EntryDefaults = LifeDefaults &
  Pick<ServerConfig, "instances" | "isolation" | "runtime" | "toolNames">;

/** What an entry is read with. */
export interface EntryContext {
  readonly reporter: Reporter;
  readonly sources: ExpansionSources;
  readonly defaults: EntryDefaults;
}

/** An entry as it stands in the file. */
export interface RawEntry {
  readonly name: string;
  readonly slug: string;
  readonly path: KeyPath;
  readonly value: Readonly<Record<string, unknown>>;
  readonly node: DocumentNode | undefined;
}

/** Keys whose strings are taken as they are: they are not used, or decide about the entry as such. */
const NOT_EXPANDED = new Set(["url", "headers", "timeout", "type", "disabled", "enabled"]);

/** The server of an entry, or undefined after reporting why there is none. */
export function readServerEntry(
  entry: RawEntry,
  context: EntryContext,
): { readonly server: ServerConfig; readonly usesServerData: boolean } | undefined {
  const { reporter, sources } = context;
  const { name, path } = entry;
  const isClean = reportKeys(entry, reporter);
  const known = Object.entries(entry.value).filter(([key]) => key in SERVER_SHAPE);
  const expanded = expandValue(
    Object.fromEntries(known.filter(([key]) => !NOT_EXPANDED.has(key))),
    sources,
    { path, server: name, reporter },
  );
  const plain = known.filter(([key]) => NOT_EXPANDED.has(key));
  const value = { ...(expanded.value as object), ...Object.fromEntries(plain) };
  const parsed = parseBlock(SERVER_SHAPE, value);
  if (!parsed.success) {
    for (const finding of shapeFindings(parsed.error.issues, value)) {
      const { message, ...detail } = finding;
      const place = [...path, ...finding.path];
      if (reporter.hasError(place)) continue;
      reporter.report("error", place, message, { ...detail, server: name });
    }
  }
  if (parsed.data?.command === undefined && entry.value["command"] === undefined) {
    const hint = 'Name the program to start, such as "command": "npx".';
    const detail = { code: "CONFIG_MISSING_KEY", hint, server: name } as const;
    reporter.report("error", [...path, "command"], "is missing", detail);
  }
  if (!parsed.success || parsed.data.command === undefined) return undefined;
  const roots = readRoots(parsed.data.roots, entry, reporter);
  if (roots === undefined || !isClean || !expanded.isWhole) return undefined;
  warnOfMissing(parsed.data, entry, context);
  const { fileContents, usesServerData } = expanded;
  const { command } = parsed.data;
  return {
    server: toServer({ entry, parsed: { ...parsed.data, command }, roots, fileContents }, context),
    usesServerData: usesServerData || parsed.data.runAs !== undefined,
  };
}

/** Another user cannot use the gateway's home folder: a server that runs as one lives in its own folder. */
function homeOf({ runAs }: Pick<ServerEntry, "runAs">, { env, serverData }: ExpansionSources) {
  return runAs === undefined ? env : { ...env, HOME: serverData };
}

interface Parts {
  readonly entry: RawEntry;
  readonly parsed: ServerEntry & { readonly command: string };
  readonly roots: RootsPolicy;
  readonly fileContents: readonly string[];
}

function toServer(
  { entry, parsed, roots, fileContents }: Parts,
  { sources, defaults }: EntryContext,
): ServerConfig {
  return {
    name: entry.name,
    slug: entry.slug,
    command: parsed.command,
    args: parsed.args,
    env: childEnvironment(homeOf(parsed, sources), parsed.inheritEnv, parsed.env),
    secrets: [...new Set([...Object.values(parsed.env), ...fileContents])].filter(Boolean),
    cwd: parsed.cwd,
    runAs: parsed.runAs,
    runtime: parsed.runtime ?? defaults.runtime,
    installScripts: parsed.installScripts,
    installTimeoutMs: parsed.installTimeout,
    instances: parsed.instances ?? defaults.instances,
    isolation: parsed.isolation ?? defaults.isolation,
    toolNames: parsed.toolNames ?? defaults.toolNames,
    tools: { allow: parsed.tools.allow, deny: parsed.tools.deny },
    roots,
    legacyStateless: parsed.legacyStateless,
    era: parsed.era,
    modern: parsed.modern,
    leases: parsed.leases,
    clientCapabilities: parsed.clientCapabilities,
    maxInFlight: parsed.maxInFlight,
    maxQueue: parsed.maxQueue,
    maxInstances: parsed.maxInstances,
    startTimeoutMs: parsed.startTimeout,
    requestTimeoutMs: parsed.requestTimeout,
    optionalListTimeoutMs: parsed.optionalListTimeout,
    maxLineBytes: parsed.maxLineBytes,
    ...lifeOf(parsed, defaults),
  };
}

/** Reports keys that are there twice, unknown or without effect; true when none is an error. */
function reportKeys({ name, path, value, node }: RawEntry, reporter: Reporter): boolean {
  const duplicates = duplicatesIn(node, path);
  for (const { path: twice, offset } of duplicates) {
    const hint = "Remove one of them.";
    const detail = { code: "CONFIG_DUPLICATE", hint, server: name, offset } as const;
    reporter.report("error", twice, "is there a second time", detail);
  }
  const warn = (
    code: ConfigCode,
    key: KeyPath,
    message: string,
    hint: string | undefined,
  ): void => {
    const detail = { code, hint, server: name, atKey: true };
    reporter.report("warning", [...path, ...key], message, detail);
  };
  for (const unknown of unknownServerKeys(value)) {
    warn("CONFIG_UNKNOWN_KEY", unknown.path, "is not a known key; it is ignored", unknown.hint);
  }
  if ("timeout" in value) {
    const hint = 'Write "requestTimeout" with a unit, such as "60s", or remove it.';
    warn(
      "CONFIG_IGNORED_KEY",
      ["timeout"],
      "is ignored: some clients mean seconds by it, others milliseconds",
      hint,
    );
  }
  if ("url" in value) {
    warn(
      "CONFIG_IGNORED_KEY",
      ["url"],
      'is ignored, because the entry has a "command"',
      "Remove one of them.",
    );
  }
  if (value["type"] !== undefined && value["type"] !== "stdio") {
    const hint = 'Remove it, or write "stdio".';
    warn("CONFIG_IGNORED_KEY", ["type"], 'is ignored, because the entry has a "command"', hint);
  }
  return duplicates.length === 0;
}

function readRoots(
  roots: ServerEntry["roots"],
  { name, path }: RawEntry,
  reporter: Reporter,
): RootsPolicy | undefined {
  if (typeof roots === "string") return roots;
  let isClean = true;
  const uris = roots.map((root, index) => {
    if (/^file:\/\/\//.test(root) && URL.canParse(root)) return root;
    if (root.startsWith("/")) return fileUri(root);
    const message = "must be an absolute path or a file:/// URI";
    reporter.report("error", [...path, "roots", index], message, { server: name });
    isClean = false;
    return root;
  });
  return isClean ? uris : undefined;
}

function warnOfMissing(
  { inheritEnv }: ServerEntry,
  { name, path }: RawEntry,
  { reporter, sources }: EntryContext,
): void {
  if (typeof inheritEnv === "boolean") return;
  const code = "CONFIG_VARIABLE";
  for (const [index, variable] of inheritEnv.entries()) {
    const place = [...path, "inheritEnv", index];
    if (variable.startsWith("BUN_")) {
      const hint = 'Set it in "env".';
      reporter.report("warning", place, "is never handed down", { code, hint, server: name });
    } else if (!variable.includes("*") && sources.env[variable] === undefined) {
      const message = `names the variable ${variable}, which is not set`;
      reporter.report("warning", place, message, { code, server: name });
    }
  }
}
