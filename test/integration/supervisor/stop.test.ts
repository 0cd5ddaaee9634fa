/** The stop ladder on real processes: each rung, grandchildren, stops at odd moments. */
import { afterEach, expect, test } from "bun:test";
import { alive, exists, sessionOf, zombiesOf } from "../../helpers/processes.ts";
import { until } from "../../helpers/wait.ts";
import { createHarness, createSpoken, fixture, noticesOf, pidAfter, statesOf } from "./harness.ts";

let { supervisor, events } = createHarness();

afterEach(async () => {
  await supervisor.shutdown("end of test");
  ({ supervisor, events } = createHarness());
});

test("a child that heeds the end of its stdin is not signalled", async () => {
  const { instance, exits } = createSpoken(supervisor, ["cat"]);
  instance.start();
  await instance.whenReady(5_000);
  await instance.stop("test");
  expect(exits).toEqual([{ exitCode: 0, signal: null, expected: true, stderrTail: [] }]);
  expect(statesOf(events)).toEqual(["starting", "ready", "stopping", "stopped"]);
  expect(instance.pid).toBeUndefined();
});

test("a child that ignores stdin and SIGTERM is taken down every rung and then killed", async () => {
  const spoken = createSpoken(supervisor, fixture("ignores-sigterm"), { readyWhen: "ready" });
  spoken.instance.start();
  await spoken.instance.whenReady(5_000);
  const startedMs = performance.now();
  await spoken.instance.stop("test");
  const tookMs = performance.now() - startedMs;
  expect(spoken.text()).toContain("got eof\ngot SIGTERM\n");
  expect(spoken.exits[0]).toMatchObject({ exitCode: null, signal: "SIGKILL", expected: true });
  expect(tookMs).toBeGreaterThan(450);
  expect(tookMs).toBeLessThan(3_000);
});

test("what was written before the stop is still delivered", async () => {
  const spoken = createSpoken(supervisor, ["cat"]);
  spoken.instance.start();
  await spoken.instance.whenReady(5_000);
  const line = `${"z".repeat(1_000_000)}\n`;
  const pending = spoken.instance.incarnation?.write([line]);
  await spoken.instance.stop("test");
  await pending;
  expect(spoken.text()).toHaveLength(line.length);
});

const families: readonly (readonly [string, readonly string[]])[] = [
  ["in the group of its parent", []],
  ["that ignores SIGTERM", ["deaf"]],
  ["in a session of its own", ["setsid"]],
  ["in a session of its own that ignores SIGTERM", ["setsid", "deaf"]],
  ["whose parent has ended", ["orphan"]],
  ["in a session of its own whose parent has ended", ["setsid", "orphan"]],
];

const bare: (typeof families)[number] = [
  "in a session and with an environment of its own",
  ["setsid", "bare", "deaf"],
];

for (const [name, words] of [...families, bare]) {
  test(`a stop ends a grandchild ${name}`, async () => {
    const spoken = createSpoken(supervisor, fixture("forks-a-grandchild", ...words), {
      readyWhen: "grandchild",
    });
    spoken.instance.start();
    await spoken.instance.whenReady(5_000);
    await until(() => /grandchild \d+\n/.test(spoken.text()), { deadlineMs: 5_000 });
    const grandchild = pidAfter(spoken.text(), "grandchild");
    const isApart = sessionOf(grandchild) !== spoken.instance.pid;
    expect({ alive: alive(grandchild), isApart }).toEqual({
      alive: true,
      isApart: words.includes("setsid"),
    });
    await spoken.instance.stop("test");
    expect(alive(grandchild)).toBe(false);
    await until(() => !exists(grandchild), { deadlineMs: 5_000 });
  });
}

for (const [name, words] of families) {
  test(`a crash ends a grandchild ${name}`, async () => {
    const spoken = createSpoken(supervisor, fixture("forks-a-grandchild", "crash", ...words), {
      readyWhen: "grandchild",
      restart: "never",
    });
    spoken.instance.start();
    await spoken.instance.whenReady(5_000);
    await until(() => /grandchild \d+\n/.test(spoken.text()), { deadlineMs: 5_000 });
    const grandchild = pidAfter(spoken.text(), "grandchild");
    await spoken.instance.incarnation?.write(["crash\n"]);
    await until(() => spoken.instance.state === "failed", { deadlineMs: 5_000 });
    expect(spoken.exits[0]).toMatchObject({ exitCode: 7, expected: false });
    await until(() => !exists(grandchild), { deadlineMs: 5_000 });
    expect(zombiesOf(process.pid)).not.toContain(grandchild);
  });
}

test("a stop while it starts aborts the start", async () => {
  let isAborted = false;
  const { instance } = createSpoken(supervisor, ["cat"], {
    connect: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          isAborted = true;
          reject(new Error("aborted"));
        });
      }),
  });
  instance.start();
  const refused = instance.whenReady(5_000).then(
    () => "ready",
    (thrown: { code: string }) => thrown.code,
  );
  await instance.stop("test");
  expect(await refused).toBe("UPSTREAM_UNAVAILABLE");
  expect(isAborted).toBe(true);
  expect(statesOf(events)).toEqual(["starting", "stopping", "stopped"]);
});

test("two stops are one, and both wait for the end", async () => {
  const { instance, exits } = createSpoken(supervisor, ["sleep", "100"]);
  instance.start();
  await instance.whenReady(5_000);
  const pid = instance.pid ?? 0;
  await Promise.all([instance.stop("one"), instance.stop("two")]);
  expect(alive(pid)).toBe(false);
  expect(exits).toHaveLength(1);
  await instance.stop("three");
  expect(statesOf(events)).toEqual(["starting", "ready", "stopping", "stopped"]);
});

test("a start after a stop makes a new incarnation, also when the stop is still under way", async () => {
  const { instance, incarnations } = createSpoken(supervisor, ["cat"]);
  instance.start();
  await instance.whenReady(5_000);
  await instance.stop("test");
  instance.start();
  await instance.whenReady(5_000);
  const stopped = instance.stop("test");
  instance.start();
  await stopped;
  await instance.whenReady(5_000);
  expect(incarnations.map(({ number }) => number)).toEqual([1, 2, 3]);
  expect(instance.state).toBe("ready");
  expect(instance.restartCount).toBe(0);
});

test("a shutdown ends all at once, refuses new ones and is done within its budget", async () => {
  const harness = createHarness({
    stopTimes: { stdinMs: 5_000, termMs: 5_000, killMs: 1_000 },
    shutdownMs: 1_500,
  });
  const all = Array.from({ length: 4 }, () =>
    createSpoken(harness.supervisor, fixture("ignores-sigterm"), { readyWhen: "ready" }),
  );
  for (const { instance } of all) instance.start();
  await Promise.all(all.map(({ instance }) => instance.whenReady(10_000)));
  const pids = all.map(({ instance }) => instance.pid ?? 0);
  const startedMs = performance.now();
  await harness.supervisor.shutdown("test");
  expect(performance.now() - startedMs).toBeLessThan(2_500);
  expect(pids.filter(alive)).toEqual([]);
  expect(harness.supervisor.instances()).toEqual([]);
  expect(noticesOf(harness.events)).toEqual([]);
  expect(() => createSpoken(harness.supervisor, ["cat"])).toThrow("stopping");
  await expect(all[0]?.instance.whenReady(10)).rejects.toMatchObject({ code: "DRAINING" });
});

test("killAll ends everything at once, grandchildren too", async () => {
  const harness = createHarness({ stopTimes: { stdinMs: 60_000, termMs: 60_000, killMs: 1_000 } });
  const spoken = createSpoken(harness.supervisor, fixture("forks-a-grandchild", "setsid", "deaf"), {
    readyWhen: "grandchild",
  });
  spoken.instance.start();
  await spoken.instance.whenReady(5_000);
  await until(() => /grandchild \d+\n/.test(spoken.text()), { deadlineMs: 5_000 });
  const pids = [spoken.instance.pid ?? 0, pidAfter(spoken.text(), "grandchild")];
  expect(pids.every(alive)).toBe(true);
  harness.supervisor.killAll();
  await until(() => !pids.some(alive), { deadlineMs: 2_000 });
  await until(() => spoken.instance.state === "stopped", { deadlineMs: 2_000 });
});
