/**
 * Pure. Keys that nobody knows, and which known one was probably meant.
 */
import { nearestName } from "./nearest.ts";
import type { KeyPath } from "./problem.ts";
import { AUTH_SHAPE } from "./auth-schema.ts";
import { HEALTH_SHAPE, SERVER_HEALTH_SHAPE } from "./health-schema.ts";
import { LIMITS_SHAPE } from "./limits-schema.ts";
import { PROXY_SHAPE, TLS_SHAPE } from "./proxy-schema.ts";
import { FILE_KEYS } from "./schema.ts";
import { SERVER_SHAPE, TOOLS_SHAPE } from "./server-schema.ts";
import { WEBHOOK_SHAPE } from "./webhook-schema.ts";

/** The keys of one kind of object, and of the objects in it. */
interface KeySet {
  readonly known: readonly string[];
  /** Keys of clients, which mean nothing here and are no mistake. */
  readonly ignored?: readonly string[];
  /** What other programs call it: where to look instead. */
  readonly aliases?: Readonly<Record<string, string>>;
  readonly inner?: Readonly<Record<string, KeySet>>;
}

const SERVER_KEYS: KeySet = {
  known: Object.keys(SERVER_SHAPE),
  ignored: ["alwaysAllow", "autoApprove", "description"],
  aliases: {
    cmd: '"command"',
    environment: '"env"',
    workingDirectory: '"cwd"',
    workdir: '"cwd"',
    transport: '"type"',
    includeTools: '"allow" in "tools"',
    excludeTools: '"deny" in "tools"',
    disabledTools: '"deny" in "tools"',
    allow: '"allow" in "tools"',
    deny: '"deny" in "tools"',
  },
  inner: {
    tools: { known: Object.keys(TOOLS_SHAPE) },
    health: { known: Object.keys(SERVER_HEALTH_SHAPE) },
  },
};

const PROXY_KEYS: KeySet = {
  known: Object.keys(PROXY_SHAPE),
  aliases: {
    ...Object.fromEntries(Object.keys(LIMITS_SHAPE).map((key) => [key, `"${key}" in "limits"`])),
    logLevel: '"logLevelSystem" or "logLevelMcp"',
    cors: '"allowedOrigins"',
    baseUrl: '"publicUrl"',
  },
  inner: {
    tls: { known: Object.keys(TLS_SHAPE) },
    webhook: { known: Object.keys(WEBHOOK_SHAPE) },
    auth: { known: Object.keys(AUTH_SHAPE) },
    limits: { known: Object.keys(LIMITS_SHAPE) },
    health: { known: Object.keys(HEALTH_SHAPE) },
  },
};

const KEYS_OF_FILE: KeySet = {
  known: FILE_KEYS,
  aliases: {
    servers: '"mcpServers"',
    mcp: '"mcpServers"',
    limits: '"limits" in "proxy"',
    ...Object.fromEntries(Object.keys(PROXY_SHAPE).map((key) => [key, `"${key}" in "proxy"`])),
  },
};

/** A key that means nothing, and what to do about it. */
export interface UnknownKey {
  readonly path: KeyPath;
  readonly hint: string | undefined;
}

/** Unknown keys of the whole file, its servers and `proxy` left aside. */
export function unknownFileKeys(value: unknown): readonly UnknownKey[] {
  return unknownIn(value, KEYS_OF_FILE, []);
}

/** Unknown keys of one entry of `mcpServers`, paths relative to it. */
export function unknownServerKeys(value: unknown): readonly UnknownKey[] {
  return unknownIn(value, SERVER_KEYS, []);
}

/** Unknown keys of the block `proxy`, paths relative to it. */
export function unknownProxyKeys(value: unknown): readonly UnknownKey[] {
  return unknownIn(value, PROXY_KEYS, []);
}

function unknownIn(value: unknown, keys: KeySet, path: KeyPath): readonly UnknownKey[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const innerKeys = keys.inner?.[key];
    if (innerKeys !== undefined) return unknownIn(inner, innerKeys, [...path, key]);
    if (keys.known.includes(key) || keys.ignored?.includes(key) === true) return [];
    return [{ path: [...path, key], hint: hintFor(key, keys) }];
  });
}

function hintFor(key: string, keys: KeySet): string | undefined {
  const aliases = new Map(Object.entries(keys.aliases ?? {}));
  const alias = aliases.get(key);
  if (alias !== undefined) return `Use ${alias} instead.`;
  const near = nearestName(key, keys.known);
  if (near !== undefined) return `Did you mean ${JSON.stringify(near)}?`;
  const nearAlias = nearestName(key, aliases.keys());
  return nearAlias === undefined ? undefined : `Did you mean ${aliases.get(nearAlias) ?? ""}?`;
}
