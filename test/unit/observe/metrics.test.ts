/** Requests counted in classes, with their durations; the numbers are those that a scraper reads. */
import { describe, expect, test } from "bun:test";
import type { GatewayEvent, InstanceState } from "../../../src/kernel/event.ts";
import type { StateCause } from "../../../src/kernel/health-event.ts";
import { METHOD_CLASSES, methodClassIndex } from "../../../src/observe/method-class.ts";
import { Metrics } from "../../../src/observe/metrics.ts";
import { parsePrometheus, valueIn, type Family } from "../../helpers/prometheus.ts";

const P = "remote_mcp_proxy_";

async function seriesOf(events: readonly GatewayEvent[]): Promise<ReadonlyMap<string, Family>> {
  const metrics = new Metrics({ version: "1.2.3", wallMs: () => 0 });
  for (const event of events) metrics.observe(event);
  metrics.watch({
    servers: () => [
      {
        server: "one",
        state: "ready",
        running: true,
        inFlight: 3,
        queued: 2,
        parked: 1,
        questions: 0,
        listens: 0,
      },
    ],
    sessions: () => [
      { server: "one", revision: "2025-11-25" },
      { server: "one", revision: "2025-11-25" },
      { server: "one", revision: undefined },
    ],
    streams: () => 4,
  });
  return parsePrometheus(await metrics.text());
}

function settled(more: Partial<Extract<GatewayEvent, { kind: "request.settled" }>>): GatewayEvent {
  return {
    kind: "request.settled",
    server: "one",
    sessionRef: undefined,
    method: "tools/call",
    id: "1",
    era: "legacy",
    outcome: "result",
    durationMs: 1,
    ...more,
  };
}

describe("method classes", () => {
  const rows: readonly [method: string, name: string][] = [
    ["initialize", "lifecycle"],
    ["server/discover", "lifecycle"],
    ["tools/call", "call"],
    ["tools/list", "list"],
    ["resources/templates/list", "list"],
    ["resources/read", "read"],
    ["prompts/get", "prompt"],
    ["subscriptions/listen", "subscribe"],
    ["tasks/get", "task"],
    ["completion/complete", "complete"],
    ["ping", "ping"],
    ["made/up", "other"],
    ["__proto__", "other"],
    ["", "other"],
  ];
  for (const [method, name] of rows) {
    test(`${method} is ${name}`, () => {
      expect(METHOD_CLASSES[methodClassIndex(method)]).toBe(name as never);
    });
  }
});

describe("requests", () => {
  test("are counted by server, era, class and outcome", async () => {
    const families = await seriesOf([
      settled({}),
      settled({}),
      settled({ outcome: "failed" }),
      settled({ era: "modern", method: "resources/read" }),
      settled({ server: "two", method: "made/up", outcome: "cancelled" }),
    ]);
    const count = (server: string, era: string, method_class: string, outcome: string) =>
      valueIn(families, `${P}requests_total`, { server, era, method_class, outcome });
    expect(count("one", "legacy", "call", "result")).toBe(2);
    expect(count("one", "legacy", "call", "failed")).toBe(1);
    expect(count("one", "modern", "read", "result")).toBe(1);
    expect(count("two", "legacy", "other", "cancelled")).toBe(1);
    expect(families.get(`${P}requests_total`)?.samples).toHaveLength(4);
  });

  test("are in the bucket of their duration, bounds included", async () => {
    const families = await seriesOf([
      ...[0, 1, 1.1, 25, 301_000].map((durationMs) => settled({ durationMs })),
    ]);
    const labels = { server: "one", era: "legacy", method_class: "call" };
    const bucket = (le: string) =>
      valueIn(families, `${P}request_duration_seconds_bucket`, { ...labels, le });
    expect([
      bucket("0.001"),
      bucket("0.0025"),
      bucket("0.025"),
      bucket("300"),
      bucket("+Inf"),
    ]).toEqual([2, 3, 4, 4, 5]);
    expect(valueIn(families, `${P}request_duration_seconds_sum`, labels)).toBeCloseTo(301.0271, 6);
  });

  test("of more servers than a configuration has are not counted", async () => {
    const events = Array.from({ length: 1_500 }, (_, index) => settled({ server: `s${index}` }));
    const families = await seriesOf(events);
    expect(families.get(`${P}requests_total`)?.samples).toHaveLength(1_000);
  });
});

describe("restarts by cause", () => {
  const rows: readonly [
    from: InstanceState,
    to: InstanceState,
    why: StateCause,
    cause: string | undefined,
  ][] = [
    ["stopped", "starting", { kind: "demand" }, undefined],
    ["stopped", "starting", { kind: "operator" }, undefined],
    ["idle", "starting", { kind: "demand" }, undefined],
    ["starting", "ready", { kind: "ready" }, undefined],
    ["ready", "backoff", { kind: "exit" }, undefined],
    ["backoff", "starting", { kind: "retry", after: "exit" }, "exit"],
    ["failed", "starting", { kind: "retry", after: "out-of-memory" }, "out-of-memory"],
    ["backoff", "starting", { kind: "retry", after: "probe" }, "probe"],
    ["stopping", "starting", { kind: "operator" }, "operator"],
  ];
  for (const [from, to, why, cause] of rows) {
    test(`${from} → ${to}, ${JSON.stringify(why)}: ${cause ?? "none"}`, async () => {
      const state = { kind: "instance.state", server: "one", from, to, cause: "c", why } as const;
      const families = await seriesOf([
        { ...state, instance: "shared" },
        { ...state, instance: "probe" },
      ]);
      const samples = families.get(`${P}server_restarts_total`)?.samples ?? [];
      // Every cause is there from the start, at 0.
      expect(samples.length).toBe(8);
      const counted = samples.filter(({ value }) => value > 0);
      expect(counted.map(({ labels, value }) => [labels["cause"], value])).toEqual(
        cause === undefined ? [] : [[cause, 1]],
      );
    });
  }
});

test("what is so at the moment of the scrape", async () => {
  const families = await seriesOf([
    { kind: "alert.raised", server: "one", alert: "memory", value: 2, threshold: 1 },
    { kind: "alert.raised", server: "one", alert: "cpu", value: 2, threshold: 1 },
    { kind: "alert.cleared", server: "one", alert: "cpu", value: 0, threshold: 1 },
    {
      kind: "resources.sampled",
      servers: [
        {
          server: "one",
          processes: [],
          residentBytes: 1024,
          virtualBytes: 2048,
          cpuPercent: 150,
          threads: 7,
          descriptors: 9,
        },
      ],
    },
  ]);
  const one = { server: "one" };
  const rows: readonly [name: string, labels: Record<string, string>, value: number][] = [
    ["requests_in_flight", one, 3],
    ["requests_queued", one, 2],
    ["parked_calls", one, 1],
    ["servers", {}, 1],
    ["servers_running", {}, 1],
    ["streams", {}, 4],
    ["sessions", { ...one, revision: "2025-11-25" }, 2],
    ["sessions", { ...one, revision: "none" }, 1],
    ["server_state", { ...one, state: "ready" }, 1],
    ["server_state", { ...one, state: "failed" }, 0],
    ["server_alert", { ...one, alert: "memory" }, 1],
    ["server_alert", { ...one, alert: "cpu" }, 0],
    ["server_resident_memory_bytes", one, 1024],
    ["server_cpu_ratio", one, 1.5],
    ["server_threads", one, 7],
    ["stdout_noise_lines_total", one, 0],
    ["build_info", { version: "1.2.3", bun: Bun.version }, 1],
  ];
  for (const [name, labels, value] of rows) {
    expect([name, valueIn(families, P + name, labels)]).toEqual([name, value]);
  }
});
