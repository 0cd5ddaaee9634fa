/** The text of /proc/<pid>/status. */
import { expect, test } from "bun:test";
import { parseStatus } from "../../../src/supervisor/process-numbers.ts";

const STATUS = `Name:\tweird: (name)
Umask:\t0022
State:\tS (sleeping)
PPid:\t41
VmPeak:\t  999999 kB
VmSize:\t    2048 kB
VmRSS:\t     512 kB
Threads:\t11
`;

test("is read whatever the program is called", () => {
  expect(parseStatus(STATUS)).toEqual({
    name: "weird: (name)",
    ppid: 41,
    residentBytes: 512 * 1024,
    virtualBytes: 2048 * 1024,
    threads: 11,
  });
});

test("of a zombie is none", () => {
  expect(parseStatus("Name:\tsh\nState:\tZ (zombie)\nPPid:\t1\nThreads:\t1\n")).toBeUndefined();
});
