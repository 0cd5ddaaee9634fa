/**
 * Pure. The shape of the block `proxy`, the gateway itself, with the description of every key.
 */
import * as z from "zod/mini";
import { AUTH_SHAPE } from "./auth-schema.ts";
import { block, optional, optionalBlock, preset, required } from "./block.ts";
import { count, duration, judged, listOf, optionalDuration, setting, size } from "./fields.ts";
import { HEALTH_SHAPE } from "./health-schema.ts";
import { LIMITS_SHAPE } from "./limits-schema.ts";
import {
  judgeCalledHost,
  judgeDomain,
  judgeHost,
  judgeLogFormat,
  judgeLogLevel,
  judgeNetwork,
  judgeOrigin,
  judgePath,
  judgePort,
  judgePublicUrl,
  RETENTION,
} from "./scalars.ts";
import { instances, isolation, runtime, startOn, text, toolNames } from "./schema-values.ts";
import { WEBHOOK_SHAPE } from "./webhook-schema.ts";

/** The keys of `proxy.tls`. */
export const TLS_SHAPE = {
  cert: required("File with the certificate chain (PEM). Flag `--tls-cert`.", text),
  key: required("File with its private key (PEM). Flag `--tls-key`.", text),
};

const PORT_RANGE = "must be a port from 0 to 65535";

/** A port as a number. */
function port(min: number) {
  const error = PORT_RANGE;
  return z.int({ error }).check(z.gte(min, { error }), z.lte(65_535, { error }));
}

/** The keys of the block `proxy`: the gateway itself. */
export const PROXY_SHAPE = {
  host: setting(judgeHost, "Address to listen on. Flag `--host`, variable `HOST`; else 127.0.0.1."),
  port: optional(
    "Port to listen on; 0 takes a free one. Flag `--port`, variable `PORT`; else 8080.",
    () => z.union([port(0), judged(judgePort)], { error: PORT_RANGE }),
  ),
  domain: setting(
    judgeDomain,
    "Domain of this installation. Flag `--domain`, variable `DOMAIN`; else localhost.",
  ),
  mcpDomain: setting(
    judgeDomain,
    "Servers are at `{server}.{mcpDomain}`, the gateway's own endpoints at `{mcpDomain}`. Variable `MCP_DOMAIN`; else `mcp.{domain}`.",
  ),
  publicUrl: setting(
    judgePublicUrl,
    "One public address with an optional path prefix, for tunnels without wildcard DNS: servers are at `{publicUrl}/{server}/mcp`. Variable `PUBLIC_URL`.",
  ),
  publicPort: optional(
    "Port of the public https URLs of a domain. Else 443, or the port that is listened on when the gateway serves HTTPS itself.",
    () => port(1),
  ),
  trustedProxies: listOf(
    judgeNetwork,
    "Addresses and networks of reverse proxies, such as `172.16.0.0/12`, whose `X-Forwarded-For` and `X-Forwarded-Prefix` are believed. Where nobody is asked who they are and only this machine is served, requests through any other proxy are refused. Variable `TRUSTED_PROXIES`, with commas.",
  ),
  dataDir: setting(
    judgePath,
    "Folder for everything that is kept. Variable `DATA_DIR`; else that of systemd (`STATE_DIRECTORY`), else `remote-mcp-proxy` in the user's state folder (`$XDG_STATE_HOME` or `~/.local/state`), else `/var/lib/remote-mcp-proxy`.",
  ),
  logLevelSystem: setting(
    judgeLogLevel,
    "Least level of the gateway's own log lines: ERROR, WARNING, INFO, DEBUG or TRACE. Flag `--log-level`, variable `LOG_LEVEL_SYSTEM`; else INFO.",
  ),
  logLevelMcp: setting(
    judgeLogLevel,
    "The same for what the servers write. Flag `--log-level`, variable `LOG_LEVEL_MCP`; else DEBUG.",
  ),
  logFormat: setting(
    judgeLogFormat,
    "`text` for people, or `json`: one object a line. Variable `LOG_FORMAT`; else text.",
  ),
  logDir: setting(
    judgePath,
    "Folder for files of the log, beside stderr: `system.log`, `mcp-{server}.log`, `mcp-{server}.stderr.log`. Variable `LOG_DIR`; else that of systemd (`LOGS_DIRECTORY`), else, without a home folder, `/var/log/remote-mcp-proxy` if it is there, else none.",
  ),
  logRetentionSystem: optionalDuration(
    "How long lines of `system.log` are kept. Variable `LOG_RETENTION_SYSTEM`; else 24h.",
    RETENTION,
  ),
  logRetentionMcp: optionalDuration(
    "The same for the files of the servers. Variable `LOG_RETENTION_MCP`; else 12h.",
    RETENTION,
  ),
  logMaxFileBytes: size("10MiB", "Size at which a file of the log is set aside.", { min: 1_024 }),
  logMaxFiles: count(20, "Files set aside that are kept of each log, however young.", {
    min: 1,
    max: 10_000,
  }),
  allowedOrigins: listOf(
    judgeOrigin,
    "Origins of web pages that may call, such as `https://app.example.org`, beside those that are always allowed.",
  ),
  allowedHosts: listOf(
    judgeCalledHost,
    "Host names by which the gateway may be called, such as `gateway.lan`, beside its own domains and addresses.",
  ),
  tls: optionalBlock("Serve HTTPS; the files are read again when they change.", TLS_SHAPE),
  instances: preset("auto", "Default of `instances` for all servers.", instances),
  isolation: preset("user", "Default of `isolation` for all servers.", isolation),
  runtime: preset("auto", "Default of `runtime` for all servers.", runtime),
  toolNames: preset("snake_case", "Default of `toolNames` for all servers.", toolNames),
  startOn: preset("boot", "Default of `startOn` for all servers.", startOn),
  idleTimeout: duration("0s", "Default of `idleTimeout` for all servers; 0 never.", { min: 0 }),
  health: block("Health checks, restarts, resources and their alerts.", HEALTH_SHAPE),
  webhook: optionalBlock(
    "Tells another program when a server fails and when it is back.",
    WEBHOOK_SHAPE,
  ),
  auth: block("Who may call.", AUTH_SHAPE),
  limits: block("Limits of the gateway.", LIMITS_SHAPE),
};
