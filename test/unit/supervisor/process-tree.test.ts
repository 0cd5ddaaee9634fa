/** Who belongs to a child, on hand-made process tables. */
import { describe, expect, test } from "bun:test";
import {
  findTree,
  isRecycled,
  type ProcessEntry,
  type ProcessTable,
  parseStat,
} from "../../../src/supervisor/process-tree.ts";

/** pid, ppid, pgrp, session; started at ten times its pid. */
type Row = readonly [number, number, number, number];

function tableOf(...rows: readonly Row[]): ProcessTable {
  const entries = rows.map(([pid, ppid, pgrp, session]): ProcessEntry => ({
    pid,
    ppid,
    pgrp,
    session,
    state: "S",
    startTicks: pid * 10,
  }));
  return new Map(entries.map((entry) => [entry.pid, entry]));
}

const INIT: Row = [1, 0, 1, 1];
const SELF: Row = [50, 1, 40, 40];
const STRANGER: Row = [60, 1, 60, 60];
const LEADER = { pid: 100, startTicks: 1_000 };

interface Case {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly others?: readonly number[];
  readonly expected: readonly number[];
}

const cases: readonly Case[] = [
  { name: "the leader alone", rows: [[100, 50, 100, 100]], expected: [100] },
  {
    name: "its group and its descendants",
    rows: [
      [100, 50, 100, 100],
      [101, 100, 100, 100],
      [102, 101, 100, 100],
    ],
    expected: [100, 101, 102],
  },
  {
    name: "a grandchild with a session of its own, by its parent",
    rows: [
      [100, 50, 100, 100],
      [101, 100, 101, 101],
    ],
    expected: [100, 101],
  },
  {
    name: "an orphan in the group of a leader that is gone",
    rows: [[101, 50, 100, 100]],
    expected: [101],
  },
  {
    name: "an orphan in the session of a grandchild",
    rows: [
      [100, 50, 100, 100],
      [101, 100, 101, 101],
      [103, 50, 103, 101],
    ],
    expected: [100, 101, 103],
  },
  {
    name: "an orphan that is known otherwise, and what descends from it",
    rows: [
      [110, 50, 110, 110],
      [111, 110, 112, 110],
    ],
    others: [110],
    expected: [110, 111],
  },
  {
    name: "never ourselves, nor our session, when a member has come into it",
    rows: [
      [100, 50, 100, 100],
      [101, 100, 40, 40],
      [41, 1, 40, 40],
    ],
    expected: [100, 101],
  },
  { name: "nobody when all are gone", rows: [], expected: [] },
];

describe("findTree", () => {
  for (const { name, rows, others, expected } of cases) {
    test(name, () => {
      const table = tableOf(INIT, SELF, STRANGER, ...rows);
      const found = findTree({ table, leaders: [LEADER], others: others ?? [], spare: [50] });
      expect(found.map(({ pid }) => pid).sort((a, b) => a - b)).toEqual([...expected]);
    });
  }

  test("leaves a stranger alone that was given the leader's number", () => {
    const table = tableOf(INIT, SELF, [100, 1, 100, 100], [101, 100, 100, 100]);
    const leader = { pid: 100, startTicks: 999 };
    expect(isRecycled(table, leader)).toBe(true);
    expect(findTree({ table, leaders: [leader], others: [], spare: [50] })).toEqual([]);
  });
});

describe("parseStat", () => {
  const rest = "7 8 9 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
  const names = ["sh", "a b", "x) S 1 (y", "))) Z"];
  for (const name of names) {
    test(`reads a process whose name is ${JSON.stringify(name)}`, () => {
      expect(parseStat(`42 (${name}) S ${rest}\n`)).toEqual({
        pid: 42,
        state: "S",
        ppid: 7,
        pgrp: 8,
        session: 9,
        startTicks: 12_345,
      });
    });
  }
  test("refuses what is no such line", () => {
    for (const text of ["", "x", "42", "42 (sh)", "42 (sh) S 1 2"]) {
      expect(parseStat(text)).toBeUndefined();
    }
  });
});
