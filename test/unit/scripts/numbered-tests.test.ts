/** The table of numbered tests out of a JUnit report. */
import { expect, test } from "bun:test";
import { isMet, numberedTests, tableOf } from "../../../scripts/numbered-tests.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="6" failures="1" skipped="1">
  <testsuite name="a.test.ts">
    <testcase name="1. \`id: 0\` &amp; &quot;1&quot;" classname="a" time="0.1" assertions="1" />
    <testcase name="2. first" classname="a" time="0.1" />
    <testsuite name="2. of a group">
      <testcase name="2. second &lt;x&gt;" classname="a" time="0.1">
        <failure type="AssertionError" />
      </testcase>
    </testsuite>
    <testcase name="4. skipped" classname="a"><skipped /></testcase>
    <testcase name="no number" classname="a"><failure /></testcase>
    <testcase name="11. beyond" classname="a" />
  </testsuite>
</testsuites>`;

test("a number passes when it has cases and all of them pass", () => {
  const numbers = numberedTests(REPORT, 4);
  expect(numbers).toEqual([
    { number: 1, cases: 1, failed: [] },
    { number: 2, cases: 2, failed: ["2. second <x>"] },
    { number: 3, cases: 0, failed: [] },
    { number: 4, cases: 1, failed: ["4. skipped"] },
  ]);
  expect(numbers.map(isMet)).toEqual([true, false, false, false]);
});

test("the table names what failed and what is missing, and ends with the sum", () => {
  const lines = tableOf(numberedTests(REPORT, 4)).split("\n");
  expect(lines.at(-1)).toBe("1/4");
  expect(lines[0]).toBe("   1  pass    1 case");
  expect(lines[2]).toContain("2. second <x>");
  expect(lines[3]).toBe("   3  MISSING 0 cases");
});

test("no report at all is no pass", () => {
  expect(tableOf(numberedTests("", 2)).split("\n").at(-1)).toBe("0/2");
});
