/**
 * The counting of the test runner: a run that failed must never look like one that passed.
 */
import { describe, expect, test } from "bun:test";

import { countsOfJunit, countsOfLastLine } from "../../../scripts/test-counts.ts";

describe("counts of a JUnit report", () => {
  for (const [what, xml, expected] of [
    [
      "all passed",
      '<testsuites name="bun test" tests="3" failures="0" skipped="0">',
      { passed: 3, failed: 0 },
    ],
    ["some failed", '<testsuites tests="3" failures="2" skipped="0">', { passed: 1, failed: 2 }],
    [
      "a skipped one fails",
      '<testsuites tests="3" failures="0" skipped="1">',
      { passed: 2, failed: 1 },
    ],
    [
      "an error outside of a test",
      '<testsuites tests="1" failures="0" errors="2">',
      { passed: 0, failed: 2 },
    ],
    [
      "only the sum counts",
      '<testsuites tests="1" failures="1"><testsuite tests="9" failures="0">',
      { passed: 0, failed: 1 },
    ],
    ["no report", "", undefined],
    ["another text", "<html>", undefined],
  ] as const)
    test(what, () => {
      expect(countsOfJunit(xml)).toEqual(expected);
    });
});

describe("counts of the last line", () => {
  for (const [what, text, expected] of [
    ["one line", "30 passed, 0 failed\n", { passed: 30, failed: 0 }],
    ["the last of several", "1 passed, 0 failed\nx\n2 passed, 3 failed", { passed: 2, failed: 3 }],
    ["none", "ok\n", undefined],
    ["inside a sentence it does not count", "so 2 passed, 3 failed", undefined],
  ] as const)
    test(what, () => {
      expect(countsOfLastLine(text)).toEqual(expected);
    });
});
