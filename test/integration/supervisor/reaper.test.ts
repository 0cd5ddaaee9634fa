/** Orphans of our children: adopted, reaped, ended when their instance is gone; no status is stolen. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { createSystemClock } from "../../../src/runtime/system-clock.ts";
import { Reaper } from "../../../src/supervisor/reaper.ts";
import { ProcessTableReader } from "../../../src/supervisor/process-table.ts";
import { alive, exists, parentOf } from "../../helpers/processes.ts";
import { until } from "../../helpers/wait.ts";
import { createHarness, createSpoken, noticesOf, pidAfter } from "./harness.ts";

/** The machine's clock, but what happens every few seconds happens every 20 ms. */
const hasty = {
  ...createSystemClock(),
  every: (_: number, run: () => void) => createSystemClock().every(20, run),
};

let harness = createHarness({ clock: hasty });

beforeEach(() => {
  harness = createHarness({ clock: hasty });
});

afterEach(async () => {
  await harness.supervisor.shutdown("end of test");
});

test("an orphan of a child that lives becomes ours, is left alone, and is reaped when it ends", async () => {
  const spoken = createSpoken(
    harness.supervisor,
    ["sh", "-c", "(setsid sh -c 'echo orphan $$; exec sleep 300' &); exec cat"],
    { readyWhen: "orphan" },
  );
  spoken.instance.start();
  await spoken.instance.whenReady(5_000);
  const orphan = pidAfter(spoken.text(), "orphan");
  await until(() => parentOf(orphan) === process.pid, { deadlineMs: 5_000 });
  let sweeps = 0;
  const counting = hasty.every(20, () => (sweeps += 1));
  await until(() => sweeps > 5, { deadlineMs: 5_000 });
  counting.cancel();
  expect(alive(orphan)).toBe(true);
  process.kill(orphan, "SIGKILL");
  await until(() => !exists(orphan), { deadlineMs: 5_000 });
  expect(spoken.instance.state).toBe("ready");
});

test("an orphan whose instance is gone is ended and reaped", async () => {
  const { supervisor } = harness;
  const spoken = createSpoken(
    supervisor,
    ["sh", "-c", "echo mark $REMOTE_MCP_PROXY_CHILD; exec cat"],
    {
      readyWhen: "mark",
    },
  );
  spoken.instance.start();
  await spoken.instance.whenReady(5_000);
  const mark = /mark (\S+)/.exec(spoken.text())?.[1] ?? "";
  await spoken.instance.stop("test");
  // As a process that slipped through the last look at its tree: it has the mark, and it is ours.
  const late = Bun.spawn(["sh", "-c", "(setsid sh -c 'echo late $$; exec sleep 300' >&1 &)"], {
    env: { PATH: process.env["PATH"] ?? "", REMOTE_MCP_PROXY_CHILD: mark },
    stdout: "pipe",
  });
  const { value } = await late.stdout.getReader().read();
  const pid = pidAfter(new TextDecoder().decode(value), "late");
  await until(() => !exists(pid), { deadlineMs: 5_000 });
});

test("what others of this program have started keeps its exit status", async () => {
  const spoken = createSpoken(harness.supervisor, ["cat"]);
  spoken.instance.start();
  await spoken.instance.whenReady(5_000);
  for (let round = 0; round < 40; round += 1) {
    const other = Bun.spawn(["sh", "-c", `exit ${round}`], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    expect(await other.exited).toBe(round);
  }
});

test("where there is no Linux, nothing is adopted and nothing is said", () => {
  const said: unknown[] = [];
  const reaper = new Reaper({
    clock: hasty,
    emit: (event) => said.push(event),
    selfPid: process.pid,
    platform: "darwin",
    processes: new ProcessTableReader(hasty),
    isDirect: () => false,
    isStaleMark: () => true,
  });
  reaper.start();
  reaper.sweepSoon();
  expect({ isSubreaper: reaper.isSubreaper, said }).toEqual({ isSubreaper: false, said: [] });
  expect(noticesOf(harness.events)).toEqual([]);
});
