/**
 * The command `health`: asks the gateway that runs here whether it lives, for a container that has
 * neither a shell nor curl. It finds the gateway by the same file and variables that started it.
 */
import { Command } from "commander";
import { loadConfig, type LoadInput } from "../config/load.ts";
import type { LoadedConfig } from "../config/resolve.ts";
import { bindUrl } from "../config/urls.ts";
import { messageOf } from "../kernel/error.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { coded } from "./failure.ts";
import { addServeOptions } from "./options.ts";

/** Shorter than the time-out of a container's own check, so that the reason is still told. */
const ANSWER_MS = 4_000;

interface HealthFlags {
  readonly ready?: boolean;
}

/** `health [--ready]`. */
export function healthCommand(context: CommandContext): Command {
  const command = new Command("health")
    .description("ask the gateway that runs here whether it lives; for health checks of containers")
    .option("--ready", "ask whether it is ready to take traffic (/readyz)")
    .exitOverride()
    .action(async () => {
      const input = context.inputOf(command);
      const { ready } = command.opts<HealthFlags>();
      const path = ready === true ? "/readyz" : "/health";
      const { isHealthy, words } = await askHealth(input, path);
      (isHealthy ? context.print : context.tell)(`${words}\n`);
      context.finish(isHealthy ? EXIT.stopped : EXIT.bug);
    });
  return addServeOptions(command);
}

/** Asks; a file that is wrong by now does not matter, since the gateway runs with what it has read. */
async function askHealth(
  input: LoadInput,
  path: string,
): Promise<{ readonly isHealthy: boolean; readonly words: string }> {
  const url = `${addressOf(loadConfig(input), input)}${path}`;
  try {
    // Its certificate is for its public name, and this is not that.
    const response = await fetch(url, {
      signal: AbortSignal.timeout(ANSWER_MS),
      tls: { rejectUnauthorized: false },
      redirect: "manual",
    });
    const text = (await response.text()).slice(0, 1_000).trim();
    const words = `${url}: ${response.status} ${text}`;
    return { isHealthy: response.ok, words: response.ok ? words : coded("NOT_HEALTHY", words) };
  } catch (error) {
    const systemCode = error instanceof Error && "code" in error ? String(error.code) : "";
    const isRefused = /^(?:ECONNREFUSED|ConnectionRefused)$/.test(systemCode);
    const message = `${url} does not answer: ${messageOf(error)}`;
    const words = coded(isRefused ? "NO_GATEWAY" : "NO_ANSWER", message);
    return { isHealthy: false, words };
  }
}

function addressOf({ config, provenance }: LoadedConfig, { env }: LoadInput): string {
  const found = (setting: string, variable: string): string | undefined =>
    provenance.find((row) => row.setting === setting)?.value ?? env[variable];
  const host = config?.host ?? found("host", "HOST") ?? "127.0.0.1";
  const port = config?.port ?? Number(found("port", "PORT") ?? 8080);
  const hasTls = provenance.some(({ setting }) => setting === "tls.cert");
  const tls = config?.tls ?? (hasTls ? { certFile: "", keyFile: "" } : undefined);
  const names = { domain: "", mcpDomain: "", publicUrl: undefined, rootServer: undefined };
  return bindUrl({ ...names, host, tls }, port);
}
