/**
 * Pure. The one-server forms of the command line (`--stdio "cmd args"`, `-- cmd args`) and the
 * built-in demo: a configuration without a file.
 */
import { presetsOf } from "./block.ts";
import { childEnvironment } from "./child-env.ts";
import type { ServerConfig } from "./model.ts";
import { lifeOf } from "./health-schema.ts";
import { PROXY_SHAPE } from "./proxy-schema.ts";
import { SERVER_SHAPE } from "./server-schema.ts";
import { RESERVED_SLUGS, slugOf } from "./slug.ts";

/** Programs that run another one, which is what the server is called after. */
const RUNNERS = new Set(
  `npx npm pnpm pnpx yarn bun bunx deno node nodejs tsx ts-node uv uvx pipx python python3 py ruby
  php java dotnet go cargo sh bash zsh env sudo docker podman nerdctl`.split(/\s+/),
);

/** Words behind a runner that name what it does. */
const SUBCOMMANDS = new Set(["x", "run", "exec", "dlx", "tool", "create", "start"]);

/** Names that say nothing, alone or as a file or folder. */
const GENERIC = new Set(
  `mcp server mcp-server server-mcp index main cli app start run serve bin dist build src lib out
  latest stdio`.split(/\s+/),
);

const NAME_IF_NONE = "server";

/** A server that the command line describes; all else is as the defaults of the file say. */
export function serverFromCommand(
  words: readonly [string, ...string[]],
  identity: { readonly name: string; readonly slug: string },
  env: Readonly<Record<string, string>>,
): ServerConfig {
  const [command, ...args] = words;
  const defaults = presetsOf(SERVER_SHAPE);
  return {
    ...identity,
    command,
    args,
    env,
    secrets: [],
    cwd: undefined,
    runAs: undefined,
    runtime: "auto",
    installScripts: defaults.installScripts,
    installTimeoutMs: defaults.installTimeout,
    instances: "auto",
    isolation: "user",
    toolNames: "snake_case",
    tools: { allow: undefined, deny: [] },
    roots: "none",
    legacyStateless: defaults.legacyStateless,
    era: defaults.era,
    modern: defaults.modern,
    leases: defaults.leases,
    clientCapabilities: defaults.clientCapabilities,
    maxInFlight: defaults.maxInFlight,
    maxQueue: defaults.maxQueue,
    maxInstances: defaults.maxInstances,
    startTimeoutMs: defaults.startTimeout,
    requestTimeoutMs: defaults.requestTimeout,
    optionalListTimeoutMs: defaults.optionalListTimeout,
    maxLineBytes: defaults.maxLineBytes,
    ...lifeOf(defaults, presetsOf(PROXY_SHAPE)),
  };
}

/** The names behind `--inherit-env`: `A,B_*`, or `*` for all. */
export function inheritedNames(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** The built-in demo server, run by our own executable (`selfCommand`) in a hidden mode. */
export function demoServer(
  selfCommand: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ServerConfig {
  const [command = "", ...args] = selfCommand;
  const words = [command, ...args, "__demo"] as const;
  return serverFromCommand(words, { name: "demo", slug: "demo" }, childEnvironment(env, false, {}));
}

/**
 * The slug of a command line: `npx -y @modelcontextprotocol/server-memory@latest` is `memory`,
 * `node ./github-mcp/dist/index.js` is `github`, `docker run -i ghcr.io/acme/jira-mcp:2` is `jira`.
 */
export function slugOfCommand(words: readonly string[]): string {
  for (const word of likelyNames(words)) {
    const slug = slugOf(bareName(word));
    if (slug === "") continue;
    return RESERVED_SLUGS.has(slug) ? `${slug}-server` : slug;
  }
  return NAME_IF_NONE;
}

/** What may name the server, best first. */
function likelyNames(words: readonly string[]): readonly string[] {
  const [command = "", ...args] = words;
  const program = (command.split("/").at(-1) ?? "").replace(/\.(exe|cmd)$/, "");
  if (!RUNNERS.has(program)) return [command];
  const operands = args.filter((arg) => !arg.startsWith("-") && !/^[A-Za-z_]\w*=/.test(arg));
  const first = operands.findIndex((word) => !SUBCOMMANDS.has(word));
  const named = first < 0 ? [] : operands.slice(first);
  // Behind `docker run` stand options with values; only an image looks like `owner/image`.
  const images = named.filter(
    (word) => /^[\w.-]+(:\d+)?\/[\w./-]+/.test(word) && !word.startsWith("."),
  );
  const isContainer = /^(docker|podman|nerdctl)$/.test(program);
  const isWrapper = /^(env|sudo|sh|bash|zsh)$/.test(program);
  if (isContainer) return [...images, ...named.slice(-1), program];
  if (isWrapper) return [...(named.length > 1 ? likelyNames(named) : named), program];
  return [...named.slice(0, 1), program];
}

/** A package, path or image without scope, folder, version, ending and the words that all have. */
function bareName(word: string): string {
  const parts = word.replace(/^@/, "").split("/");
  for (const part of parts.reverse()) {
    const plain = part
      .replace(/(?!^)[@:=].*$/, "")
      .replace(/\.(ts|mts|js|mjs|cjs|py|sh|rb|php|jar|exe)$/, "")
      .replace(/_/g, "-")
      .toLowerCase();
    if (plain === "" || /^\.+$/.test(plain) || GENERIC.has(plain)) continue;
    const bare = plain
      .replace(/^(mcp-server|server-mcp|server|mcp)-/, "")
      .replace(/-(mcp-server|server-mcp|server|mcp)$/, "");
    if (!GENERIC.has(bare)) return bare;
  }
  return "";
}
