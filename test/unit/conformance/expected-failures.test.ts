/** The list of checks that may fail: what it may hold at all, and that nothing in it goes unread. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readExpectedFailures } from "../../conformance/expected-failures.ts";
import { isExtension, LEGS } from "../../conformance/legs.ts";

const legs = LEGS.map((leg) => leg.name);
const folder = join(import.meta.dirname, "..", "..", "conformance");
const committed = Bun.YAML.parse(readFileSync(join(folder, "expected-failures.yaml"), "utf8"));

/** No bridge can meet the first; a legacy server that does not ask cannot say the others. */
const MADE_UP_KEY = "input-required-result-basic-elicitation:sep-2322-elicitation-incomplete";
const UNDECLARED = [
  "server-stateless:sep-2575-server-rejects-undeclared-capability",
  "server-stateless:sep-2575-missing-capability-http-400",
];
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "2026-legacy-all": [MADE_UP_KEY],
  "2026-legacy-match": [MADE_UP_KEY, ...UNDECLARED],
};

describe("the list of the project", () => {
  const read = readExpectedFailures(committed, legs);

  test("holds nothing beyond what may be there at all", () => {
    const beyond = [...read].flatMap(([leg, entries]) =>
      entries
        .map(({ scenario, checkId }) => `${scenario}:${checkId}`)
        .filter((check) => ALLOWED[leg]?.includes(check) !== true),
    );
    expect(beyond).toEqual([]);
  });

  test("has no check twice in a leg", () => {
    for (const entries of read.values()) {
      const checks = entries.map(({ scenario, checkId }) => `${scenario}:${checkId}`);
      expect(new Set(checks).size).toBe(checks.length);
    }
  });
});

describe("a list", () => {
  const good = { check: "s:c", says: "no", reason: "because" };

  test("is read by legs", () => {
    const read = readExpectedFailures({ a: [good], b: [] }, ["a", "b", "c"]);
    const entry = { scenario: "s", checkId: "c", says: "no", reason: "because" };
    expect([...read]).toEqual([
      ["a", [entry]],
      ["b", []],
    ]);
  });

  const rows: readonly [string, unknown, string][] = [
    ["nothing", null, "no legs"],
    ["a list of its own", [good], "no legs"],
    ["a leg that is not there", { z: [good] }, "not there: z"],
    ["no list in a leg", { a: good }, "no list"],
    ["an entry without a reason", { a: [{ ...good, reason: " " }] }, 'no "reason"'],
    ["an entry without words", { a: [{ check: "s:c", reason: "so" }] }, 'no "says"'],
    ["an entry that is text", { a: ["s:c"] }, 'no "check"'],
    ["a whole scenario", { a: [{ ...good, check: "s" }] }, "not named scenario:check"],
    ["a check without a scenario", { a: [{ ...good, check: ":c" }] }, "not named scenario:check"],
  ];
  test.each(rows)("is refused with %s", (_, document, message) => {
    expect(() => readExpectedFailures(document, ["a"])).toThrow(message);
  });
});

describe("the legs", () => {
  test("have names of their own", () => {
    expect(new Set(legs).size).toBe(legs.length);
  });

  test.each([
    ["tasks-lifecycle", true],
    ["sep-2640-skills-manifest", true],
    ["sep-2164-resource-not-found", false],
    ["server-stateless", false],
    ["tools-list", false],
  ])("leave out extensions and nothing else: %s", (scenario, isLeftOut) => {
    expect(isExtension(scenario)).toBe(isLeftOut);
  });
});
