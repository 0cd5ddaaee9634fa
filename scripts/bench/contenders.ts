/**
 * Who is measured, how each is started, and what it can do at all.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Binding } from "./sessions.ts";

export interface Contender {
  readonly name: string;
  readonly version: string;
  readonly bindings: readonly Binding[];
  /** Can have several servers behind one address. */
  readonly manyServers: boolean;
  start(options: StartOptions): Promise<Running>;
}

export interface StartOptions {
  readonly binding: Binding;
  readonly servers: number;
}

export interface Running {
  readonly pid: number;
  readonly port: number;
  /** From the start of the process until it took connections. */
  readonly startMs: number;
  readonly headers: Readonly<Record<string, string>>;
  pathOf(server: number): string;
  stop(): Promise<void>;
}

const PEERS = "node_modules/.cache/bench-peers";
const PEER_VERSIONS = { supergateway: "4.0.0", "mcp-proxy": "6.7.19" } as const;
const START_DEADLINE_MS = 30_000;
/** Gateway and child on one core, the load on the other. */
export const GATEWAY_CORE = "0";
export const LOAD_CORE = "1";
const here = import.meta.dir;
const child = [process.execPath, join(here, "child.ts")];

/** Installs the peers once. @throws Error when npm cannot */
export function fetchPeers(): void {
  if (existsSync(join(PEERS, "node_modules", "mcp-proxy"))) return;
  mkdirSync(PEERS, { recursive: true });
  writeFileSync(join(PEERS, "package.json"), '{ "private": true }\n');
  const wanted = Object.entries(PEER_VERSIONS).map(([name, version]) => `${name}@${version}`);
  const command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", ...wanted];
  const { exitCode } = Bun.spawnSync(command, {
    cwd: PEERS,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (exitCode !== 0) throw new Error("the peers could not be installed");
}

/** Everybody, ours first. */
export function contenders(binary: string, version: string): readonly Contender[] {
  return [
    ours(binary, version),
    simple("light", "-", ["streamable", "modern", "sse"], (port, { servers }) => [
      process.execPath,
      join(here, "light.ts"),
      ...(servers > 1 ? ["--servers", String(servers)] : []),
      String(port),
      ...child,
    ]),
    simple("memory", "-", ["streamable", "modern"], (port) => [
      process.execPath,
      join(here, "memory.ts"),
      String(port),
    ]),
    simple(
      "supergateway",
      PEER_VERSIONS.supergateway,
      ["streamable", "sse"],
      (port, { binding }) => [
        "node",
        join(PEERS, "node_modules/supergateway/dist/index.js"),
        ...["--stdio", child.join(" "), "--port", String(port), "--logLevel", "none"],
        ...(binding === "sse"
          ? ["--outputTransport", "sse"]
          : ["--outputTransport", "streamableHttp", "--stateful"]),
      ],
    ),
    simple("mcp-proxy", PEER_VERSIONS["mcp-proxy"], ["streamable", "sse"], (port, { binding }) => [
      "node",
      join(PEERS, "node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs"),
      ...[
        "--host",
        "127.0.0.1",
        "--port",
        String(port),
        "--server",
        binding === "sse" ? "sse" : "stream",
        "--",
      ],
      ...child,
    ]),
  ];
}

function ours(binary: string, version: string): Contender {
  return {
    name: "ours",
    version,
    bindings: ["streamable", "modern", "sse"],
    manyServers: true,
    start: async ({ servers }) => {
      const folder = mkdtempSync(join(tmpdir(), "bench-"));
      const config = join(folder, "config.json");
      const [command, ...args] = child;
      const entries = Array.from({ length: servers }, (_, index) => [
        `s${index}`,
        { command, args },
      ]);
      const limits = {
        maxBodyBytes: "256MiB",
        maxSessions: 100_000,
        maxSessionsPerServer: 100_000,
        maxStreamsPerClient: 100_000,
        maxStreamsPerServer: 100_000,
      };
      const proxy = { auth: { required: true }, limits };
      writeFileSync(config, JSON.stringify({ mcpServers: Object.fromEntries(entries), proxy }));
      const env = { PATH: process.env["PATH"] ?? "", HOME: folder, DATA_DIR: join(folder, "data") };
      const made = Bun.spawnSync([binary, "key", "add", "--json", "--config", config], {
        env,
        stdio: ["ignore", "pipe", "inherit"],
      });
      const { key } = JSON.parse(made.stdout.toString()) as { readonly key: string };
      const running = await launch([binary, "--config", config, "--port", "{port}"], env);
      return {
        ...running,
        headers: { Authorization: `Bearer ${key}` },
        pathOf: (server) => `/s${server}/mcp`,
        stop: async () => {
          await running.stop();
          rmSync(folder, { recursive: true, force: true });
        },
      };
    },
  };
}

function simple(
  name: string,
  version: string,
  bindings: readonly Binding[],
  command: (port: number, options: StartOptions) => readonly string[],
): Contender {
  return {
    name,
    version,
    bindings,
    manyServers: name === "light",
    start: async (options) => {
      const env = { PATH: process.env["PATH"] ?? "", HOME: tmpdir() };
      const words = command(0, options).map((word) => (word === "0" ? "{port}" : word));
      const running = await launch(words, env);
      const path = options.binding === "sse" ? "/sse" : "/mcp";
      return {
        ...running,
        headers: {},
        pathOf: (server) => (name === "light" ? `/s${server}${path}` : path),
      };
    },
  };
}

/** Starts on its core; `{port}` becomes a free one. */
async function launch(words: readonly string[], env: Record<string, string>) {
  const port = freePort();
  const command = words.map((word) => (word === "{port}" ? String(port) : word));
  const beganMs = performance.now();
  const running = Bun.spawn(["taskset", "-c", GATEWAY_CORE, ...command], {
    env,
    stdio: ["ignore", "ignore", "ignore"],
  });
  while (!(await accepts(port))) {
    if (running.exitCode !== null)
      throw new Error(`${command.join(" ")} ended with ${running.exitCode}`);
    if (performance.now() - beganMs > START_DEADLINE_MS)
      throw new Error(`${command.join(" ")} does not listen`);
    await Bun.sleep(1);
  }
  return {
    pid: running.pid,
    port,
    startMs: performance.now() - beganMs,
    stop: async () => {
      running.kill("SIGTERM");
      const late = setTimeout(() => running.kill("SIGKILL"), 10_000);
      await running.exited;
      clearTimeout(late);
    },
  };
}

function freePort(): number {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => {} } });
    socket.end();
    return true;
  } catch {
    // Not yet: whoever asks has a deadline.
    return false;
  }
}
