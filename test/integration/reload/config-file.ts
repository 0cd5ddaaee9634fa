/** The config file of a running gateway, rewritten by a test, and what the gateway says of it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningGateway } from "../../helpers/gateway.ts";
import { until } from "../../helpers/wait.ts";

const SAID = /configuration (?:read again|not taken) \(.*/g;

/** The path of the file that `startGateway` made. */
export function configFileOf(gateway: RunningGateway): string {
  return join(gateway.folder, "config.json");
}

/** How often a configuration was read since the start. */
export function readings(gateway: RunningGateway): number {
  return gateway.stderr.match(SAID)?.length ?? 0;
}

/** Runs `change` and resolves with what the log says of the configuration that it led to. */
export async function untilRead(gateway: RunningGateway, change: () => void): Promise<string> {
  const before = readings(gateway);
  change();
  return until(() => gateway.stderr.match(SAID)?.[before], {
    what: "the configuration is read again",
  });
}

/** Writes other servers (or text as it is) into the file and resolves once it was read. */
export function rewrite(
  gateway: RunningGateway,
  servers: Readonly<Record<string, unknown>> | string,
  proxy?: object,
): Promise<string> {
  const config = { mcpServers: servers, ...(proxy === undefined ? {} : { proxy }) };
  const text = typeof servers === "string" ? servers : JSON.stringify(config);
  return untilRead(gateway, () => writeFileSync(configFileOf(gateway), text));
}
