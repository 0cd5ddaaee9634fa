/**
 * The gateway's rooms from the binding down to the children, joined as the composition root joins
 * them, for people whom nobody has told apart yet: who is calling is what the header `x-person`
 * says; through the door of a whole gateway they are in `auth/`.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bridge } from "../../../src/bridge/bridge.ts";
import { openingParams, readClientCapabilities } from "../../../src/codec/client-capabilities.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { GatewayConfig } from "../../../src/config/model.ts";
import { openKept } from "../../../src/compose/kept.ts";
import { ByteBudget } from "../../../src/kernel/byte-budget.ts";
import { createSystemClock } from "../../../src/runtime/system-clock.ts";
import { SessionRegistry } from "../../../src/session/registry.ts";
import { type Endpoint, WaitingPosts } from "../../../src/transport/endpoint.ts";
import { StreamSet } from "../../../src/transport/stream-set.ts";
import {
  deleteStreamable,
  getStreamable,
  postStreamable,
} from "../../../src/transport/streamable-http.ts";
import { Pool } from "../../../src/upstream/pool.ts";
import { createHarness } from "../supervisor/harness.ts";

/** Header that names the person who calls. */
export const PERSON = "x-person";

const clock = createSystemClock();
const SWEEP_MS = 50;

/** Rooms that serve, and what ends them. */
export interface Shared extends AsyncDisposable {
  readonly mcp: (server: string) => string;
}

/** Serves the entries of `mcpServers` to whoever the header names. */
export function serveShared(servers: Readonly<Record<string, object>>): Shared {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-shared-"));
  const { supervisor, events } = createHarness();
  const config = readConfig(folder, servers);
  const { limits } = config;
  const emit = (event: (typeof events)[number]): void => void events.push(event);
  const registry = new SessionRegistry({
    ...limits,
    session: { ...limits, replayBudget: new ByteBudget(limits.maxReplayTotalBytes) },
    clock,
    emit,
    randomId: () => randomBytes(32).toString("base64url"),
    refOf: (id) => id.slice(0, 4),
  });
  const { store, sealer } = openKept({ config, clock, emit });
  const streams = new StreamSet(limits, () => clock.nowMs());
  const shared = { registry, limits, clock, streams, waiting: new WaitingPosts() };
  const endpoints = new Map(
    config.servers.map((server): [string, Endpoint] => {
      const bridge = new Bridge({
        server,
        limits,
        sealer,
        registry,
        clock,
        emit,
        kept: store.of(server),
        probe: () => Promise.reject(new Error("the era of these servers is configured")),
        randomId: () => randomBytes(16).toString("base64url"),
        createPool: (eventsFor) =>
          new Pool(
            {
              server,
              supervisor,
              clock,
              emit,
              maxJsonDepth: limits.maxJsonDepth,
              keptProfile: () => undefined,
              baseFingerprint: readClientCapabilities(undefined, server.roots).fingerprint,
              openingParams: (era, fingerprint) =>
                openingParams(era, fingerprint, { name: "tested", version: "1" }),
            },
            eventsFor,
          ),
      });
      return [server.slug, { ...shared, bridge, isDraining: () => false }];
    }),
  );
  const sweep = clock.every(SWEEP_MS, () => {
    for (const { bridge } of endpoints.values()) bridge.sweep(clock.nowMs());
  });
  const http = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: (request) => route(request, endpoints),
  });
  return {
    mcp: (server) => `http://127.0.0.1:${http.port}/${server}/mcp`,
    [Symbol.asyncDispose]: async () => {
      sweep.cancel();
      registry.closeAll("the test is over");
      await http.stop(true);
      await supervisor.shutdown("the test is over");
      await store.flush();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function route(
  request: Request,
  endpoints: ReadonlyMap<string, Endpoint>,
): Response | Promise<Response> {
  const [, slug = ""] = new URL(request.url).pathname.split("/");
  const endpoint = endpoints.get(slug);
  const principal = request.headers.get(PERSON);
  if (endpoint === undefined || principal === null) return new Response(null, { status: 421 });
  const nothing = (): void => undefined;
  const context = {
    caller: { user: principal, client: principal },
    watchCaller: () => () => true,
    messagesUri: () => "/",
    liftTimeout: nothing,
    restoreTimeout: nothing,
  };
  const session = request.headers.get("mcp-session-id") ?? "";
  if (request.method === "DELETE") return deleteStreamable(request, endpoint, context);
  if (request.method === "GET") return getStreamable(request, session, endpoint, context);
  return postStreamable(request, endpoint, context);
}

/** The configuration as the program reads it, with all its defaults. */
function readConfig(folder: string, mcpServers: Readonly<Record<string, object>>): GatewayConfig {
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify({ mcpServers }));
  const { PATH = "" } = process.env;
  const { config, problems } = loadConfig({
    flags: { config: file },
    env: { PATH, DATA_DIR: join(folder, "data") },
    workingFolder: folder,
    selfCommand: [process.execPath],
  });
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
}
