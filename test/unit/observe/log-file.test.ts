/** One file of the log on a real disk: appended to, set aside by size, day and age, never torn. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LogFile } from "../../../src/observe/log-file.ts";

const NOON = Date.parse("2026-11-21T12:00:00Z");
const HOUR_MS = 3_600_000;

let folder = "";
let wallMs = NOON;
let file: LogFile;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "log-file-"));
  wallMs = NOON;
  file = open();
});
afterEach(async () => {
  await file.close();
  rmSync(folder, { recursive: true });
});

function open(more: { readonly maxBytes?: number; readonly retentionMs?: number } = {}): LogFile {
  const { maxBytes = 1_000_000, retentionMs = 1_000 * HOUR_MS } = more;
  return new LogFile({ folder, name: "system", maxBytes, retentionMs, wallMs: () => wallMs });
}

async function write(...lines: readonly string[]): Promise<void> {
  for (const line of lines) file.push(`${line}\n`);
  await file.flush();
}

/** Every file with its lines. */
function files(): Record<string, string[]> {
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), "utf8").split("\n").slice(0, -1)]),
  );
}

test("lines are appended, also to what an earlier run left", async () => {
  writeFileSync(join(folder, "system.log"), "2026-11-21T10:00:00.000Z before\n");
  await write("a", "b");
  await write("c");
  expect(files()).toEqual({ "system.log": ["2026-11-21T10:00:00.000Z before", "a", "b", "c"] });
});

describe("set aside", () => {
  test("by size: no file is larger, no line is torn or lost, numbers rise", async () => {
    file = open({ maxBytes: 10 });
    await write("aaaa", "bbbb", "cccc", "dddd", "eeee");
    await write("ffff");
    expect(files()).toEqual({
      "system-2026-11-21.1.log": ["aaaa", "bbbb"],
      "system-2026-11-21.2.log": ["cccc", "dddd"],
      "system.log": ["eeee", "ffff"],
    });
  });

  test("a line longer than the limit has a file of its own", async () => {
    file = open({ maxBytes: 10 });
    await write("a", "x".repeat(50), "b");
    expect(Object.values(files())).toEqual([["a"], ["x".repeat(50)], ["b"]]);
  });

  test("numbers go on after those of an earlier run, beyond ten and beyond gaps", async () => {
    file = open({ maxBytes: 5 });
    writeFileSync(join(folder, "system-2026-11-21.2.log"), "old\n");
    writeFileSync(join(folder, "system-2026-11-21.10.log"), "old\n");
    await write("aaaa", "bbbb");
    expect(files()["system-2026-11-21.11.log"]).toEqual(["aaaa"]);
  });

  test("by day, under the day of its first line", async () => {
    await write("a");
    wallMs += 13 * HOUR_MS;
    await write("b");
    expect(files()).toEqual({ "system-2026-11-21.1.log": ["a"], "system.log": ["b"] });
  });

  test("by day after a restart, as its first line tells, in either form", async () => {
    const first = '{"time":"2026-11-19T23:59:00.000Z","level":"INFO"}';
    writeFileSync(join(folder, "system.log"), `${first}\n`);
    await write("b");
    expect(files()).toEqual({ "system-2026-11-19.1.log": [first], "system.log": ["b"] });
  });

  test("when its first line is older than the retention, also when nobody writes", async () => {
    file = open({ retentionMs: HOUR_MS });
    await write("a");
    await file.tidy();
    expect(Object.keys(files())).toEqual(["system.log"]);
    wallMs += HOUR_MS + 1;
    await file.tidy();
    expect(Object.keys(files())).toEqual(["system-2026-11-21.1.log"]);
  });
});

describe("trouble", () => {
  test("a full disk is thrown, what waited but the newest line is lost and counted, and later lines are written", async () => {
    symlinkSync("/dev/full", join(folder, "system.log"));
    await expect(write("a", "b")).rejects.toThrow(/ENOSPC/);
    expect(file.takeLost()).toBe(1);
    unlinkSync(join(folder, "system.log"));
    await write("c");
    expect(file.takeLost()).toBe(0);
    expect(files()).toEqual({ "system.log": ["b", "c"] });
  });

  test("a file that somebody else has moved or removed is begun anew", async () => {
    await write("a");
    renameSync(join(folder, "system.log"), join(folder, "elsewhere"));
    await file.tidy();
    await write("b");
    expect(files()).toEqual({ elsewhere: ["a"], "system.log": ["b"] });
  });

  test("a slow disk costs lines, not memory", () => {
    const line = "x".repeat(1023);
    for (let count = 0; count < 3_000; count++) file.push(`${line}\n`);
    expect(file.takeLost()).toBeGreaterThan(1_900);
  });

  test("what others append in between stays", async () => {
    await write("a");
    appendFileSync(join(folder, "system.log"), "theirs\n");
    await write("b");
    expect(files()).toEqual({ "system.log": ["a", "theirs", "b"] });
  });
});
