/** When what is known of the servers is read and written, under a clock that the test moves. */
import { describe, expect, test } from "bun:test";
import type { ServerConfig } from "../../../src/config/model.ts";
import type { Clock } from "../../../src/kernel/clock.ts";
import type { ProfileKey } from "../../../src/upstream/kept-server.ts";
import { ProfileStore, SAVE_DELAY_MS } from "../../../src/upstream/profile-store.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { serverConfig } from "../../helpers/server-config.ts";

const KEY: ProfileKey = { era: "legacy", fingerprint: "{}", principal: "local" };
const A = serverConfig({ name: "A", slug: "a", env: { TOKEN: "hunter2", MODE: "x" } });
const B = serverConfig({ name: "B", slug: "b" });

/** A folder, a clock with one timer, and the stores of successive runs over them. */
class World {
  readonly documents = new Map<string, Uint8Array>();
  readonly writes: string[] = [];
  readonly notices: string[] = [];
  fails = false;
  /** When set, a write waits for it. */
  held: Promise<void> | undefined;
  #timer: { delayMs: number; callback: () => void } | undefined;

  store(secret = new Uint8Array(32).fill(1)): ProfileStore {
    const clock: Clock = {
      nowMs: () => 0,
      wallMs: () => 1_000_000,
      after: (delayMs, callback) => {
        const timer = { delayMs, callback };
        this.#timer = timer;
        return {
          cancel: () => {
            if (this.#timer === timer) this.#timer = undefined;
          },
        };
      },
      every: () => ({ cancel: () => undefined }),
    };
    return new ProfileStore({
      files: {
        read: (name) => this.documents.get(name),
        write: async (name, bytes) => {
          await this.held;
          this.writes.push(name);
          if (this.fails) throw new Error("the disk is full");
          this.documents.set(name, bytes);
        },
      },
      secret,
      clock,
      emit: (event) => {
        if (event.kind === "gateway.notice") this.notices.push(event.message);
      },
    });
  }

  get dueInMs(): number | undefined {
    return this.#timer?.delayMs;
  }

  /** Lets the time of the one timer come. */
  tick(): void {
    const timer = this.#timer;
    this.#timer = undefined;
    timer?.callback();
  }
}

function keep(store: ProfileStore, server: ServerConfig, json: string): void {
  store.of(server).keepList(KEY, "tools/list", jsonBytes(json));
}

function kept(store: ProfileStore, server: ServerConfig): string | undefined {
  const bytes = store.of(server).list(KEY, "tools/list");
  return bytes === undefined ? undefined : textOf(bytes);
}

describe("writing", () => {
  test("waits, and takes all changes of that time together", async () => {
    const world = new World();
    const store = world.store();
    store.load([A, B]);
    expect(world.dueInMs).toBeUndefined();
    keep(store, A, "1");
    keep(store, A, "2");
    keep(store, B, "3");
    expect([world.dueInMs, world.writes]).toEqual([SAVE_DELAY_MS, []]);
    world.tick();
    await store.flush();
    expect(world.writes).toEqual(["profiles/a", "profiles/b"]);
    const next = world.store();
    next.load([A, B]);
    expect([kept(next, A), kept(next, B)]).toEqual(["2", "3"]);
  });

  test("at the end is what was not written yet, once", async () => {
    const world = new World();
    const store = world.store();
    keep(store, A, "1");
    await store.flush();
    expect([world.writes, world.dueInMs]).toEqual([["profiles/a"], undefined]);
    await store.flush();
    expect(world.writes).toEqual(["profiles/a"]);
  });

  test("a change during a write is written after it", async () => {
    const world = new World();
    const { promise, resolve } = Promise.withResolvers<void>();
    world.held = promise;
    const store = world.store();
    keep(store, A, "1");
    world.tick();
    keep(store, A, "2");
    const done = store.flush();
    resolve();
    await done;
    expect(kept(world.store(), A)).toBe("2");
  });

  test("that fails is said once, and tried again with the next change only", async () => {
    const world = new World();
    world.fails = true;
    const store = world.store();
    for (const json of ["1", "2"]) {
      keep(store, A, json);
      await store.flush();
      await store.flush();
    }
    expect(world.writes).toEqual(["profiles/a", "profiles/a"]);
    expect(world.notices).toEqual(["what is known of a could not be kept: the disk is full"]);
    world.fails = false;
    keep(store, A, "3");
    await store.flush();
    expect(kept(world.store(), A)).toBe("3");
  });
});

describe("a server is another one", () => {
  const rows: readonly [what: string, server: ServerConfig, isSame: boolean][] = [
    [
      "never by what does not start it",
      { ...A, name: "other", maxQueue: 1, tools: { allow: [], deny: [] } },
      true,
    ],
    ["never by the order of its variables", { ...A, env: { MODE: "x", TOKEN: "hunter2" } }, true],
    ["by its command", { ...A, command: "false" }, false],
    ["by its arguments", { ...A, args: ["x"] }, false],
    ["by its folder", { ...A, cwd: "/" }, false],
    ["by a value of its environment", { ...A, env: { TOKEN: "other", MODE: "x" } }, false],
    ["by a name in its environment", { ...A, env: { ...A.env, MORE: "" } }, false],
  ];
  for (const [what, server, isSame] of rows) {
    test(what, async () => {
      const world = new World();
      const store = world.store();
      keep(store, A, "1");
      await store.flush();
      expect(kept(world.store(), server)).toBe(isSame ? "1" : undefined);
      expect(world.notices.length).toBe(isSame ? 0 : 1);
      // In the running store too: a configuration that was loaded again.
      expect(kept(store, server)).toBe(isSame ? "1" : undefined);
    });
  }

  test("and what is learned late of the old one does not overwrite the new one", async () => {
    const world = new World();
    const store = world.store();
    const old = store.of(A);
    const now = { ...A, command: "false" };
    keep(store, now, "2");
    old.keepList(KEY, "tools/list", jsonBytes("1"));
    await store.flush();
    expect(kept(world.store(), now)).toBe("2");
  });
});

test("a server that is no longer configured is forgotten", async () => {
  const world = new World();
  const store = world.store();
  keep(store, A, "1");
  keep(store, B, "1");
  store.load([B]);
  await store.flush();
  expect(world.writes).toEqual(["profiles/b"]);
});

test("neither users nor values of the environment can be read from the disk", async () => {
  const world = new World();
  const store = world.store();
  const key = { ...KEY, principal: "alice@example.com" };
  store.of(A).keepList(key, "tools/list", jsonBytes("1"));
  await store.flush();
  const text = textOf(world.documents.get("profiles/a") ?? new Uint8Array());
  expect(text).toContain('"tools/list":1');
  expect(text).not.toContain("alice");
  expect(text).not.toContain("hunter2");
  // Nor by trying them, without the secret.
  const foundWith = (byte: number): Uint8Array | undefined =>
    world.store(new Uint8Array(32).fill(byte)).of(A).list(key, "tools/list");
  expect([foundWith(1), foundWith(2)]).toEqual([jsonBytes("1"), undefined]);
});
