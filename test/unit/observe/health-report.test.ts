/** The words of health, the JSON of a server, and which changes of state are kept. */
import { describe, expect, test } from "bun:test";
import type { InstanceState } from "../../../src/kernel/event.ts";
import type { InstanceHealth, ServerHealth } from "../../../src/kernel/server-health.ts";
import { healthWord, serversReport, takesRequests } from "../../../src/observe/health-report.ts";
import { StateHistory } from "../../../src/observe/state-history.ts";

const WORDS: Readonly<Record<InstanceState, string>> = {
  stopped: "unknown",
  starting: "unknown",
  ready: "healthy",
  degraded: "unhealthy",
  backoff: "unhealthy",
  stopping: "unknown",
  failed: "unhealthy",
  idle: "healthy",
};

test.each(Object.entries(WORDS))("%s is %s", (state, word) => {
  expect(healthWord(state)).toBe(word as never);
});

test("requests are taken by what serves, also doubted, and by what they would start", () => {
  expect(Object.keys(WORDS).filter(takesRequests)).toEqual(["ready", "degraded", "idle"]);
});

const instance: InstanceHealth = {
  label: "shared",
  state: "backoff",
  why: { kind: "exit", exitCode: 3 },
  pid: undefined,
  restartCount: 2,
  retryInMs: 900.2,
  checkedAtMs: 0,
  responseTimeMs: 1.234,
  consecutiveFails: 0,
  lastError: "exited with code 3",
};

test("a server has the members of the predecessor, and some of our own", () => {
  const history = new StateHistory(() => 5);
  history.record({
    kind: "instance.state",
    server: "one",
    instance: "shared",
    from: "ready",
    to: "backoff",
    cause: "exited with code 3",
    why: { kind: "exit", exitCode: 3 },
  });
  const health: ServerHealth = {
    name: "One",
    slug: "one",
    required: true,
    state: "backoff",
    lastError: "exited with code 3",
    instances: [
      instance,
      { ...instance, label: "session-1a2b", restartCount: 0, retryInMs: undefined },
    ],
  };
  const idle: ServerHealth = {
    ...health,
    name: "Idle",
    slug: "idle",
    state: "idle",
    instances: [],
  };
  const body = serversReport([health, idle], (slug) => history.of(slug), 1_000);
  expect(body).toMatchObject({
    timestamp: "1970-01-01T00:00:01.000Z",
    servers: {
      One: {
        name: "One",
        status: "unhealthy",
        lastCheck: "1970-01-01T00:00:00.000Z",
        responseTimeMs: 1.23,
        consecutiveFails: 0,
        restartCount: 2,
        lastError: "exited with code 3",
        state: "backoff",
        retryInMs: 901,
        required: true,
        instances: [{ instance: "shared" }, { instance: "session-1a2b" }],
        history: [
          {
            at: "1970-01-01T00:00:00.005Z",
            from: "ready",
            to: "backoff",
            kind: "exit",
            exitCode: 3,
          },
        ],
      },
      Idle: { status: "healthy", lastCheck: null, responseTimeMs: 0 },
    },
    summary: { total: 2, healthy: 1, unhealthy: 1, unknown: 0 },
  });
});

describe("the history", () => {
  const change = (server: string, label: string, cause: string) =>
    ({
      kind: "instance.state",
      server,
      instance: label,
      from: "ready",
      to: "backoff",
      cause,
      why: { kind: "exit" },
    }) as const;

  test("keeps the last twenty changes of a server", () => {
    const history = new StateHistory(() => 0);
    for (let n = 0; n < 25; n++) history.record(change("one", "shared", String(n)));
    expect(history.of("one").map(({ cause }) => cause)).toEqual(
      Array.from({ length: 20 }, (_, n) => String(n + 5)),
    );
  });

  test("keeps nothing of throw-away processes and of other events", () => {
    const history = new StateHistory(() => 0);
    history.record(change("one", "probe", "x"));
    history.record({ kind: "gateway.stopped" });
    expect(history.of("one")).toEqual([]);
  });

  test("lets go of the servers that changed longest ago", () => {
    const history = new StateHistory(() => 0);
    for (let n = 0; n < 1_001; n++) history.record(change(`server-${n}`, "shared", "x"));
    expect(history.of("server-0")).toEqual([]);
    expect(history.of("server-1000")).toHaveLength(1);
  });
});
