/**
 * Pure. Where the servers come from: the command line, the file, or, without both, the demo.
 */
import { childEnvironment } from "./child-env.ts";
import { duplicatesIn, memberOf, valueOf, type ConfigDocument } from "./document.ts";
import type { ExpansionSources } from "./expand.ts";
import type { Flags } from "./settings.ts";
import { demoServer, inheritedNames, serverFromCommand, slugOfCommand } from "./one-server.ts";
import type { Reporter } from "./reporter.ts";
import type { ProxyBlock } from "./schema.ts";
import { hintForMissingServers, readServers, type ServersBlock } from "./servers.ts";
import { splitShellWords } from "./shell-words.ts";
import { unknownFileKeys } from "./unknown-keys.ts";

/** What servers are found with. */
export interface FindContext {
  readonly flags: Flags;
  readonly sources: Omit<ExpansionSources, "serverData">;
  /** How to start our own executable. */
  readonly selfCommand: readonly string[];
  readonly proxy: ProxyBlock;
  /** Absolute. */
  readonly dataDir: string;
  readonly reporter: Reporter;
}

/** True when the command line itself names the only server, so that no file is read. */
export function isOneServerForm(flags: Flags): boolean {
  return flags.stdio !== undefined || (flags.command ?? []).length > 0;
}

/** The servers, or undefined after reporting why there cannot be any. */
export function findServers(
  document: ConfigDocument | undefined,
  context: FindContext,
): ServersBlock | undefined {
  const { sources, reporter } = context;
  if (isOneServerForm(context.flags)) return serverOfCommandLine(context);
  if (document === undefined) {
    return { servers: [demoServer(context.selfCommand, sources.env)], skipped: [], folders: [] };
  }
  const { root } = document;
  const value = valueOf(root);
  for (const { path, offset } of duplicatesIn(root, []).filter(({ path }) => path.length === 1)) {
    const hint = "Join them into one.";
    reporter.report("error", path, "is there a second time", {
      code: "CONFIG_DUPLICATE",
      offset,
      hint,
    });
  }
  for (const { path, hint } of unknownFileKeys(value)) {
    const detail = { code: "CONFIG_UNKNOWN_KEY", hint, atKey: true } as const;
    reporter.report("warning", path, "is not a known key; it is ignored", detail);
  }
  const member = memberOf(root, "mcpServers");
  if (member === undefined) {
    const hint = hintForMissingServers(Object.keys(value ?? {}));
    reporter.report("error", [], 'has no "mcpServers"', { code: "CONFIG_NO_SERVERS", hint });
    return undefined;
  }
  if (member.value?.type !== "object") {
    const hint = '"mcpServers": { "name": { "command": "npx", "args": […] } }';
    reporter.report("error", ["mcpServers"], "must be an object in { }", { hint });
    return undefined;
  }
  const block = readServers(member.value, { ...context, defaults: context.proxy });
  if (block.servers.length === 0 && block.skipped.every(({ reason }) => reason === "disabled")) {
    const hint = "Add one, or enable one.";
    reporter.report("warning", ["mcpServers"], "names no server to run", {
      code: "CONFIG_NO_SERVERS",
      hint,
    });
  }
  return block;
}

function serverOfCommandLine(context: FindContext): ServersBlock | undefined {
  const { flags, sources, reporter } = context;
  const { instances, isolation, toolNames, runtime } = context.proxy;
  const isText = flags.stdio !== undefined;
  const flag = isText ? "--stdio" : "--";
  const refuse = (name: string, message: string, hint: string): void =>
    reporter.reportOutside("error", name, message, { code: "CONFIG_FLAGS", hint });
  if (isText && (flags.command ?? []).length > 0) {
    refuse("--stdio", "cannot stand beside a command behind --", "Choose one.");
  }
  if (flags.config !== undefined) {
    refuse("--config", `cannot stand beside ${flag}`, "Choose one.");
  }
  const split = splitShellWords(flags.stdio ?? "");
  if (!split.ok) {
    const hint = "Quote the whole command once more, or give it behind --.";
    refuse(flag, `cannot be split into words: ${split.error}`, hint);
    return undefined;
  }
  const [command, ...args] = isText ? split.value : (flags.command ?? []);
  if (command === undefined || command === "") {
    const hint = 'Write --stdio "npx -y some-server".';
    refuse(flag, "names no program", hint);
    return undefined;
  }
  const slug = slugOfCommand([command, ...args]);
  const childEnv = childEnvironment(sources.env, inheritedNames(flags.inheritEnv), {});
  const server = serverFromCommand([command, ...args], { name: slug, slug }, childEnv);
  return {
    servers: [{ ...server, instances, isolation, toolNames, runtime }],
    skipped: [],
    folders: [],
  };
}
