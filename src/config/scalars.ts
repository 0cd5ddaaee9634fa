/**
 * Pure. The single values that flags, variables and the file share, each judged in one place.
 *
 * A judge takes text and gives the value as the program uses it, or the end of a sentence that
 * begins with the name of the setting ("must be …").
 */
import type { LogLevel } from "../kernel/event.ts";
import { err, ok, type Result } from "../kernel/result.ts";
import { formatDuration, parseDuration } from "./units.ts";

/** Turns text into a setting's value, or says what the text must be. */
export type Judge<Value> = (text: string) => Result<Value, string>;

const LOG_LEVELS: Readonly<Record<string, LogLevel>> = {
  ERROR: "ERROR",
  WARNING: "WARNING",
  WARN: "WARNING",
  INFO: "INFO",
  DEBUG: "DEBUG",
  TRACE: "TRACE",
};

/** Names of log levels in any case; WARN is WARNING. */
export const judgeLogLevel: Judge<LogLevel> = (text) => {
  const level = LOG_LEVELS[text.trim().toUpperCase()];
  if (level !== undefined) return ok(level);
  return err(`must be ERROR, WARNING, INFO, DEBUG or TRACE, not ${show(text)}`);
};

/** How log lines are written: for people, or one JSON object a line. */
export const judgeLogFormat: Judge<"text" | "json"> = (text) => {
  const format = text.trim().toLowerCase();
  if (format === "text" || format === "json") return ok(format);
  return err(`must be text or json, not ${show(text)}`);
};

/** Shortest and longest time that files of the log can be kept. */
export const RETENTION = { min: 1_000, max: 3_650 * 86_400_000 } as const;

/** How long files are kept, such as `12h`. */
export const judgeRetention: Judge<number> = (text) => {
  const durationMs = parseDuration(text);
  if (durationMs === undefined)
    return err(`must be a duration such as "30m", "12h" or "7d", not ${show(text)}`);
  if (durationMs >= RETENTION.min && durationMs <= RETENTION.max) return ok(durationMs);
  return err(`must be from ${formatDuration(RETENTION.min)} to ${formatDuration(RETENTION.max)}`);
};

/** An address that messages are posted to. It may hold a secret, so it is not repeated. */
export const judgeWebhookUrl: Judge<string> = (text) => {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return ok(url.href);
  return err("must be an http or https URL such as https://hooks.example.org/mcp");
};

/** A TCP port; 0 lets the system choose one. */
export const judgePort: Judge<number> = (text) => {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text.trim()) : Number.NaN;
  if (port <= 65_535) return ok(port);
  return err(`must be a port from 0 to 65535, not ${show(text)}`);
};

/** An address or host name to listen on, without scheme, port and brackets. */
export const judgeHost: Judge<string> = (text) => {
  const host = text.trim().replace(/^\[(.*)\]$/, "$1");
  if (isHostName(host) || isIpv6(host)) return ok(host);
  return err(
    `must be an address to listen on, such as 127.0.0.1 or 0.0.0.0, without a port, not ${show(text)}`,
  );
};

/** A domain in lower case without a trailing dot. */
export const judgeDomain: Judge<string> = (text) => {
  const domain = text.trim().toLowerCase().replace(/\.$/, "");
  if (isHostName(domain)) return ok(domain);
  return err(`must be a domain such as example.org, without a scheme or port, not ${show(text)}`);
};

/** An http(s) URL without a trailing slash; its path is the public prefix. */
export const judgePublicUrl: Judge<string> = (text) => {
  const wrong = (why: string): Result<string, string> =>
    err(`must be a URL such as https://mcp.example.org or https://example.org/mcp-proxy: ${why}`);
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (url === undefined) return wrong(`${show(text)} is none`);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return wrong("it must be http or https");
  if (url.username !== "" || url.password !== "")
    return wrong("it must not hold a user or password");
  if (url.search !== "" || url.hash !== "") return wrong("it must end with its path");
  return ok(url.origin + url.pathname.replace(/\/+$/, ""));
};

/** The origin of a web page, as browsers send it: no path, no slash at the end. */
export const judgeOrigin: Judge<string> = (text) => {
  const origin = text.trim().replace(/\/$/, "").toLowerCase();
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#@*\s]+$/.test(origin)) return ok(origin);
  return err(
    `must be an origin such as https://app.example.org, without a path, not ${show(text)}`,
  );
};

/** A host as a Host header names it, without its port; IPv6 in brackets. */
export const judgeCalledHost: Judge<string> = (text) => {
  const host = text.trim().toLowerCase().replace(/\.$/, "");
  const inner = host.replace(/^\[(.*)\]$/, "$1");
  if (isIpv6(inner)) return ok(`[${inner}]`);
  if (isHostName(host)) return ok(host);
  return err(`must be a host name such as gateway.lan, without scheme and port, not ${show(text)}`);
};

/** An address or a network in CIDR form. */
export const judgeNetwork: Judge<string> = (text) => {
  const [address = "", bits, ...rest] = text.trim().split("/");
  const widest = isIpv4Address(address) ? 32 : isIpv6(address) ? 128 : -1;
  const isWidth = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= widest);
  if (widest > 0 && isWidth && rest.length === 0) return ok(text.trim());
  return err(`must be an address or network such as 172.16.0.0/12, not ${show(text)}`);
};

/** Several of them, with commas. */
export const judgeNetworks: Judge<readonly string[]> = (text) => {
  const found: string[] = [];
  for (const part of text.split(",").filter((one) => one.trim() !== "")) {
    const network = judgeNetwork(part);
    if (!network.ok) return network;
    found.push(network.value);
  }
  return ok(found);
};

/** Any text but the empty one: a path. */
export const judgePath: Judge<string> = (text) =>
  text.trim() === "" ? err("must be a path, not an empty text") : ok(text);

/** True for an IPv4 address, which can have no subdomains. */
export function isIpv4(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}

function isIpv4Address(text: string): boolean {
  return isIpv4(text) && text.split(".").every((part) => Number(part) <= 255);
}

/** True for names whose traffic stays on this machine, which get path URLs. */
export function isLocalName(domain: string): boolean {
  return domain === "localhost" || domain.endsWith(".localhost");
}

function isHostName(host: string): boolean {
  const label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
  return host.length <= 253 && new RegExp(`^${label}(\\.${label})*$`).test(host);
}

function isIpv6(host: string): boolean {
  return (
    /^[0-9A-Fa-f:.%a-z]+$/.test(host) &&
    host.includes(":") &&
    URL.canParse(`http://[${host.replace(/%.*$/, "")}]/`)
  );
}

/** A value in quotes, cut so that a message stays one line. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
