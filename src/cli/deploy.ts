/**
 * `deploy compose | traefik | systemd`: what other programs need to run the gateway, made from the
 * same configuration. Prints it, or writes it to a file.
 *
 * The configuration is read for its servers and names only, on a machine that may lack its
 * variables and secret files; those stand for themselves here.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { loadConfig, type LoadInput } from "../config/load.ts";
import type { GatewayConfig } from "../config/model.ts";
import type { Environment } from "../config/settings.ts";
import { composeFile, traefikOptions } from "../deploy/compose.ts";
import { imageFor } from "../deploy/image-target.ts";
import { parseEnvFile } from "../deploy/env-file.ts";
import { referencesIn, type Reference } from "../deploy/references.ts";
import { routesOf } from "../deploy/routes.ts";
import { systemdUnit } from "../deploy/systemd.ts";
import { traefikRules } from "../deploy/traefik.ts";
import { toYaml } from "../deploy/yaml.ts";
import { messageOf } from "../kernel/error.ts";
import { ok } from "../kernel/result.ts";
import { EXIT } from "./exit-codes.ts";
import { coded } from "./failure.ts";
import { formatProblem } from "./problems.ts";

export interface DeployInput extends LoadInput {
  /** Takes the document. */
  readonly print: (text: string) => void;
  /** Takes what a person should know, beside it. */
  readonly tell: (text: string) => void;
}

export interface DeployOptions {
  /** Write here and not to stdout. */
  readonly out?: string;
  /** File with variables beside those of the environment. */
  readonly envFile?: string;
  /** `deploy compose`: folder of the Dockerfile. */
  readonly build?: string;
  /** `deploy traefik`: where Traefik reaches the gateway. */
  readonly backend?: string;
  /** `deploy systemd`: a user that exists. */
  readonly user?: string;
  /** `deploy systemd`: credentials to load. */
  readonly credential?: readonly string[];
}

export type DeployKind = "compose" | "traefik" | "systemd";

/** Makes one document. @returns the exit code */
export function runDeploy(kind: DeployKind, input: DeployInput, options: DeployOptions): number {
  try {
    const read = readForDeploy(input, options);
    if (read === undefined) return EXIT.configuration;
    const text = textOf(kind, read, input, options);
    if (text === undefined) return EXIT.configuration;
    if (options.out === undefined) input.print(text);
    else writeFileSync(resolve(input.workingFolder, options.out), text);
    return EXIT.stopped;
  } catch (error) {
    input.tell(`${coded("DEPLOY_FAILED", `deploy ${kind}: ${messageOf(error)}`)}\n`);
    return EXIT.bug;
  }
}

interface Read {
  readonly config: GatewayConfig;
  readonly env: Environment;
  readonly file: string | undefined;
  readonly references: readonly Reference[];
  /** Paths of `${file:…}`. */
  readonly referencedFiles: readonly string[];
}

function readForDeploy(input: DeployInput, options: DeployOptions): Read | undefined {
  const env = { ...fromEnvFile(input, options), ...input.env };
  const first = loadConfig({ ...input, env });
  const text = first.file === undefined ? "" : readIfThere(first.file);
  const references = referencesIn(text);
  const referencedFiles = new Set<string>();
  const standIns = Object.fromEntries(references.map(({ name }) => [name, "set-later"]));
  const loaded = loadConfig({
    ...input,
    env: { ...standIns, ...env },
    readReferenced: (path) => {
      referencedFiles.add(path);
      return ok("set-later");
    },
  });
  for (const problem of loaded.problems) {
    if (problem.severity !== "note") input.tell(`${formatProblem(problem)}\n`);
  }
  if (loaded.config === undefined) return undefined;
  return {
    config: loaded.config,
    env,
    file: loaded.file,
    references,
    referencedFiles: [...referencedFiles],
  };
}

function textOf(
  kind: DeployKind,
  { config, env, file, references, referencedFiles }: Read,
  input: DeployInput,
  options: DeployOptions,
): string | undefined {
  const { workingFolder, tell } = input;
  const dnsProvider = textVariable(env, "ACME_DNS_PROVIDER");
  switch (kind) {
    case "systemd":
      return systemdUnit({
        executable: "/usr/local/bin/remote-mcp-proxy",
        configFile: input.flags.config ?? "/etc/remote-mcp-proxy/config.json",
        user: options.user,
        credentials: options.credential ?? [],
      });
    case "traefik": {
      if (!hasRoutes(config, tell)) return undefined;
      const backendUrl = options.backend ?? traefikOptions({ dnsProvider }).backendUrl;
      const rules = traefikRules(config, { ...traefikOptions({ dnsProvider }), backendUrl });
      return toYaml(rules, [
        "Rules for Traefik v3 (file provider), made by:",
        "",
        "  remote-mcp-proxy deploy traefik",
      ]);
    }
    case "compose": {
      if (!hasRoutes(config, tell)) return undefined;
      for (const { server, command } of imageFor(config.servers).because)
        tell(`server ${server} runs ${command}: the full image is used\n`);
      for (const path of referencedFiles)
        tell(`the config file reads ${path}: mount it at this path, for example as a secret\n`);
      const localTraefik = /^(1|true|yes|on)$/i.test(env["ENABLE_LOCAL_TRAEFIK"]?.trim() ?? "");
      const acmeEmail = textVariable(env, "ACME_EMAIL");
      if (localTraefik && acmeEmail === undefined)
        tell("ACME_EMAIL is not set: nobody is told when a certificate is about to expire\n");
      const document = composeFile(config, {
        localTraefik,
        acmeEmail,
        dnsProvider,
        configFile: file === undefined ? "./config.json" : nearby(file, workingFolder),
        buildContext: options.build,
        references,
      });
      return toYaml(document, ["Made by:", "", "  remote-mcp-proxy deploy compose"]);
    }
  }
}

function hasRoutes(config: GatewayConfig, tell: (text: string) => void): boolean {
  if (routesOf(config).length > 0) return true;
  const message =
    "there is no public name to route: set DOMAIN (in .env, in the environment or as --domain) or PUBLIC_URL";
  tell(`${coded("NO_PUBLIC_NAME", message)}\n`);
  return false;
}

function fromEnvFile({ workingFolder }: DeployInput, { envFile }: DeployOptions): Environment {
  if (envFile !== undefined)
    return parseEnvFile(readFileSync(resolve(workingFolder, envFile), "utf8"));
  return parseEnvFile(readIfThere(join(workingFolder, ".env")));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

/** A path as a compose file in the working folder names it. */
function nearby(file: string, workingFolder: string): string {
  const path = relative(workingFolder, file);
  return isAbsolute(path) || path.startsWith("..") ? file : `./${path}`;
}

function textVariable(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === "" ? undefined : value;
}
