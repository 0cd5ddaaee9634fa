/** Starts that fail, crashes, backoff and giving up, on real processes with short times. */
import { afterEach, expect, test } from "bun:test";
import type { GatewayError } from "../../../src/kernel/error.ts";
import { DEFAULT_RESTART_POLICY } from "../../../src/supervisor/restart-policy.ts";
import { until } from "../../helpers/wait.ts";
import { causesOf, createHarness, createSpoken, fixture, statesOf } from "./harness.ts";

const HASTY = { ...DEFAULT_RESTART_POLICY, baseMs: 5, jitter: 0, windowMs: 60_000, coolDownMs: 50 };
const PATIENT = { ...HASTY, baseMs: 60_000, coolDownMs: 60_000 };

let { supervisor, events } = createHarness({ restartPolicy: HASTY });

afterEach(async () => {
  await supervisor.shutdown("end of test");
  ({ supervisor, events } = createHarness({ restartPolicy: HASTY }));
});

/** What a promise that must reject was rejected with. */
function refusalOf(promise: Promise<void>): Promise<GatewayError> {
  return promise.then(
    () => Promise.reject(new Error("it did not reject")),
    (thrown: GatewayError) => thrown,
  );
}

test("a child that crashes is started anew and keeps its instance", async () => {
  const { instance, incarnations, exits } = createSpoken(supervisor, ["cat"]);
  instance.start();
  await instance.whenReady(5_000);
  process.kill(instance.pid ?? 0, "SIGKILL");
  await until(() => incarnations.length === 2, { deadlineMs: 5_000 });
  await instance.whenReady(5_000);
  expect(exits).toEqual([{ exitCode: null, signal: "SIGKILL", expected: false, stderrTail: [] }]);
  expect(incarnations.map(({ number }) => number)).toEqual([1, 2]);
  expect(instance.restartCount).toBe(1);
  expect(instance.lastError).toBe("ended by SIGKILL, which was not sent from here");
  expect(statesOf(events)).toEqual(["starting", "ready", "backoff", "starting", "ready"]);
});

test("a crash loop is given up after three restarts and tried again after the cool-down", async () => {
  const spoken = createSpoken(supervisor, ["sh", "-c", "echo no licence >&2; exit 3"], {
    readyWhen: "never",
  });
  const { instance, exits } = spoken;
  instance.start();
  const refusal = await refusalOf(instance.whenReady(10_000));
  expect(refusal).toMatchObject({ code: "UPSTREAM_UNAVAILABLE", retryable: true });
  expect(refusal.message).toContain("exited with code 3: no licence");
  expect(exits).toHaveLength(4);
  expect(instance.retryInMs).toBeLessThanOrEqual(50);
  expect(causesOf(events, "failed")).toEqual(["exited with code 3"]);
  await until(() => exits.length > 4, { deadlineMs: 5_000 });
});

test("whenReady waits through backoff and starting to the deadline of the caller", async () => {
  await supervisor.shutdown("other policy");
  ({ supervisor, events } = createHarness({ restartPolicy: PATIENT }));
  const { instance } = createSpoken(supervisor, fixture("exit-now", "1"), { readyWhen: "never" });
  instance.start();
  await until(() => instance.state === "backoff", { deadlineMs: 5_000 });
  expect(instance.retryInMs).toBeGreaterThan(50_000);
  const refusal = await refusalOf(instance.whenReady(30));
  expect(refusal).toMatchObject({ code: "UPSTREAM_UNAVAILABLE", retryable: true });
  expect(refusal.data).toMatchObject({ state: "backoff" });
});

test("a stop during backoff rests, and no restart follows", async () => {
  await supervisor.shutdown("other policy");
  ({ supervisor, events } = createHarness({ restartPolicy: PATIENT }));
  const { instance } = createSpoken(supervisor, fixture("exit-now", "1"), { readyWhen: "never" });
  instance.start();
  await until(() => instance.state === "backoff", { deadlineMs: 5_000 });
  await instance.stop("test");
  expect(instance.state).toBe("stopped");
  expect(instance.retryInMs).toBeUndefined();
  expect(supervisor.instances()).toEqual([]);
});

test("a start that takes too long is ended and counts as a failure", async () => {
  const { instance, exits } = createSpoken(supervisor, ["cat"], {
    readyWhen: "never",
    startTimeoutMs: 50,
    restart: "never",
  });
  instance.start();
  await refusalOf(instance.whenReady(5_000));
  expect(exits[0]).toMatchObject({ expected: true });
  expect(instance.lastError).toBe("not ready within 50 ms");
  expect(statesOf(events)).toEqual(["starting", "stopping", "failed"]);
});

test("a connect that rejects or throws ends the child and counts", async () => {
  const { instance, exits } = createSpoken(supervisor, ["cat"], {
    connect: () => {
      throw new Error("no handshake");
    },
  });
  instance.start();
  await refusalOf(instance.whenReady(5_000));
  expect(exits).toHaveLength(4);
  expect(instance.lastError).toBe("start failed: no handshake");
});

test("a child that exits while it is being connected aborts the connect", async () => {
  let reason: unknown;
  const { instance } = createSpoken(supervisor, fixture("exit-now", "9", "boom"), {
    restart: "never",
    connect: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
          reject(new Error("aborted"));
        });
      }),
  });
  instance.start();
  await refusalOf(instance.whenReady(5_000));
  expect(String(reason)).toContain("the child has ended");
  expect(instance.lastError).toBe("exited with code 9: boom");
  expect(instance.stderrTail).toEqual(["boom"]);
  expect(statesOf(events)).toEqual(["starting", "failed"]);
});

test("an instance that is never restarted rests after an orderly exit", async () => {
  const { instance } = createSpoken(supervisor, fixture("exit-now", "0"), {
    restart: "never",
    readyWhen: "never",
  });
  instance.start();
  await until(() => instance.state === "stopped", { deadlineMs: 5_000 });
  expect(supervisor.instances()).toEqual([]);
});

test("a missing program, a missing folder and a plain file fail at once and for good", async () => {
  const missing = createSpoken(supervisor, ["no-such-program-anywhere"]);
  const folder = createSpoken(supervisor, ["cat"], {
    command: { command: "cat", args: [], cwd: "/no/such/folder", env: { PATH: "/usr/bin:/bin" } },
  });
  const plain = createSpoken(supervisor, ["/etc/passwd"]);
  const wanted = [
    [missing, '"no-such-program-anywhere": no such program'],
    [folder, '"/no/such/folder" does not exist'],
    [plain, '"/etc/passwd": not executable'],
  ] as const;
  for (const [{ instance, incarnations }, text] of wanted) {
    instance.start();
    const refusal = await refusalOf(instance.whenReady(5_000));
    expect(refusal).toMatchObject({ code: "UPSTREAM_SPAWN_FAILED", retryable: false });
    expect(refusal.message).toContain(text);
    expect(instance.state).toBe("failed");
    expect(instance.retryInMs).toBeUndefined();
    expect(incarnations).toEqual([]);
  }
});

test("a child that closes its stdout but stays is ended and started anew", async () => {
  const { instance, exits } = createSpoken(supervisor, ["sh", "-c", "exec 1>&-; exec sleep 100"]);
  instance.start();
  await until(() => exits.length > 0, { deadlineMs: 5_000 });
  expect(causesOf(events, "stopping")).toContain("the child closed its stdout");
});
