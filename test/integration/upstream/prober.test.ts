/**
 * When a child is asked whether it answers, and after which silence it is given up: the promised
 * times on a clock that the test moves, with a real child that is stopped and let go.
 */
import { afterEach, expect, test } from "bun:test";
import { openingParams } from "../../../src/codec/client-capabilities.ts";
import type { HealthSettings } from "../../../src/config/model.ts";
import type { Clock } from "../../../src/kernel/clock.ts";
import { Link } from "../../../src/upstream/link.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { fixturePath } from "../../helpers/fixtures.ts";
import { serverConfig } from "../../helpers/server-config.ts";
import { until } from "../../helpers/wait.ts";
import { createHarness } from "../supervisor/harness.ts";

const SECOND = 1_000;
/** As `proxy.health` has them by default. */
const PROMISED: Partial<HealthSettings> = {
  probeIntervalMs: 30 * SECOND,
  probeTimeoutMs: 10 * SECOND,
  probeFailures: 3,
};

let harness = createHarness();

afterEach(async () => {
  await harness.supervisor.shutdown("end of test");
  harness = createHarness();
});

/** A connection to the echo fixture whose time is the test's. */
async function connect(era: "legacy" | "modern", fixture: string) {
  let nowMs = 1_000_000;
  const timer = { cancel: () => {} };
  const clock: Clock = {
    nowMs: () => nowMs,
    wallMs: () => nowMs,
    after: () => timer,
    every: () => timer,
  };
  const gateway = { name: "test", version: "1" };
  const health = { ...serverConfig().health, ...PROMISED };
  const server = serverConfig({
    command: process.execPath,
    args: [fixturePath(fixture)],
    health,
  });
  const link = new Link(
    {
      server,
      label: "shared",
      restart: "on-failure",
      opening: { era, params: jsonBytes(openingParams(era, "{}", gateway)) },
      initializedBy: "gateway",
      barred: () => undefined,
      maxJsonDepth: 100,
      supervisor: harness.supervisor,
      clock,
      emit: (event) => harness.events.push(event),
    },
    { onMessage: () => {} },
  );
  await link.ready(10 * SECOND);
  const probes = () =>
    harness.events.flatMap((event) => (event.kind === "instance.probed" ? [event] : []));
  return {
    link,
    probes,
    /** So much later, as the one coarse sweep sees it. */
    pass: (ms: number): void => {
      nowMs += ms;
      link.sweep(nowMs);
    },
    pid: link.instance.pid ?? 0,
  };
}

test.each([
  ["legacy", "echo"],
  ["modern", "modern-only"],
] as const)("a %s child is asked every 30 s, and not before", async (era, fixture) => {
  const { link, probes, pass } = await connect(era, fixture);
  expect(link.checkup).toMatchObject({ atMs: 1_000_000, consecutiveFails: 0 });
  pass(29 * SECOND);
  expect(link.upstream?.inFlight).toBe(0);
  for (const round of [1, 2, 3]) {
    pass(round === 1 ? SECOND : 30 * SECOND);
    expect(link.upstream?.inFlight).toBe(1);
    await until(() => probes().length === round);
  }
  expect(probes().map(({ outcome }) => outcome)).toEqual(["answered", "answered", "answered"]);
});

test("three times 10 s of silence, one after the other, end it; one answer between begins anew", async () => {
  const { link, probes, pass, pid } = await connect("legacy", "echo");
  const { instance } = link;
  const miss = (): void => {
    pass(20 * SECOND);
    pass(10 * SECOND - 1);
    const before = probes().length;
    expect(link.upstream?.inFlight).toBe(1);
    pass(1);
    expect(probes()).toHaveLength(before + 1);
  };
  process.kill(pid, "SIGSTOP");
  pass(10 * SECOND);
  miss();
  expect([instance.state, link.checkup.consecutiveFails]).toEqual(["degraded", 1]);
  miss();
  expect([instance.state, link.checkup.consecutiveFails]).toEqual(["degraded", 2]);

  process.kill(pid, "SIGCONT");
  pass(20 * SECOND);
  await until(() => instance.state === "ready");
  expect([link.checkup.consecutiveFails, instance.pid]).toEqual([0, pid]);

  process.kill(pid, "SIGSTOP");
  pass(10 * SECOND);
  for (const fails of [1, 2]) {
    miss();
    expect(link.checkup.consecutiveFails).toBe(fails);
  }
  miss();
  expect(instance.state).toBe("stopping");
  expect(instance.cause).toEqual({ kind: "probe", failures: 3 });
  await until(() => instance.state === "ready");
  expect(instance.pid).not.toBe(pid);
  expect(instance.restartCount).toBe(1);
});
