/**
 * What keeps the children from the gateway's secrets: its memory is hidden from processes of the same
 * user, and the operator is told where that, or the file permissions, do not help (auth.md 4, 34, 35).
 */
import { statSync } from "node:fs";
import { decideAuth } from "../auth/rights.ts";
import type { GatewayConfig } from "../config/model.ts";
import type { Emit } from "../kernel/event.ts";
import { hideMemory } from "../runtime/hide-memory.ts";

/** Names in a warning; the rest are counted. */
const NAMED = 5;

/** Hides the memory before the first child starts, and warns. Never rejects. */
export async function isolate(config: GatewayConfig, platform: string, emit: Emit): Promise<void> {
  const why = await hideMemory(platform);
  if (why !== undefined) {
    const message = `servers can read the memory and the environment of the gateway: ${why}`;
    emit({ kind: "gateway.notice", level: "WARNING", message });
  }
  for (const warning of [
    openFileWarning(config),
    sharedUserWarning(config, process.getuid?.() === 0),
  ]) {
    if (warning !== undefined) emit({ kind: "gateway.notice", level: "WARNING", message: warning });
  }
}

/** A server of another user is kept out of the configuration, with the others' secrets, by its mode only. */
function openFileWarning({ source, servers }: GatewayConfig): string | undefined {
  if (source.kind !== "file" || servers.every(({ runAs }) => runAs === undefined)) return undefined;
  const stats = statSync(source.path, { throwIfNoEntry: false });
  if (stats === undefined || (stats.mode & 0o044) === 0) return undefined;
  return `${source.path} can be read by other users, so by servers with "runAs" too: chmod 600 it`;
}

/**
 * Where authentication is on and servers run as the gateway's own user, they can change who may call.
 * @returns undefined where there is nothing to warn of
 */
export function sharedUserWarning(config: GatewayConfig, isRoot: boolean): string | undefined {
  if (!decideAuth(config).isOn) return undefined;
  const names = config.servers.filter(({ runAs }) => runAs === undefined).map(({ name }) => name);
  if (names.length === 0) return undefined;
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  const what = isRoot
    ? "run as root, as the gateway does: they can read and change its keys, its people and its memory. Give each"
    : "run as the gateway's own user: they can read and change its files of keys and people. To keep them out run the gateway as root, with";
  return `${names.slice(0, NAMED).join(", ")}${more} ${what} a "runAs" of its own (docs/configuration.md), or run them in containers of their own`;
}
