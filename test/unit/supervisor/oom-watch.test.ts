/** Which counter is believed, and which end a counted kill explains. */
import { describe, expect, test } from "bun:test";
import { findOomCounter, OomWatch } from "../../../src/supervisor/oom-watch.ts";

/** The counter that is found among these files. */
function countIn(files: Readonly<Record<string, string>>): number | undefined {
  return findOomCounter((path) => files[path])();
}

describe("the counter", () => {
  const v2 = "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n";
  const rows: readonly [string, Readonly<Record<string, string>>, number | undefined][] = [
    [
      "of our own group of version 2",
      {
        "/proc/self/cgroup": "0::/system.slice/gateway.service\n",
        "/sys/fs/cgroup/system.slice/gateway.service/memory.events": v2,
        "/proc/vmstat": "oom_kill 9\n",
      },
      2,
    ],
    [
      "of the root of a container",
      { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.events": v2 },
      2,
    ],
    [
      "of the root of a container whose group has the host's name",
      { "/proc/self/cgroup": "0::/docker/1a2b\n", "/sys/fs/cgroup/memory.events": v2 },
      2,
    ],
    [
      "of version 1",
      {
        "/proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/b\n0::/\n",
        "/sys/fs/cgroup/memory/b/memory.oom_control": "under_oom 0\noom_kill 4\n",
        "/proc/vmstat": "oom_kill 9\n",
      },
      4,
    ],
    [
      "of the machine, where no group counts",
      { "/proc/self/cgroup": "0::/\n", "/proc/vmstat": "nr_free_pages 1\noom_kill 9\n" },
      9,
    ],
    ["of nothing", {}, undefined],
  ];
  test.each(rows)("%s", (_, files, count) => {
    expect(countIn(files)).toBe(count);
  });
});

describe("a counted kill", () => {
  test("explains one end, and none that came without one", () => {
    let count = 5;
    const watch = new OomWatch(() => count);
    expect(watch.claim()).toBe(false);
    count = 7;
    expect([watch.claim(), watch.claim(), watch.claim()]).toEqual([true, true, false]);
  });

  test("that nobody claims is forgotten at the second look", () => {
    let count = 0;
    const watch = new OomWatch(() => count);
    count = 1;
    watch.forget();
    expect(watch.claim()).toBe(true);
    count = 2;
    watch.forget();
    watch.forget();
    expect(watch.claim()).toBe(false);
  });

  test("is never claimed where nothing counts", () => {
    const watch = new OomWatch(() => undefined);
    watch.forget();
    expect(watch.claim()).toBe(false);
  });
});
