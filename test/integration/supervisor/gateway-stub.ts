/**
 * A program that owns a supervisor as the gateway does, to be killed by a test. Each argument is a
 * command line of a child as JSON. Says `child <pid>` for each child, passes on what the children
 * say, then `ready` and `guardian <pid>`; SIGTERM shuts it down in order.
 */
import { readFileSync } from "node:fs";
import { createHarness, createSpoken, GUARDED, noticesOf } from "./harness.ts";
import { descendants } from "../../helpers/processes.ts";
import { until } from "../../helpers/wait.ts";

const { supervisor, events } = createHarness({ host: GUARDED });
const commands: [string, ...string[]][] = process.argv.slice(2).map((text) => JSON.parse(text));
const all = commands.map((command) => createSpoken(supervisor, command, { readyWhen: "\n" }));
for (const { instance } of all) instance.start();
await Promise.all(all.map(({ instance }) => instance.whenReady(10_000)));
const leaders = all.map(({ instance }) => instance.pid ?? 0);
for (const pid of leaders) console.log(`child ${pid}`);
for (const { text } of all) process.stdout.write(text());
const isGuardian = (pid: number): boolean =>
  !leaders.includes(pid) && commandLineOf(pid).includes("__guardian");
let guardian: number | undefined;
await until(
  () => {
    guardian = descendants(process.pid).find(isGuardian);
    return guardian !== undefined;
  },
  { deadlineMs: 5_000 },
);
console.log(`guardian ${guardian}`);
process.on("SIGTERM", () => {
  supervisor.shutdown("SIGTERM").then(
    () => {
      for (const notice of noticesOf(events)) console.log(notice);
      process.exit(0);
    },
    () => process.exit(1),
  );
});
setInterval(() => {}, 60_000);
console.log("ready");

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return ""; // gone
  }
}
