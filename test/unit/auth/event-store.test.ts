/** The ring of steps: kept across openings, read by correlation, capped, and not to be flooded. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAuthDatabase } from "../../../src/auth/database.ts";
import { EVENT_TABLES, EventStore } from "../../../src/auth/event-store.ts";
import type { AuthEvent } from "../../../src/kernel/event.ts";
import { createSystemClock } from "../../../src/runtime/system-clock.ts";
import { until } from "../../helpers/wait.ts";

const step = (name: AuthEvent["step"], more: Partial<AuthEvent> = {}): AuthEvent => ({
  kind: "auth.step",
  step: name,
  outcome: "ok",
  ...more,
});

function open(folder?: string) {
  const faults: unknown[] = [];
  const database = openAuthDatabase(folder, EVENT_TABLES);
  const store = new EventStore(database, createSystemClock(), (fault) => faults.push(fault));
  return { database, store, faults };
}

test("steps are written after a moment, and another process reads them by correlation", async () => {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-events-"));
  try {
    const { database, store } = open(folder);
    store.record(step("client.registered", { correlation: "a", client: "one" }));
    store.record(step("key.used", { user: "ada", client: "key:1" }));
    store.record(step("token.issued", { correlation: "a", user: "ada", server: "memory" }));
    const other = open(folder);
    await until(() => other.store.read({ limit: 10 }).length === 3);
    const steps = other.store.read({ correlation: "a", limit: 10 });
    expect(steps.map(({ step: name }) => name)).toEqual(["client.registered", "token.issued"]);
    expect(steps[1]).toMatchObject({ outcome: "ok", user: "ada", server: "memory" });
    expect(steps[1]).not.toHaveProperty("reason");
    const [newest] = other.store.read({ limit: 1 });
    expect(newest?.step).toBe("token.issued");
    expect(other.store.read({ afterId: newest?.id ?? 0, limit: 10 })).toEqual([]);
    other.database.close();
    database.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("refusals fill their own part of the ring only", () => {
  const { database, store } = open();
  store.record(step("first.use", { correlation: "kept" }));
  for (let round = 0; round < 12; round++) {
    for (let at = 0; at < 900; at++)
      store.record(step("request.refused", { outcome: "refused", reason: `${round} ${at}` }));
    store.flush();
  }
  const all = store.read({ limit: 100_000 });
  expect(all).toHaveLength(2001);
  expect(all[0]?.correlation).toBe("kept");
  expect(all.at(-1)?.reason).toBe("11 899");
  database.close();
});

test("what comes faster than it can be written is counted", () => {
  const { database, store } = open();
  for (let at = 0; at < 1500; at++) store.record(step("key.used"));
  store.flush();
  const all = store.read({ limit: 100_000 });
  expect(all).toHaveLength(1001);
  expect(all.at(-1)?.reason).toBe("500 more steps came at the same moment and are not kept");
  database.close();
});

test("T32 what looks like a token is blotted out before it reaches the file", () => {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-events-"));
  const { database, store } = open(folder);
  const key = "mgk_abc_0123456789abcdef";
  store.record(step("request.refused", { reason: `the key ${key} and Bearer abcdefgh12345678` }));
  store.flush();
  expect(store.read({ limit: 1 })[0]?.reason).not.toContain("0123456789abcdef");
  database.close();
  expect(readFileSync(join(folder, "auth.sqlite"), "latin1")).not.toMatch(
    /0123456789abcdef|12345678/,
  );
  rmSync(folder, { recursive: true });
});

test("a file that cannot be written costs the steps, and is told", () => {
  const { database, store, faults } = open();
  database.run("DROP TABLE auth_event");
  store.record(step("key.used"));
  store.flush();
  expect(faults).toHaveLength(1);
  database.close();
});
