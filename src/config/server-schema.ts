/**
 * Pure. The shape of one entry of `mcpServers`, with the description of every key.
 */
import * as z from "zod/mini";
import { block, optional, preset } from "./block.ts";
import { count, duration, no, oneOf, optionalDuration, size, yes } from "./fields.ts";
import { SERVER_HEALTH_SHAPE } from "./health-schema.ts";
import {
  instances,
  isolation,
  runtime,
  startOn,
  text,
  textList,
  toolNames,
} from "./schema-values.ts";

const RUN_AS = /^[1-9]\d{0,8}(?::[1-9]\d{0,8})?$/;

/** The group is that of the same number when it is not named. */
function runAsOf(text: string): { readonly uid: number; readonly gid: number } {
  const [uid = "", gid = uid] = text.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

/** The keys of `mcpServers.{name}.tools`. */
export const TOOLS_SHAPE = {
  allow: optional(
    "Only tools whose name matches one of these patterns are listed and can be called; `*` stands for any text. Without it all are.",
    textList,
  ),
  deny: preset(
    [],
    "Tools whose name matches one of these patterns are neither listed nor called, also when `allow` names them.",
    textList,
  ),
};

/** The keys of `mcpServers.{name}`: Claude Desktop's, then ours. */
export const SERVER_SHAPE = {
  command: optional(
    "The program to start: a name that is looked up on the PATH of the server, or a path.",
    () =>
      z
        .string({ error: "must be a program, as text" })
        .check(z.refine((value) => value.trim() !== "", { error: "must not be empty" })),
  ),
  args: preset([], "Its arguments.", () => z.array(z.string())),
  env: preset(
    {},
    "Variables of its environment. Their values are hidden from logs and pages.",
    () => z.record(z.string().check(z.regex(/^[^=]+$/)), z.string()),
  ),
  cwd: optional(
    "Its working folder; a relative one starts at the gateway's. Without it the gateway's own.",
    text,
  ),
  runAs: optional(
    "User, as `uid` or `uid:gid`, that its processes run as, so that they can read neither the gateway's files nor its memory. Needs a gateway that runs as root. Its `HOME` is then its `${SERVER_DATA}`.",
    () =>
      z.pipe(
        z
          .string()
          .check(
            z.regex(RUN_AS, { error: 'must be a number of a user such as "1001", or "1001:1001"' }),
          ),
        z.transform(runAsOf),
      ),
  ),
  runtime: optional(
    "Who runs `npx`, `bunx`, `node` and `bun`: `system`, the machine's own; `self`, this executable, with packages from the data folder; `auto`, the machine's own if it is there. Without it `proxy.runtime`.",
    runtime,
  ),
  installScripts: no(
    "Run the install scripts of the packages that this executable installs; some with native code need it, and a shell.",
  ),
  installTimeout: duration(
    "5m",
    "For an installation by this executable; `startTimeout` begins after it.",
  ),
  disabled: no("`true` leaves this entry out."),
  enabled: yes("`false` leaves this entry out."),
  type: optional("Transport of the entry in client files; only `stdio` servers are run.", () =>
    z.string(),
  ),
  url: optional(
    "Address of a remote server. Such an entry is left out: clients can reach it themselves.",
    () => z.string(),
  ),
  headers: optional("Belongs to `url`; not used.", () => z.unknown()),
  timeout: optional(
    "Not used, because clients disagree whether it means seconds or milliseconds: see `requestTimeout`.",
    () => z.unknown(),
  ),
  inheritEnv: preset<boolean | readonly string[]>(
    false,
    "What the server gets of the gateway's own environment beyond PATH, HOME, LANG, TZ and TMPDIR: `true` for all, or names (`*` stands for any text). Never `BUN_*`.",
    () =>
      z.union([z.boolean(), textList()], {
        error: 'must be true, false or a list of names such as ["GITHUB_TOKEN", "AWS_*"]',
      }),
  ),
  instances: optional(
    "`shared`: one process for all clients; `session`: one for each session; `auto`: the gateway decides by what client and server can do. Without it `proxy.instances`.",
    instances,
  ),
  isolation: optional(
    "`user`: with authentication each person has processes of their own; `none`: all people share them, with what they keep in memory. Without it `proxy.isolation`.",
    isolation,
  ),
  toolNames: optional(
    "`snake_case` shows names with characters outside `[A-Za-z0-9_]` in lower case with underscores, as Claude.ai needs it; `keep` shows them as they are. Without it `proxy.toolNames`.",
    toolNames,
  ),
  tools: block("Which tools are offered.", TOOLS_SHAPE),
  roots: preset<"none" | "forward" | readonly string[]>(
    "none",
    "Folders that the server is told about: `none`; `forward` asks the remote client; a list of absolute paths or `file://` URIs is answered by the gateway.",
    () =>
      z.union([oneOf(["none", "forward"]), textList()], {
        error: 'must be "none", "forward" or a list of folders',
      }),
  ),
  era: preset(
    "auto",
    "Era that the server is opened in. `auto` finds out in a process of its own what it speaks and matches each client; `legacy` gives servers that ask within a tool the most.",
    () => oneOf(["auto", "legacy", "modern"]),
  ),
  modern: preset(
    "bridge",
    "What clients of 2026-07-28 get from a server that does not speak it: `bridge` translates, `decline` tells them to fall back.",
    () => oneOf(["bridge", "decline"]),
  ),
  leases: count(
    0,
    "Processes for calls of 2026-07-28 clients that a server of an older revision may ask something: with `0` such calls take turns in one process; more only for servers that keep nothing in memory.",
    { min: 0, max: 64 },
  ),
  clientCapabilities: preset(
    "match",
    "What a server of an older revision is told that clients of 2026-07-28 can do: `match`, what each declares, with a process for each kind of client; `all`, everything, with one process.",
    () => oneOf(["match", "all"]),
  ),
  legacyStateless: yes(
    "Serve requests of legacy clients that carry no session id, from the shared process.",
  ),
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
    "From the start of the process to its answer to `initialize`; downloads by the machine's own npx count.",
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
  startOn: optional(
    "`boot`: its process starts with the gateway; `demand`: with the first request. Without it `proxy.startOn`.",
    startOn,
  ),
  idleTimeout: optionalDuration(
    "Time without a request after which its process is stopped until the next one; 0 never. Without it `proxy.idleTimeout`.",
    { min: 0 },
  ),
  required: no("`true`: `/readyz` says that the gateway is not ready while this server is not."),
  health: block(
    "How its health is watched, where that differs from `proxy.health`.",
    SERVER_HEALTH_SHAPE,
  ),
};
