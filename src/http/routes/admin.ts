/**
 * What only an administrator may see and do: the gateway as a whole, servers to restart, stop and
 * start, the log as it is written, a reload, the sessions that are open.
 */
import type { Context, Hono, MiddlewareHandler } from "hono";
import { SseStream } from "../../transport/sse-stream.ts";
import type { AdminActions, LogSource, Steering } from "../admin-actions.ts";
import type { Env } from "../context.ts";
import { reply } from "../reply.ts";

const UNKNOWN = { error: "unknown_server", message: "No such server is served here" } as const;
const STEERINGS: ReadonlySet<string> = new Set<Steering>(["restart", "stop", "start"]);
/** What is shown of the past when nobody says how much. */
const DEFAULT_LINES = 100;
/** A listener that is behind by more is cut off; it comes back with `Last-Event-ID`. */
const MAX_STREAM_BYTES = 4 * 1024 * 1024;

/** Asks later whether who was let through still would be. */
type Watch = (request: Request) => () => boolean;

/** Mounts them behind `guard`, which lets only administrators pass. */
export function adminRoutes(
  app: Hono<Env>,
  actions: AdminActions,
  guard: MiddlewareHandler<Env>,
  watch: Watch = () => () => true,
): void {
  app.use("/admin/*", guard);
  app.get("/admin/status", (c) => reply(c, actions.status()));
  app.post("/admin/reload", async (c) => {
    const report = await unhurried(c, actions.reload());
    return reply(c, report, report.outcome === "refused" ? 422 : 200);
  });
  app.post("/admin/servers/:server/:what", async (c) => {
    const what = c.req.param("what");
    if (!isSteering(what)) return c.notFound();
    const status = await unhurried(c, actions.steer(c.req.param("server"), what));
    return status === undefined ? reply(c, UNKNOWN, 404) : reply(c, status);
  });
  app.get("/admin/traefik", (c) => rules(c, actions));
  app.get("/admin/logs", (c) => logs(c, actions, undefined, watch));
  app.get("/admin/logs/:server", (c) => {
    const server = c.req.param("server");
    const isKnown = actions.status().servers.some(({ slug }) => slug === server);
    return isKnown ? logs(c, actions, server, watch) : reply(c, UNKNOWN, 404);
  });
  app.get("/health/sessions", guard, (c) => reply(c, sessions(actions)));
}

/** For Traefik's HTTP provider, which names in the query how it reaches the gateway. */
function rules(c: Context<Env>, actions: AdminActions): Response {
  const backendUrl = c.req.query("backend") ?? "";
  const certResolver = c.req.query("resolver") ?? "letsencrypt";
  if (!/^https?:\/\/[^/?#\s]+$/.test(backendUrl) || !/^[A-Za-z0-9_-]+$/.test(certResolver)) {
    const message =
      "Say how Traefik reaches the gateway: ?backend=http://10.0.0.5:8080 (and, if it is not letsencrypt, &resolver=NAME)";
    return reply(c, { error: "bad_request", message }, 400);
  }
  const wildcard = c.req.query("wildcard") === "true";
  return reply(c, actions.traefikRules({ backendUrl, certResolver, wildcard }));
}

function isSteering(word: string): word is Steering {
  return STEERINGS.has(word);
}

/** Waits without the listener's idle time-out, which would cut the connection of a slow stop. */
async function unhurried<Value>(c: Context<Env>, work: Promise<Value>): Promise<Value> {
  c.env.control.timeout(c.req.raw, 0);
  try {
    return await work;
  } finally {
    c.env.control.timeout(c.req.raw, c.env.idleTimeoutSeconds);
  }
}

/** Members as the predecessor had them; the keys and ids are references, which open nothing. */
function sessions(actions: AdminActions): object {
  const open = actions.sessions();
  const entries = open.map(({ ref, server, binding, openedAtMs, idleMs, busy }) => [
    ref,
    {
      sessionId: ref,
      serverName: server,
      binding,
      connectedAt: new Date(openedAtMs).toISOString(),
      idleMs,
      busy,
    },
  ]);
  return {
    sessions: Object.fromEntries(entries) as object,
    totalSessions: open.length,
    timestamp: new Date().toISOString(),
  };
}

function logs(
  c: Context<Env>,
  actions: AdminActions,
  server: string | undefined,
  watch: Watch,
): Response {
  const after = count(c.req.header("last-event-id") ?? c.req.query("after"));
  const maxLines = count(c.req.query("lines")) ?? (after === undefined ? DEFAULT_LINES : undefined);
  const query = {
    ...(server === undefined ? {} : { server }),
    ...(after === undefined ? {} : { after }),
    ...(maxLines === undefined ? {} : { maxLines }),
  };
  const follows = c.req.query("follow");
  if (follows === undefined || follows === "0") {
    return reply(c, { lines: actions.logs.tail(query).map(shown) });
  }
  return follow(c, actions, query, watch(c.req.raw));
}

function follow(
  c: Context<Env>,
  { logs: source, streams }: AdminActions,
  query: Parameters<LogSource["tail"]>[0] & { readonly server?: string },
  mayGoOn: () => boolean,
): Response {
  let end: (() => void) | undefined;
  const stream: SseStream = new SseStream({
    maxBufferBytes: MAX_STREAM_BYTES,
    set: streams,
    owner: { server: "", caller: { user: "", client: "admin" }, mayGoOn },
    onClose: () => end?.(),
  });
  const write = (line: Line): void => {
    stream.writeText(`id: ${line.number}\nevent: line\ndata: ${JSON.stringify(shown(line))}\n\n`);
  };
  // Nothing runs in between, so no line is missed and none comes twice.
  for (const line of source.tail(query)) write(line);
  end = source.subscribe(query.server, write);
  if (end === undefined) {
    stream.end();
    return reply(c, { error: "overloaded", message: "Too many listen to the log already" }, 503);
  }
  c.env.control.timeout(c.req.raw, 0);
  return stream.response();
}

type Line = ReturnType<LogSource["tail"]>[number];

function shown({ number, timeMs, level, server, event, text, fields }: Line): object {
  const time = new Date(timeMs).toISOString();
  return { number, time, level, server: server ?? null, event, text, ...(fields ?? {}) };
}

/** A whole number of a query or header; undefined for anything else. */
function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
