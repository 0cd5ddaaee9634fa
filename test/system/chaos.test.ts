/**
 * Everything at once: 32 clients of every kind call eight servers while these are killed and frozen,
 * the configuration is rewritten, also wrongly, and the log folder, a tmpfs of one megabyte, runs full.
 *
 * Every call must end in its own right answer or in a clear error, and afterwards everything must be
 * as before: servers, memory, descriptors; and nothing may be left.
 */
import { expect, test } from "bun:test";
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  killer,
  processesWith,
  rewriter,
  seeded,
  serverProcesses,
  stopper,
} from "../helpers/chaos/agents.ts";
import { descriptorsOf, leastMemory, memoryOf } from "../helpers/chaos/holdings.ts";
import type { Tally } from "../helpers/chaos/tally.ts";
import { fixtureServer, type EntryKeys } from "../helpers/fixtures.ts";
import { gatewayCommand, RunningGateway } from "../helpers/gateway.ts";
import { get, textOf } from "../helpers/raw-http.ts";
import { RawSession } from "../helpers/raw-session.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { SOON_MS, until, withDeadline } from "../helpers/wait.ts";

const WHOLE_MS = 120_000;
const BACK_TO_NORMAL_MS = 30_000;
const MEMORY_SLACK_BYTES = 20 * 1024 * 1024;
/** A connection that is kept for the next request would be counted. */
const CLOSE = { headers: { connection: "close" } };
const QUIET_MS = 2_000;
const STOP_MS = 8_000;
const CLIENTS_END_MS = 40_000;

/** Other numbers find other trouble; a failure says with which it can be had again. */
const seed = Number(process.env["CHAOS_SEED"] ?? "20261121");
const MARK = `CHAOS_MARK=${process.pid}`;
const NAMES = ["a", "b", "c", "d", "e", "f", "modern", "own"] as const;

function entry(name: string, more: EntryKeys = {}): object {
  const fixture = name === "modern" ? "modern-only" : "echo";
  const keys = name === "own" ? { instances: "session" } : {};
  const [variable = "", value = ""] = MARK.split("=");
  return fixtureServer(fixture, { env: { [variable]: value }, ...keys, ...more });
}

function config(servers: Readonly<Record<string, object>>): string {
  const health = {
    probeInterval: "500ms",
    probeTimeout: "500ms",
    probeFailures: 2,
    // One failure at a time counts, so that nobody rests for long.
    maxRestarts: 1000,
    restartWindow: "1s",
  };
  return JSON.stringify({ mcpServers: servers, proxy: { health } });
}

const all = Object.fromEntries(
  NAMES.map((name) => [name, entry(name, { requestTimeout: "5s", startTimeout: "10s" })]),
);
const { d: _gone, ...withoutD } = all;
/** Each differs from the one before it. */
const rewritings: readonly string[] = [
  config({ ...all, extra: entry("extra") }),
  config(withoutD),
  '{ "mcpServers": { "a": ',
  config({ ...all, c: entry("c", { args: ["changed"], requestTimeout: "5s" }) }),
  config({ ...all, a: { command: 1 } }),
  config({ ...all, own: entry("own", { args: ["changed"], requestTimeout: "5s" }) }),
  config({ ...all, b: entry("b", { disabled: true }) }),
  config({ ...all, modern: entry("modern", { args: ["changed"], requestTimeout: "5s" }) }),
  config(all),
];

test(
  "every call ends in its own answer or a clear error, and all is as before afterwards",
  async () => {
    const random = seeded(seed);
    console.error(`chaos with CHAOS_SEED=${seed}`);
    const folder = makeFolder({ "config.json": config(all) });
    const path = join(folder, "config.json");
    const logs = join(folder, "logs");
    const logFiles = { folder: logs, most: 1 + 2 * (NAMES.length + 1) };
    const enter = `mkdir "$1" && mount -t tmpfs -o size=1m logs "$1" && shift && exec "$@"`;
    const gateway = new RunningGateway(
      ["unshare", "--mount", "--", "sh", "-c", enter, "enter", logs].concat([
        ...gatewayCommand(true),
        ...["serve", "--port", "0", "--config", path],
      ]),
      folder,
      {
        PATH: process.env["PATH"] ?? "",
        HOME: folder,
        DATA_DIR: join(folder, "data"),
        LOG_DIR: logs,
        LOG_LEVEL_MCP: "ERROR",
      },
    );
    try {
      await gateway.listening(SOON_MS);
      // What it takes at rest, once everything has been used, the ways out of trouble included.
      await useEverything(gateway, () =>
        Promise.all([killer(gateway, 10, random), rewriter(gateway, path, rewritings)]),
      );
      const memory = await leastMemory(gateway.pid, BACK_TO_NORMAL_MS);
      const before = { memory, descriptors: descriptorsOf(gateway.pid, logFiles) };

      const clients = startClients(gateway);
      const filler = join(`/proc/${gateway.pid}/root`, logs, "filler");
      fill(filler);
      const deeds = await Promise.all([
        killer(gateway, 100, random),
        stopper(gateway, 6, random),
        rewriter(gateway, path, Array.from({ length: 3 }, () => rewritings).flat()),
        gateway.untilLogged(/no space left on device/i, WHOLE_MS),
      ]);
      const tally = await clients.end();
      console.error(JSON.stringify({ deeds, right: tally.right, errors: tally.errors }, null, 2));
      expect(tally.foreign).toEqual([]);
      expect(tally.lost).toEqual([]);
      expect(tally.right).toBeGreaterThan(500);
      rmSync(filler);

      await useEverything(gateway, () => untilAllAnswer(gateway));
      const deadlineMs = BACK_TO_NORMAL_MS;
      await settles(() => descriptorsOf(gateway.pid, logFiles), before.descriptors, deadlineMs);
      const grown = (): number => Math.max(0, memoryOf(gateway.pid) - before.memory);
      await settles(() => Math.floor(grown() / MEMORY_SLACK_BYTES), 0, deadlineMs);
      console.error(`memory: ${before.memory} bytes before, ${grown()} more now`);

      expect(processesWith(MARK, allProcesses()).length).toBeGreaterThan(NAMES.length - 2);
      expect((await gateway.stop()).tookMs).toBeLessThan(STOP_MS);
      expect(processesWith(MARK, allProcesses())).toEqual([]);
    } finally {
      await gateway.kill();
    }
  },
  WHOLE_MS,
);

/** All servers answer all kinds of clients, each in the processes that they need for it. */
async function useEverything(
  gateway: RunningGateway,
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  await untilAllAnswer(gateway);
  const clients = startClients(gateway);
  await meanwhile();
  await untilAllAnswer(gateway);
  const { foreign, lost } = await clients.end();
  expect([...foreign, ...lost]).toEqual([]);
  await untilQuiet(gateway);
}

/** Clients in a process of their own, which end when they are told. */
function startClients(gateway: RunningGateway): { readonly end: () => Promise<Tally> } {
  const program = join(import.meta.dirname, "..", "helpers", "chaos", "clients.ts");
  const child = Bun.spawn([process.execPath, program, gateway.url, ...NAMES], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const output = child.stdout.text();
  return {
    end: async () => {
      await child.stdin.end();
      const text = await withDeadline(output, CLIENTS_END_MS, "the clients end").catch(
        (error: unknown) => {
          child.kill("SIGKILL");
          throw error;
        },
      );
      return JSON.parse(text) as Tally;
    },
  };
}

async function untilAllAnswer(gateway: RunningGateway): Promise<void> {
  for (const name of NAMES) {
    await until(() => answers(gateway.mcp(name), name), {
      deadlineMs: BACK_TO_NORMAL_MS,
      what: `${name} answers`,
    });
  }
}

async function answers(url: string, words: string): Promise<boolean> {
  let session: RawSession;
  try {
    session = await RawSession.open(url, CLOSE);
  } catch {
    return false; // not there yet, which is asked again
  }
  const answer = await session.call("echo", { text: words });
  await session.end();
  return textOf(answer) === words;
}

/** No session is open, and nothing comes or goes any more. */
async function untilQuiet(gateway: RunningGateway): Promise<void> {
  let seen = "";
  let sinceMs = 0;
  await until(
    async () => {
      const { json } = await get(`${gateway.url}/health/sessions`, { accept: null, ...CLOSE });
      const { totalSessions } = json as { totalSessions: number };
      const now = `${totalSessions} sessions, ${serverProcesses(gateway).length} processes`;
      if (now !== seen) sinceMs = performance.now();
      seen = now;
      return totalSessions === 0 && performance.now() - sinceMs > QUIET_MS;
    },
    { deadlineMs: BACK_TO_NORMAL_MS, what: "nothing comes or goes" },
  );
}

/** Fills what the folder of the log has left. */
function fill(path: string): void {
  const block = new Uint8Array(64 * 1024);
  const parts: Uint8Array[] = [];
  for (;;) {
    parts.push(block);
    try {
      writeFileSync(path, Buffer.concat(parts));
    } catch {
      return; // full, as it should be
    }
    if (statSync(path).size > 64 * 1024 * 1024) throw new Error("it does not run full");
  }
}

/** Waits for a value as it was. @throws Error that shows how it is */
async function settles<Value>(look: () => Value, wanted: Value, deadlineMs: number): Promise<void> {
  let last: Value | undefined;
  const isAsWanted = (): boolean => (last = look()) === wanted;
  try {
    await until(isAsWanted, { deadlineMs });
  } catch {
    expect(last).toEqual(wanted);
  }
}

function allProcesses(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
