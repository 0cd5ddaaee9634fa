/**
 * Pure. From what was found (flags, environment, the text of a file) to the configuration, with
 * every problem and the origin of every setting. Reads nothing by itself.
 */
import { parseDocument, type ConfigDocument, type Place } from "./document.ts";
import type { ExpansionSources } from "./expand.ts";
import { installEnvironment } from "./install-env.ts";
import { findServers, isOneServerForm } from "./find-servers.ts";
import type { Environment, Flags } from "./settings.ts";
import type { GatewayConfig, ServerConfig } from "./model.ts";
import { isFatal, type ConfigProblem, type KeyPath } from "./problem.ts";
import { blockProvenance, readProxy, toAuth, toLimits, toWebhook } from "./proxy-block.ts";
import { Reporter } from "./reporter.ts";
import type { ProxyBlock } from "./schema.ts";
import type { ServerFolder, ServersBlock } from "./servers.ts";
import type { Provenance } from "./setting-picker.ts";
import { resolveSettings, type Settings } from "./resolve-settings.ts";

/** What the outside hands in. */
export interface ResolveInput {
  readonly flags: Flags;
  readonly env: Environment;
  /** The file that counts; undefined when there is none, which means the demo or a one-server form. */
  readonly file: { readonly path: string; readonly text: string } | undefined;
  /** How the path came to be, for `check --verbose`. */
  readonly fileFrom: string;
  /** Absolute. */
  readonly workingFolder: string;
  readonly homeFolder: string | undefined;
  /** The folder where a service without a home keeps files of its log, if somebody made it. */
  readonly serviceLogDir?: string | undefined;
  /** How to start our own executable. */
  readonly selfCommand: readonly string[];
  /** The content of a file for `${file:…}`. */
  readonly readFile: ExpansionSources["readFile"];
}

/** A reading of the configuration; `config` is undefined when a problem is fatal. */
export interface LoadedConfig {
  readonly config: GatewayConfig | undefined;
  /** The servers that could run, also when `config` is undefined. */
  readonly servers: readonly ServerConfig[];
  readonly problems: readonly ConfigProblem[];
  readonly provenance: readonly Provenance[];
  /** The data folder, also when `config` is undefined. */
  readonly dataDir: string;
  /** Folders that must exist before the servers start. */
  readonly folders: readonly ServerFolder[];
  /** The file that was read, absolute. */
  readonly file: string | undefined;
  /** The place of a value in the file, for problems that are found later; undefined without a file. */
  readonly placeOf: (path: KeyPath) => Place | undefined;
}

/** Judges everything that was found; never throws. */
export function resolveConfig(input: ResolveInput): LoadedConfig {
  const { file, flags, env, readFile, selfCommand } = input;
  const document = file === undefined ? undefined : parseDocument(file.text);
  const reporter = new Reporter(document, file?.path);
  const isReadable = document === undefined || reportSyntax(document, reporter);
  const sources = { env, readFile };
  const proxy = readProxy(isReadable ? document : undefined, sources, reporter);
  const fileName = file?.path ?? "";
  const { settings, provenance } = resolveSettings({ ...input, proxy, fileName, reporter });
  const { dataDir } = settings;
  const block = isReadable
    ? findServers(document, { flags, sources, selfCommand, proxy, dataDir, reporter })
    : undefined;
  const problems = inOrder(reporter.problems);
  const value = fileName === "" ? "none" : fileName;
  const isUsable = block !== undefined && !problems.some(isFatal);
  return {
    config: isUsable ? deepFreeze(toConfig(input, { proxy, settings, block })) : undefined,
    servers: block?.servers ?? [],
    problems,
    // Only commands ask for it.
    get provenance() {
      return [
        { setting: "config", value, from: input.fileFrom },
        ...provenance,
        ...blockProvenance(proxy, { reporter, fileName }),
      ];
    },
    dataDir,
    folders: block?.folders ?? [],
    file: file?.path,
    placeOf: (path) => reporter.placeOf(path, "value"),
  };
}

/** What has no place in the file first, then in the order of the file. */
function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const rank = ({ line, column }: ConfigProblem): readonly [number, number] => [
    line ?? 0,
    column ?? 0,
  ];
  return problems.toSorted((left, right) => {
    const [a, b] = [rank(left), rank(right)];
    return a[0] - b[0] || a[1] - b[1];
  });
}

function reportSyntax(document: ConfigDocument, reporter: Reporter): boolean {
  for (const { offset, message } of document.faults) {
    const hint = "Comments and trailing commas are allowed; all else is JSON.";
    reporter.report("error", [], message, { code: "CONFIG_SYNTAX", offset, hint });
  }
  if (document.faults.length > 0) return false;
  if (document.root?.type === "object") return true;
  const hint = '{ "mcpServers": { … } }';
  reporter.report("error", [], "must be an object in { }", { hint });
  return false;
}

interface Parts {
  readonly proxy: ProxyBlock;
  readonly settings: Settings;
  readonly block: ServersBlock;
}

function toConfig(input: ResolveInput, { proxy, settings, block }: Parts): GatewayConfig {
  const isOne = isOneServerForm(input.flags);
  const withoutFile = { kind: isOne ? ("command-line" as const) : ("demo" as const) };
  return {
    source: input.file === undefined ? withoutFile : { kind: "file", path: input.file.path },
    ...settings,
    installEnv: installEnvironment(input.env),
    allowedOrigins: proxy.allowedOrigins,
    allowedHosts: proxy.allowedHosts,
    publicPort: proxy.publicPort,
    rootServer: isOne ? block.servers[0]?.slug : undefined,
    logMaxFileBytes: proxy.logMaxFileBytes,
    logMaxFiles: proxy.logMaxFiles,
    webhook: toWebhook(proxy.webhook),
    auth: toAuth(proxy.auth),
    limits: toLimits(proxy.limits),
    resources: {
      sampleIntervalMs: proxy.health.sampleInterval,
      summaryIntervalMs: proxy.health.summaryInterval,
    },
    servers: block.servers,
    skipped: block.skipped,
  };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
