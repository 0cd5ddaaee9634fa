/**
 * Pure. The config file: its shape, defaults, ranges and units, and a description of every key.
 *
 * The one source: the checks, the JSON Schema of the `schema` command and the tables of
 * docs/configuration.md come from here. Strings are expanded before they are parsed by it.
 * Unknown keys are not its business (`unknown-keys.ts`).
 */
import { z } from "zod";
import { count, duration, judged, oneOf, setting, size } from "./fields.ts";
import {
  judgeCalledHost,
  judgeDomain,
  judgeHost,
  judgeLogLevel,
  judgeOrigin,
  judgePath,
  judgePort,
  judgePublicUrl,
} from "./scalars.ts";

const text = z.string().min(1, { error: "must not be empty" });
const textList = z.array(text);
const instances = oneOf(["auto", "shared", "session"]);
const toolNames = oneOf(["snake_case", "keep"]);

/** The keys of `mcpServers.{name}.tools`. */
export const TOOLS_SHAPE = {
  allow: textList.optional().meta({
    description:
      "Only tools whose name matches one of these patterns are listed and can be called; `*` stands for any text. Without it all are.",
  }),
  deny: textList.prefault([]).meta({
    description:
      "Tools whose name matches one of these patterns are neither listed nor called, also when `allow` names them.",
  }),
};

/** The keys of `mcpServers.{name}`: Claude Desktop's, then ours. */
export const SERVER_SHAPE = {
  command: z
    .string({ error: "must be a program, as text" })
    .refine((value) => value.trim() !== "", { error: "must not be empty" })
    .optional()
    .meta({
      description:
        "The program to start: a name that is looked up on the PATH of the server, or a path.",
    }),
  args: z.array(z.string()).prefault([]).meta({ description: "Its arguments." }),
  env: z
    .record(z.string().regex(/^[^=]+$/), z.string())
    .prefault({})
    .meta({
      description: "Variables of its environment. Their values are hidden from logs and pages.",
    }),
  cwd: text.optional().meta({
    description:
      "Its working folder; a relative one starts at the gateway's. Without it the gateway's own.",
  }),
  disabled: z.boolean().prefault(false).meta({ description: "`true` leaves this entry out." }),
  enabled: z.boolean().prefault(true).meta({ description: "`false` leaves this entry out." }),
  type: z.string().optional().meta({
    description: "Transport of the entry in client files; only `stdio` servers are run.",
  }),
  url: z.string().optional().meta({
    description:
      "Address of a remote server. Such an entry is left out: clients can reach it themselves.",
  }),
  headers: z.unknown().optional().meta({ description: "Belongs to `url`; not used." }),
  timeout: z.unknown().optional().meta({
    description:
      "Not used, because clients disagree whether it means seconds or milliseconds: see `requestTimeout`.",
  }),
  inheritEnv: z
    .union([z.boolean(), textList], {
      error: 'must be true, false or a list of names such as ["GITHUB_TOKEN", "AWS_*"]',
    })
    .prefault(false)
    .meta({
      description:
        "What the server gets of the gateway's own environment beyond PATH, HOME, LANG, TZ and TMPDIR: `true` for all, or names (`*` stands for any text). Never `BUN_*`.",
    }),
  instances: instances.optional().meta({
    description:
      "`shared`: one process for all clients; `session`: one for each session; `auto`: the gateway decides by what client and server can do. Without it `proxy.instances`.",
  }),
  toolNames: toolNames.optional().meta({
    description:
      "`snake_case` shows names with characters outside `[A-Za-z0-9_]` in lower case with underscores, as Claude.ai needs it; `keep` shows them as they are. Without it `proxy.toolNames`.",
  }),
  tools: z.object(TOOLS_SHAPE).prefault({}).meta({ description: "Which tools are offered." }),
  roots: z
    .union([oneOf(["none", "forward"]), textList], {
      error: 'must be "none", "forward" or a list of folders',
    })
    .prefault("none")
    .meta({
      description:
        "Folders that the server is told about: `none`; `forward` asks the remote client; a list of absolute paths or `file://` URIs is answered by the gateway.",
    }),
  era: oneOf(["auto", "legacy", "modern"]).prefault("auto").meta({
    description:
      "Era that the server is opened in. `auto` finds out in a process of its own what it speaks and matches each client; `legacy` gives servers that ask within a tool the most.",
  }),
  modern: oneOf(["bridge", "decline"]).prefault("bridge").meta({
    description:
      "What clients of 2026-07-28 get from a server that does not speak it: `bridge` translates, `decline` tells them to fall back.",
  }),
  leases: count(
    0,
    "Processes for calls of 2026-07-28 clients that a server of an older revision may ask something: with `0` such calls take turns in one process; more only for servers that keep nothing in memory.",
    { min: 0, max: 64 },
  ),
  clientCapabilities: oneOf(["match", "all"]).prefault("match").meta({
    description:
      "What a server of an older revision is told that clients of 2026-07-28 can do: `match`, what each declares, with a process for each kind of client; `all`, everything, with one process.",
  }),
  legacyStateless: z.boolean().prefault(true).meta({
    description:
      "Serve requests of legacy clients that carry no session id, from the shared process.",
  }),
  maxInFlight: count(64, "Requests that the server works on at once; more wait.", {
    min: 1,
    max: 10_000,
  }),
  maxQueue: count(1_024, "Requests that may wait; one more is refused.", {
    min: 0,
    max: 1_000_000,
  }),
  maxInstances: count(64, "Processes of its own sessions that may run at once.", {
    min: 1,
    max: 10_000,
  }),
  startTimeout: duration(
    "30s",
    "From the start of the process to its answer to `initialize`; downloads by npx count.",
  ),
  requestTimeout: duration("300s", "From a request to its answer; progress starts it anew."),
  optionalListTimeout: duration(
    "10s",
    "The same for resources/list, resources/templates/list and prompts/list, which are then answered by the gateway.",
  ),
  maxLineBytes: size(
    "64MiB",
    "Longest line (one message) that the server may write; a longer one is an error of its call.",
  ),
};

/** The keys of `proxy.limits`, named as in `Limits` of model.ts without the `Ms`. */
export const LIMITS_SHAPE = {
  maxBodyBytes: size("64MiB", "Longest body of an MCP request; a longer one is answered with 413."),
  maxJsonDepth: count(200, "Deepest nesting of JSON in a message.", { min: 8, max: 10_000 }),
  maxBatch: count(100, "Messages in one batch (revision 2025-03-26 only).", {
    min: 1,
    max: 10_000,
  }),
  maxSessions: count(10_000, "Sessions of all servers together.", { min: 1, max: 1_000_000 }),
  maxSessionsPerServer: count(2_000, "Sessions of one server.", { min: 1, max: 1_000_000 }),
  sessionIdle: duration("30m", "Idle time after which a session ends."),
  maxStreamsPerSession: count(64, "Event streams of one session that are open or can be resumed.", {
    min: 1,
    max: 10_000,
  }),
  maxStreamBufferBytes: size(
    "16MiB",
    "What may wait in one event stream for a slow reader before the stream is ended.",
  ),
  maxReplayEvents: count(1_000, "Events of one stream that are kept for `Last-Event-ID`.", {
    min: 0,
    max: 1_000_000,
  }),
  maxReplayBytes: size("1MiB", "The same in bytes.", { min: 0 }),
  maxReplayTotalBytes: size("256MiB", "What the kept events of all streams may hold together.", {
    min: 0,
  }),
  maxPendingBytes: size(
    "256MiB",
    "What the unanswered requests of one server may hold together; one more is refused.",
    { min: 1 },
  ),
  replayKeep: duration("5m", "How long a stream can be resumed after its end."),
  lazyStream: duration(
    "5s",
    "Silence after which an answer that is still awaited becomes an event stream.",
  ),
  keepAlive: duration("15s", "Period of keep-alive comments on a quiet event stream.", {
    min: 1_000,
  }),
  clientAnswerTimeout: duration(
    "10m",
    "How long a client may take to answer a question of a server (sampling, elicitation, roots).",
  ),
  streamWait: duration("5s", "How long such a question waits for a stream to the client."),
  shutdown: duration("8s", "The whole stop of the gateway; what still runs then is killed."),
  drain: duration("1500ms", "The part of it in which running requests may finish.", { min: 0 }),
};

/** The keys of `proxy.tls`. */
export const TLS_SHAPE = {
  cert: text.meta({ description: "File with the certificate chain (PEM). Flag `--tls-cert`." }),
  key: text.meta({ description: "File with its private key (PEM). Flag `--tls-key`." }),
};

const PORT_RANGE = "must be a port from 0 to 65535";
const portText = judged(judgePort);

/** The keys of the block `proxy`: the gateway itself. */
export const PROXY_SHAPE = {
  host: setting(judgeHost, "Address to listen on. Flag `--host`, variable `HOST`; else 127.0.0.1."),
  port: z
    .union(
      [
        z
          .int({ error: PORT_RANGE })
          .min(0, { error: PORT_RANGE })
          .max(65_535, { error: PORT_RANGE }),
        portText,
      ],
      { error: PORT_RANGE },
    )
    .optional()
    .meta({
      description:
        "Port to listen on; 0 takes a free one. Flag `--port`, variable `PORT`; else 8080.",
    }),
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
  dataDir: setting(
    judgePath,
    "Folder for everything that is kept. Variable `DATA_DIR`; else `remote-mcp-proxy` in the user's state folder (`$XDG_STATE_HOME` or `~/.local/state`).",
  ),
  logLevelSystem: setting(
    judgeLogLevel,
    "Least level of the gateway's own log lines: ERROR, WARNING, INFO, DEBUG or TRACE. Flag `--log-level`, variable `LOG_LEVEL_SYSTEM`; else INFO.",
  ),
  logLevelMcp: setting(
    judgeLogLevel,
    "The same for what the servers write. Flag `--log-level`, variable `LOG_LEVEL_MCP`; else DEBUG.",
  ),
  allowedOrigins: z.array(judged(judgeOrigin)).prefault([]).meta({
    description:
      "Origins of web pages that may call, such as `https://app.example.org`, beside those that are always allowed.",
  }),
  allowedHosts: z.array(judged(judgeCalledHost)).prefault([]).meta({
    description:
      "Host names by which the gateway may be called, such as `gateway.lan`, beside its own domains and addresses.",
  }),
  tls: z
    .object(TLS_SHAPE)
    .optional()
    .meta({ description: "Serve HTTPS; the files are read again when they change." }),
  instances: instances
    .prefault("auto")
    .meta({ description: "Default of `instances` for all servers." }),
  toolNames: toolNames
    .prefault("snake_case")
    .meta({ description: "Default of `toolNames` for all servers." }),
  limits: z.object(LIMITS_SHAPE).prefault({}).meta({ description: "Limits of the gateway." }),
};

/** One entry of `mcpServers`. */
export const serverSchema = z.object(SERVER_SHAPE);
/** The block `proxy`. */
export const proxySchema = z.object(PROXY_SHAPE);

/** The keys of the whole file. */
export const FILE_SHAPE = {
  $schema: z
    .string()
    .optional()
    .meta({ description: "The JSON Schema of this file, for editors." }),
  mcpServers: z.record(z.string(), serverSchema).meta({
    description:
      "The servers by name, as in the file of Claude Desktop. The name, made a DNS label, is part of the URL.",
  }),
  proxy: proxySchema.prefault({}).meta({ description: "Settings of the gateway itself." }),
};

/** An entry of `mcpServers` after parsing: times in milliseconds, sizes in bytes. */
export type ServerEntry = z.output<typeof serverSchema>;
/** The block `proxy` after parsing: times in milliseconds, sizes in bytes. */
export type ProxyBlock = z.output<typeof proxySchema>;

/** The JSON Schema (2020-12) of the config file as people write it. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    ...z.toJSONSchema(z.object(FILE_SHAPE).meta({ title: "Remote MCP Proxy configuration" }), {
      io: "input",
    }),
  };
}
