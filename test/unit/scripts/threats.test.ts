/** Rows of SECURITY.md against a report of tests: what is proved, has a reason, fails, or is missing. */
import { expect, test } from "bun:test";
import {
  isHeld,
  judgeThreats,
  numbersOf,
  threatCases,
  threatRows,
  threatTable,
} from "../../../scripts/threats.ts";

const table = `
| No. | Threat | Defence | Proof |
| --- | ------ | ------- | ----- |
| 1   | floods | caps | test |
| 2   | lies   | lists | test   |
| 3   | time   | hashes | Proves nothing here. |
| 4   | roots  | users | test |
`;

const report = `<testsuites><testsuite name="a.test.ts">
<testcase name="T1 a flood" /><testcase name="T1 T2 both &quot;kinds&quot;" ></testcase>
<testcase name="T10 is not T1" />
<testsuite name="T2 lies in a group"><testcase name="of one kind"><failure type="x" /></testcase></testsuite>
<testcase name="after the group" /></testsuite></testsuites>`;

test("titles and groups are read for numbers at their beginning only", () => {
  expect(numbersOf("T18 T32 no secret")).toEqual([18, 32]);
  expect(numbersOf("a T18")).toEqual([]);
  expect(threatCases(report)).toEqual([
    { numbers: [1], title: "T1 a flood", isPassed: true },
    { numbers: [1, 2], title: 'T1 T2 both "kinds"', isPassed: true },
    { numbers: [10], title: "T10 is not T1", isPassed: true },
    { numbers: [2], title: "of one kind", isPassed: false },
  ]);
});

test("a row is held by tests that pass, by a reason, or by tests that cannot run here", () => {
  const rows = threatRows(table);
  expect(rows.map(({ number, reason }) => [number, reason])).toEqual([
    [1, undefined],
    [2, undefined],
    [3, "Proves nothing here."],
    [4, undefined],
  ]);
  const verdicts = judgeThreats(rows, threatCases(report), []);
  expect(verdicts.map(isHeld)).toEqual([true, false, true, false]);
  const absent = [{ text: 'test("T40 x"); test("T4 y")', why: "b.test.ts needs root" }];
  expect(judgeThreats(rows, threatCases(report), absent).map(isHeld)).toEqual([
    true,
    false,
    true,
    true,
  ]);
  const text = threatTable(verdicts);
  expect(text).toMatch(/^ {2}T1 {2}ok .* 2 passed +floods$/m);
  expect(text).toMatch(/^ {2}T2 {2}FAILED .* lies\n +failed: of one kind$/m);
  expect(text).toMatch(/^ {2}T3 {2}ok .* time\n +reason: Proves nothing here\.$/m);
  expect(text).toMatch(/^ {2}T4 {2}MISSING/m);
  expect(text).toEndWith("3 tests; 1 rows proved, 1 with a reason, 2/4 held");
});
