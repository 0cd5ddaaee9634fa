/** The set of sessions under a clock that the test moves: caps, eviction, expiry. */
import { describe, expect, test } from "bun:test";
import { ByteBudget } from "../../../src/kernel/byte-budget.ts";
import type { Clock } from "../../../src/kernel/clock.ts";
import { GatewayError } from "../../../src/kernel/error.ts";
import { SessionRegistry } from "../../../src/session/registry.ts";
import type { Session } from "../../../src/session/session.ts";

const IDLE_MS = 1_000;
const LOCAL = { user: "local", client: "local" };

class World {
  nowMs = 0;
  readonly log: string[] = [];
  readonly registry: SessionRegistry;
  #ids = 0;

  constructor(maxSessions = 10, maxSessionsPerServer = 10) {
    const clock: Clock = {
      nowMs: () => this.nowMs,
      wallMs: () => this.nowMs,
      after: () => ({ cancel: () => undefined }),
      every: () => ({ cancel: () => undefined }),
    };
    this.registry = new SessionRegistry({
      maxSessions,
      maxSessionsPerServer,
      sessionIdleMs: IDLE_MS,
      session: {
        maxStreamsPerSession: 2,
        replayKeepMs: 100,
        maxReplayEvents: 10,
        maxReplayBytes: 1_000,
        replayBudget: new ByteBudget(1_000_000),
      },
      clock,
      emit: (event) => {
        if (event.kind === "session.opened") this.log.push(`+${event.sessionRef}`);
        if (event.kind === "session.closed") this.log.push(`-${event.sessionRef}: ${event.reason}`);
      },
      randomId: () => `id${++this.#ids}`,
      refOf: (id) => id.replace("id", "ref"),
    });
  }

  /** Opens a session one tick later than what was before. */
  open(server = "a", user = "local", client = "local"): Session {
    this.nowMs++;
    return this.registry.open(server, { user, client }, "streamable-http");
  }

  get ids(): string {
    return [...this.registry.sessions()].map((session) => session.facts.id).join(" ");
  }
}

describe("find", () => {
  const rows: readonly [
    id: string,
    server: string,
    user: string,
    client: string,
    found: boolean,
  ][] = [
    ["id1", "a", "local", "local", true],
    ["id1", "b", "local", "local", false],
    ["id1", "a", "other", "local", false],
    ["id1", "a", "local", "other", false],
    ["id2", "a", "local", "local", false],
    ["", "a", "local", "local", false],
    ["ref1", "a", "local", "local", false],
  ];
  for (const [id, server, user, client, found] of rows) {
    test(`${id} of ${server} for ${user} by ${client}`, () => {
      const world = new World();
      const session = world.open();
      expect(world.registry.find(id, server, { user, client })).toBe(found ? session : undefined);
    });
  }

  test("counts as use, but not when it is refused", () => {
    const world = new World();
    const session = world.open();
    world.nowMs = 500;
    world.registry.find("id1", "b", LOCAL);
    expect(session.lastUsedMs).toBe(1);
    world.registry.find("id1", "a", LOCAL);
    expect(session.lastUsedMs).toBe(500);
  });

  test("a session that has ended is not found", () => {
    const world = new World();
    const session = world.open();
    world.registry.close(session, "deleted");
    world.registry.close(session, "again");
    expect(world.registry.find("id1", "a", LOCAL)).toBeUndefined();
    expect(world.log).toEqual(["+ref1", "-ref1: deleted"]);
    expect([session.ended, world.registry.size]).toEqual([true, 0]);
  });
});

describe("caps", () => {
  const evicted = "its place was needed";

  test("the longest idle goes first, not the oldest", () => {
    const world = new World(3);
    for (let i = 0; i < 3; i++) world.open();
    world.nowMs = 50;
    world.registry.find("id1", "a", LOCAL);
    world.open();
    expect(world.ids).toBe("id1 id3 id4");
    expect(world.log.slice(3)).toEqual([`-ref2: ${evicted}`, "+ref4"]);
  });

  test("one with work in flight is never sent away", () => {
    const world = new World(2);
    world.open().busy = 1;
    world.open();
    world.open();
    expect(world.ids).toBe("id1 id3");
  });

  test("all busy: refused, and nobody is sent away", () => {
    const world = new World(2);
    world.open().busy = 1;
    world.open().busy = 1;
    expect(() => world.open()).toThrow(GatewayError);
    try {
      world.open();
    } catch (error) {
      expect(error).toMatchObject({ code: "OVERLOADED", retryable: true });
    }
    expect(world.ids).toBe("id1 id2");
  });

  test("a server's own cap takes the place of its own sessions only", () => {
    const world = new World(10, 2);
    for (const server of ["b", "a", "a", "a"]) world.open(server);
    expect(world.ids).toBe("id1 id3 id4");
  });

  test("a server whose sessions are all busy is refused although others idle", () => {
    const world = new World(10, 1);
    world.open("b");
    world.open("a").busy = 1;
    expect(() => world.open("a")).toThrow(GatewayError);
    expect(world.ids).toBe("id1 id2");
  });

  test("both caps at once: one eviction makes room for both", () => {
    const world = new World(2, 1);
    world.open("b");
    world.open("a");
    world.open("a");
    expect(world.ids).toBe("id1 id3");
  });

  test("the place of a closed session is free again", () => {
    const world = new World(10, 1);
    for (let i = 0; i < 5; i++) {
      const session = world.open();
      session.busy = 1;
      world.registry.close(session, "done");
    }
    expect(world.log.filter((line) => line.includes(evicted))).toEqual([]);
  });
});

describe("sweep", () => {
  const rows: readonly [reason: string, busy: number, atMs: number, ends: boolean][] = [
    ["young", 0, 500, false],
    ["exactly at the limit", 0, IDLE_MS + 1, false],
    ["over the limit", 0, IDLE_MS + 2, true],
    ["over the limit with work in flight", 1, IDLE_MS * 10, false],
  ];
  for (const [reason, busy, atMs, ends] of rows) {
    test(reason, () => {
      const world = new World();
      world.open().busy = busy;
      world.registry.sweep(atMs);
      expect(world.registry.size).toBe(ends ? 0 : 1);
      if (ends) expect(world.log.at(-1)).toBe("-ref1: idle");
    });
  }

  test("the idle time begins when the work ends", () => {
    const world = new World();
    const session = world.open();
    session.busy = 1;
    world.registry.sweep(5_000);
    session.busy = 0;
    world.registry.sweep(5_000 + IDLE_MS);
    expect(world.registry.size).toBe(1);
    world.registry.sweep(5_001 + IDLE_MS);
    expect(world.registry.size).toBe(0);
  });

  test("tidies the streams of those that stay", () => {
    const world = new World();
    const session = world.open();
    session.openStream()?.finish(0);
    world.registry.sweep(101);
    expect(session.stream("p1")).toBeUndefined();
  });
});

describe("closing many", () => {
  test("closeIdle spares the busy ones", () => {
    const world = new World();
    world.open();
    world.open().busy = 1;
    world.open();
    expect(world.registry.closeIdle("cleaned up")).toBe(2);
    expect(world.ids).toBe("id2");
  });

  test("closeAll spares nobody", () => {
    const world = new World();
    world.open();
    world.open().busy = 1;
    world.registry.closeAll("stopping");
    expect([world.registry.size, world.log.slice(2)]).toEqual([
      0,
      ["-ref1: stopping", "-ref2: stopping"],
    ]);
  });

  test("a listener of the end may close others", () => {
    const world = new World();
    const first = world.open();
    const second = world.open();
    first.onEnd(() => world.registry.close(second, "with it"));
    world.registry.closeAll("stopping");
    expect(world.log.slice(2).sort()).toEqual(["-ref1: stopping", "-ref2: with it"]);
  });
});
