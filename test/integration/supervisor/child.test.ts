/** One incarnation's pipes: backpressure both ways, EPIPE, order at the end, leaks. */
import { afterEach, expect, test } from "bun:test";
import type { GatewayEvent } from "../../../src/kernel/event.ts";
import { alive, killPid, openDescriptors, zombiesOf } from "../../helpers/processes.ts";
import { gate, until } from "../../helpers/wait.ts";
import { createHarness, createSpoken, fixture, noticesOf, pidAfter } from "./harness.ts";

let { supervisor, events } = createHarness();

afterEach(async () => {
  await supervisor.shutdown("end of test");
  ({ supervisor, events } = createHarness());
});

function stderrOf(all: readonly GatewayEvent[]): readonly string[] {
  return all.flatMap((event) => (event.kind === "child.stderr" ? [event.line] : []));
}

test("a write that the kernel takes whole is synchronous, and its pieces are one line", async () => {
  const spoken = createSpoken(supervisor, ["cat"]);
  spoken.instance.start();
  await spoken.instance.whenReady(5_000);
  const pieces = ["{", new TextEncoder().encode('"ż":'), "1}\n"];
  expect(spoken.instance.incarnation?.write(pieces)).toBeUndefined();
  await until(() => spoken.text() === '{"ż":1}\n', { deadlineMs: 5_000 });
});

test("writes to a child that never reads push back, and are let go when it dies", async () => {
  const { instance, incarnations, exits } = createSpoken(supervisor, fixture("never-reads"), {
    readyWhen: "ready",
    restart: "never",
  });
  instance.start();
  await instance.whenReady(5_000);
  const child = incarnations[0];
  if (child === undefined) throw new Error("no incarnation");
  const pending = child.write([new Uint8Array(4_000_000)]);
  let isSettled = false;
  const settled = pending?.then(() => {
    isSettled = true;
  });
  expect(pending).toBeInstanceOf(Promise);
  expect(alive(child.pid) && !isSettled).toBe(true);
  process.kill(child.pid, "SIGKILL");
  await settled;
  await until(() => exits.length === 1, { deadlineMs: 5_000 });
  expect(child.write(["too late\n"])).toBeUndefined();
});

test("a write is let go at the death even if a grandchild holds the pipe", async () => {
  const holder = "env -i setsid sh -c 'echo holder $$; exec sleep 60' <&3";
  const spoken = createSpoken(
    supervisor,
    ["sh", "-c", `exec 3<&0; (${holder} &) ; exec sleep 60 3<&-`],
    { restart: "never", readyWhen: "holder" },
  );
  spoken.instance.start();
  await spoken.instance.whenReady(5_000);
  const pid = pidAfter(spoken.text(), "holder");
  const pending = spoken.instance.incarnation?.write([new Uint8Array(4_000_000)]);
  expect(pending).toBeInstanceOf(Promise);
  process.kill(spoken.instance.pid ?? 0, "SIGKILL");
  await pending;
  expect(alive(pid)).toBe(true);
  killPid(pid);
});

test("a child that closes its stdin breaks no pipe of ours, and is ended as useless", async () => {
  const { instance, incarnations, exits } = createSpoken(
    supervisor,
    ["sh", "-c", "exec 0<&-; echo closed; exec sleep 100"],
    { readyWhen: "closed", restart: "never" },
  );
  instance.start();
  await instance.whenReady(5_000);
  for (let count = 0; count < 100; count += 1) {
    await incarnations[0]?.write(["hello\n"]);
  }
  await until(() => exits.length === 1, { deadlineMs: 5_000 });
  expect(instance.lastError).toContain("cannot be written to");
});

test("stdout waits for its reader", async () => {
  const door = gate();
  let received = 0;
  const { instance } = createSpoken(supervisor, fixture("floods", "stdout", "20000000"), {
    restart: "never",
    connect: (incarnation) =>
      new Promise((done) => {
        incarnation.onStdout = (chunk) => {
          received += chunk.length;
          done();
          return door.passed;
        };
      }),
  });
  instance.start();
  await instance.whenReady(5_000);
  const child = instance.incarnation;
  const first = received;
  // In the time of many round trips to another child, all of it would have come.
  const other = createSpoken(supervisor, ["cat"]);
  other.instance.start();
  for (let trips = 1; trips <= 50; trips += 1) {
    await other.instance.whenReady(5_000);
    await other.instance.incarnation?.write(["x"]);
    await until(() => other.text().length === trips, { deadlineMs: 5_000 });
  }
  expect(received).toBe(first);
  expect(stderrOf(events)).toEqual([]);
  expect(child).toBeDefined();
  door.open();
  await until(() => received === 20_000_000, { deadlineMs: 10_000 });
  await child?.exited;
  expect(stderrOf(events)).toEqual(["done"]);
});

test("all of stdout and stderr is delivered before the exit is, also to a slow reader", async () => {
  const order: string[] = [];
  const door = gate();
  let bytes = 0;
  const { instance } = createSpoken(
    supervisor,
    ["sh", "-c", "echo; read go; head -c 99999 /dev/zero; echo last words >&2; exit 4"],
    {
      restart: "never",
      connect: (incarnation) =>
        new Promise((done) => {
          incarnation.onStdout = (chunk) => {
            bytes += chunk.length;
            done();
            return door.passed;
          };
          incarnation.onStdoutEnd = () => order.push(`end after ${bytes}`);
          incarnation.exited.then(
            ({ exitCode, stderrTail }) => order.push(`exit ${exitCode} ${stderrTail.join()}`),
            () => order.push("rejected"),
          );
        }),
      onExit: () => order.push("onExit"),
    },
  );
  instance.start();
  await instance.whenReady(5_000);
  await instance.incarnation?.write(["go\n"]);
  await until(() => instance.incarnation === undefined, { deadlineMs: 5_000 });
  expect(bytes).toBe(1);
  door.open();
  await until(() => instance.state === "failed", { deadlineMs: 5_000 });
  expect(order).toEqual(["end after 100000", "exit 4 last words", "onExit"]);
});

test("a grandchild that holds the pipes does not hold up the exit", async () => {
  // Its environment is empty and it is an orphan in a session of its own: nothing leads to it.
  const sleeper = "env -i setsid sh -c 'echo holder $$; exec sleep 60'";
  const spoken = createSpoken(supervisor, ["sh", "-c", `(${sleeper} &) ; read line; exit 5`], {
    restart: "never",
    readyWhen: "holder",
  });
  spoken.instance.start();
  await spoken.instance.whenReady(5_000);
  const holder = pidAfter(spoken.text(), "holder");
  const startedMs = performance.now();
  await spoken.instance.incarnation?.write(["go\n"]);
  await until(() => spoken.exits.length === 1, { deadlineMs: 3_000 });
  expect(alive(holder)).toBe(true);
  killPid(holder);
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});

test("stderr is shown line by line without the secrets of the server", async () => {
  const { instance } = createSpoken(supervisor, fixture("exit-now", "1", "bad key hunter22!"), {
    secrets: ["hunter22"],
    restart: "never",
    readyWhen: "never",
  });
  instance.start();
  await until(() => instance.state === "failed", { deadlineMs: 5_000 });
  expect(stderrOf(events)).toEqual(["bad key [redacted]!"]);
  expect(instance.lastError).toBe("exited with code 1: bad key [redacted]!");
});

test("a flood on stderr is read, limited and never stops the child", async () => {
  const { instance, exits } = createSpoken(supervisor, fixture("floods", "stderr", "20000000"), {
    restart: "never",
    readyWhen: "never",
  });
  instance.start();
  await until(() => exits.length === 1, { deadlineMs: 10_000 });
  const lines = stderrOf(events);
  expect(lines.length).toBeLessThan(3_000);
  expect(exits[0]?.stderrTail.at(-1)).toBe("done");
  expect(exits[0]?.stderrTail).toHaveLength(50);
});

test("the child gets its own environment, the mark of its tree, and nothing of ours", async () => {
  const spoken = createSpoken(supervisor, ["env"], {
    command: { command: "env", args: [], cwd: "/", env: { PATH: "/usr/bin:/bin", ONLY: "this" } },
    restart: "never",
    readyWhen: "never",
  });
  spoken.instance.start();
  await until(() => spoken.exits.length === 1, { deadlineMs: 5_000 });
  const names = spoken
    .text()
    .trim()
    .split("\n")
    .map((line) => line.split("=")[0]);
  expect(names.sort()).toEqual(["ONLY", "PATH", "REMOTE_MCP_PROXY_CHILD"]);
});

test("300 starts and ends leave no descriptor, no zombie and no instance", async () => {
  const before = { fds: 0, zombies: zombiesOf(process.pid).length };
  for (let round = 0; round < 310; round += 1) {
    if (round === 10) before.fds = openDescriptors(process.pid);
    const { instance } = createSpoken(supervisor, ["cat"], { restart: "never" });
    instance.start();
    await instance.whenReady(5_000);
    if (round % 2 === 0) await instance.stop("test");
    else process.kill(instance.pid ?? 0, "SIGKILL");
    await until(() => instance.pid === undefined, { deadlineMs: 5_000 });
  }
  await until(() => supervisor.instances().length === 0, { deadlineMs: 5_000 });
  await until(() => openDescriptors(process.pid) <= before.fds + 4, { deadlineMs: 5_000 });
  await until(() => zombiesOf(process.pid).length <= before.zombies, { deadlineMs: 5_000 });
  expect(noticesOf(events)).toEqual([]);
}, 30_000);
