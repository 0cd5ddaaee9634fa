/** Why an instance changed its state, for programs; idle, held and restarted instances. */
import { afterEach, describe, expect, test } from "bun:test";
import type { StateCause } from "../../../src/kernel/health-event.ts";
import { DEFAULT_RESTART_POLICY } from "../../../src/supervisor/restart-policy.ts";
import { alive } from "../../helpers/processes.ts";
import { until } from "../../helpers/wait.ts";
import { createHarness, createSpoken, fixture, statesOf } from "./harness.ts";

const HASTY = { ...DEFAULT_RESTART_POLICY, baseMs: 5, jitter: 0, windowMs: 60_000, coolDownMs: 50 };

let { supervisor, events } = createHarness({ restartPolicy: HASTY });

afterEach(async () => {
  await supervisor.shutdown("end of test");
  ({ supervisor, events } = createHarness({ restartPolicy: HASTY }));
});

/** The causes of all changes so far, in order. */
const causes = (): readonly StateCause[] =>
  events.flatMap((event) => (event.kind === "instance.state" ? [event.why] : []));

const refused = (promise: Promise<void>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error("it did not reject")),
    (thrown: Error) => thrown,
  );

describe("what an instance has gone down by", () => {
  test("an exit, with its code", async () => {
    const { instance } = createSpoken(supervisor, fixture("exit-now", "7"), {
      restart: "never",
      readyWhen: "never",
    });
    instance.start();
    await until(() => instance.state === "failed");
    expect(causes()).toEqual([{ kind: "demand" }, { kind: "exit", exitCode: 7 }]);
    expect(instance.cause).toEqual({ kind: "exit", exitCode: 7 });
  });

  test("a signal that was not sent from here, and what the restart came after", async () => {
    const { instance, incarnations } = createSpoken(supervisor, ["cat"]);
    instance.start();
    await instance.whenReady(5_000);
    process.kill(instance.pid ?? 0, "SIGKILL");
    await until(() => incarnations.length === 2);
    expect(causes().slice(0, 4)).toEqual([
      { kind: "demand" },
      { kind: "ready" },
      { kind: "signal", signal: "SIGKILL" },
      { kind: "retry", after: "signal" },
    ]);
  });

  test("a spawn error, with its code, for good", async () => {
    const { instance } = createSpoken(supervisor, ["/no/such/program"]);
    instance.start();
    expect(causes()).toEqual([{ kind: "demand" }, { kind: "spawn-error", errorCode: "ENOENT" }]);
    expect(instance.retryInMs).toBeUndefined();
  });

  test("a start that fails", async () => {
    const { instance } = createSpoken(supervisor, ["cat"], {
      restart: "never",
      connect: () => Promise.reject(new Error("no handshake")),
    });
    instance.start();
    await until(() => instance.state === "failed");
    const failed = { kind: "start-failed" } as const;
    expect(causes()).toEqual([{ kind: "demand" }, failed, failed]);
  });

  test("a closed stdout", async () => {
    const { instance } = createSpoken(supervisor, ["sh", "-c", "exec >&-; read line"], {
      restart: "never",
    });
    instance.start();
    await until(() => instance.state === "failed");
    expect(causes().at(-1)).toEqual({ kind: "broken-pipe" });
  });

  test("health checks that fail: doubted first, then stopped and started again", async () => {
    const { instance, incarnations } = createSpoken(supervisor, ["cat"]);
    instance.start();
    await instance.whenReady(5_000);
    instance.doubt(1, "no answer");
    expect(instance.state).toBe("degraded");
    await instance.whenReady(0);
    instance.doubt(0, "answered");
    expect(instance.state).toBe("ready");
    instance.doubt(1, "no answer");
    instance.fault({ kind: "probe", failures: 3 }, "three in a row");
    await until(() => incarnations.length === 2);
    expect(statesOf(events).slice(2, 7)).toEqual([
      "degraded",
      "ready",
      "degraded",
      "stopping",
      "backoff",
    ]);
    expect(causes().slice(5, 8)).toEqual([
      { kind: "probe", failures: 3 },
      { kind: "probe", failures: 3 },
      { kind: "retry", after: "probe" },
    ]);
    expect(instance.lastError).toBe("three in a row");
  });
});

describe("idle", () => {
  test("from the beginning, until somebody wants it", async () => {
    const { instance } = createSpoken(supervisor, ["cat"], { startsIdle: true });
    expect([instance.state, instance.pid]).toEqual(["idle", undefined]);
    instance.start();
    await instance.whenReady(5_000);
    expect(statesOf(events)).toEqual(["starting", "ready"]);
  });

  test("dozes and is woken, also while it still stops; that is no failure", async () => {
    const { instance, incarnations } = createSpoken(supervisor, ["cat"]);
    instance.start();
    await instance.whenReady(5_000);
    const { pid } = instance;
    instance.doze("nobody has used it");
    await until(() => instance.state === "idle");
    expect(alive(pid ?? 0)).toBe(false);
    expect(causes().slice(2)).toEqual([{ kind: "idle" }, { kind: "idle" }]);
    expect(supervisor.instances()).toEqual([]);

    instance.start();
    await instance.whenReady(5_000);
    instance.doze("nobody has used it");
    instance.start();
    await instance.whenReady(5_000);
    expect(incarnations).toHaveLength(3);
    expect(instance.restartCount).toBe(0);
    expect(supervisor.instances()).toEqual([instance]);
  });

  test("what still starts does not doze", () => {
    const { instance } = createSpoken(supervisor, ["cat"], { readyWhen: "never" });
    instance.start();
    instance.doze("nobody has used it");
    expect(instance.state).toBe("starting");
  });
});

describe("the operator", () => {
  test("stops it so that no request starts it, and starts it again", async () => {
    const { instance } = createSpoken(supervisor, ["cat"]);
    instance.start();
    await instance.whenReady(5_000);
    await instance.stop("asked by the operator", "operator");
    expect([instance.state, instance.isHeld]).toEqual(["stopped", true]);
    instance.start();
    expect(instance.state).toBe("stopped");
    expect((await refused(instance.whenReady(50))).message).toContain("is stopped");
    instance.start("operator");
    await instance.whenReady(5_000);
    expect(instance.isHeld).toBe(false);
    expect(causes().slice(2)).toEqual([
      { kind: "operator" },
      { kind: "operator" },
      { kind: "operator" },
      { kind: "ready" },
    ]);
  });

  test("restarts it at once, also when it was given up, and the failures are forgotten", async () => {
    const patient = { ...HASTY, coolDownMs: 60_000 };
    await supervisor.shutdown("other policy");
    ({ supervisor, events } = createHarness({ restartPolicy: patient }));
    const { instance, exits } = createSpoken(supervisor, ["sh", "-c", "exit 3"], {
      readyWhen: "never",
    });
    instance.start();
    await until(() => instance.state === "failed");
    expect(exits).toHaveLength(4);
    instance.restart("asked by the operator");
    await until(() => exits.length === 8 && instance.state === "failed");
  });

  test("restarts one that runs: the old process is gone before the new one comes", async () => {
    const { instance, incarnations, exits } = createSpoken(supervisor, ["cat"]);
    instance.start();
    await instance.whenReady(5_000);
    instance.restart("asked by the operator");
    await until(() => incarnations.length === 2);
    await instance.whenReady(5_000);
    expect(exits).toHaveLength(1);
    expect(instance.restartCount).toBe(0);
    expect(causes().slice(2, 4)).toEqual([{ kind: "operator" }, { kind: "operator" }]);
  });
});
