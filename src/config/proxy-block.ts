/**
 * Pure. The block `proxy` of the file: read, expanded and parsed; its limits in the units of the
 * program; where those of its values came from that only the file can change.
 */
import { parseBlock, presetsOf } from "./block.ts";
import { duplicatesIn, memberOf, valueOf, type ConfigDocument } from "./document.ts";
import type { ExpansionSources } from "./expand.ts";
import { expandValue } from "./expand-value.ts";
import { shapeFindings } from "./issues.ts";
import type { AuthConfig, Limits, WebhookConfig } from "./model.ts";
import type { Reporter } from "./reporter.ts";
import { PROXY_SHAPE } from "./proxy-schema.ts";
import type { ProxyBlock } from "./schema.ts";
import { placeInFile, type Provenance } from "./setting-picker.ts";
import { formatDuration, formatSize } from "./units.ts";
import { unknownProxyKeys } from "./unknown-keys.ts";

/** The block, or the defaults after reporting what is wrong with it. */
export function readProxy(
  document: ConfigDocument | undefined,
  outside: Omit<ExpansionSources, "serverData">,
  reporter: Reporter,
): ProxyBlock {
  const defaults = presetsOf(PROXY_SHAPE);
  const node = memberOf(document?.root, "proxy")?.value;
  if (node === undefined) return defaults;
  const raw = valueOf(node);
  for (const { path, offset } of duplicatesIn(node, ["proxy"])) {
    reporter.report("error", path, "is there a second time", {
      code: "CONFIG_DUPLICATE",
      offset,
      hint: "Remove one of them.",
    });
  }
  for (const { path, hint } of unknownProxyKeys(raw)) {
    reporter.report("warning", ["proxy", ...path], "is not a known key; it is ignored", {
      code: "CONFIG_UNKNOWN_KEY",
      hint,
      atKey: true,
    });
  }
  const sources = { ...outside, serverData: undefined };
  const { value } = expandValue(raw, sources, { path: ["proxy"], server: undefined, reporter });
  const parsed = parseBlock(PROXY_SHAPE, value);
  if (!parsed.success) {
    for (const { path, message, ...detail } of shapeFindings(parsed.error.issues, value)) {
      if (reporter.hasError(["proxy", ...path])) continue;
      reporter.report("error", ["proxy", ...path], message, detail);
    }
    return defaults;
  }
  if (parsed.data.limits.drain > parsed.data.limits.shutdown) {
    const message = "must not be longer than shutdown, of which it is a part";
    reporter.report("error", ["proxy", "limits", "drain"], message);
  }
  return parsed.data;
}

/** The limits in milliseconds and bytes. */
export function toLimits(limits: ProxyBlock["limits"]): Limits {
  const {
    sessionIdle,
    replayKeep,
    streamLifetime,
    lazyStream,
    keepAlive,
    clientAnswerTimeout,
    streamWait,
    shutdown,
    drain,
    ...rest
  } = limits;
  return {
    ...rest,
    sessionIdleMs: sessionIdle,
    replayKeepMs: replayKeep,
    streamLifetimeMs: streamLifetime,
    lazyStreamMs: lazyStream,
    keepAliveMs: keepAlive,
    clientAnswerTimeoutMs: clientAnswerTimeout,
    streamWaitMs: streamWait,
    shutdownMs: shutdown,
    drainMs: drain,
  };
}

/** Who may call, in milliseconds. */
export function toAuth(auth: ProxyBlock["auth"]): AuthConfig {
  const { accessTokenLifetime, refreshTokenIdle, refreshGrace, clients, ...rest } = auth;
  return {
    ...rest,
    clients: Object.fromEntries(
      Object.entries(clients).map(([id, { name, secret, redirectUris }]) => [
        id,
        { name, secret, redirectUris },
      ]),
    ),
    accessTokenLifetimeMs: accessTokenLifetime,
    refreshTokenIdleMs: refreshTokenIdle,
    refreshGraceMs: refreshGrace,
  };
}

/** Who is told of failed servers, in milliseconds. */
export function toWebhook(webhook: ProxyBlock["webhook"]): WebhookConfig | undefined {
  if (webhook === undefined) return undefined;
  const { url, secret, events, minInterval } = webhook;
  return { url, secret, events, minIntervalMs: minInterval };
}

/** Where the settings came from that only the file can change. */
export function blockProvenance(
  proxy: ProxyBlock,
  place: { readonly reporter: Reporter; readonly fileName: string },
): readonly Provenance[] {
  const { allowedOrigins, allowedHosts, instances, isolation, toolNames, runtime, startOn } = proxy;
  const { limits, health } = proxy;
  const own = { instances, isolation, toolNames, runtime, startOn };
  const plain = Object.entries({ allowedOrigins, allowedHosts, ...own });
  const rows = [
    ...plain.map(([key, value]) => ({ path: [key], value: [value].flat().join(", ") || "none" })),
    { path: ["idleTimeout"], value: formatDuration(proxy.idleTimeout) },
    ...Object.entries(health).map(([key, value]) => ({
      path: ["health", key],
      value: healthText(key, value),
    })),
    ...Object.entries(limits).map(([key, value]) => ({
      path: ["limits", key],
      value: limitText(key, value),
    })),
  ];
  return rows.map(({ path, value }) => ({
    setting: path.join("."),
    value,
    from: placeInFile(place, path),
  }));
}

/** Names of limits tell their unit: `…Bytes`, `max…` is a count, all others are durations. */
function limitText(key: string, value: number): string {
  if (key.endsWith("Bytes")) return formatSize(value);
  return key.startsWith("max") ? String(value) : formatDuration(value);
}

function healthText(key: string, value: number): string {
  if (key === "alertMemory") return formatSize(value);
  if (key === "alertCpu") return `${value} %`;
  return /Failures$|^max/.test(key) ? String(value) : formatDuration(value);
}
