/** The table of revisions: one row for each, every trait from its specification. */
import { describe, expect, test } from "bun:test";
import {
  ASSUMED_REVISION,
  isLegacy,
  LATEST_LEGACY,
  legacyRevisions,
  namesModernEra,
  negotiateLegacy,
  traitsOf,
} from "../../../src/wire/revision.ts";

describe("traits", () => {
  const rows: readonly [string, "legacy" | "modern", boolean, boolean, boolean][] = [
    // revision, era, batches, priming event, elicitation in URL mode
    ["2024-10-07", "legacy", false, false, false],
    ["2024-11-05", "legacy", false, false, false],
    ["2025-03-26", "legacy", true, false, false],
    ["2025-06-18", "legacy", false, false, false],
    ["2025-11-25", "legacy", false, true, true],
    ["2026-07-28", "modern", false, false, true],
  ];
  for (const [revision, era, batches, primingEvent, urlElicitation] of rows) {
    test(revision, () => {
      expect(traitsOf(revision)).toEqual({ revision, era, batches, primingEvent, urlElicitation });
    });
  }
  test("unknown revisions have none", () => {
    for (const revision of ["", "2025-01-01", "2099-01-01", "latest"]) {
      expect(traitsOf(revision)).toBeUndefined();
    }
  });
});

describe("eras", () => {
  const rows: readonly [revision: string, legacy: boolean, modern: boolean][] = [
    ["2024-11-05", true, false],
    ["2025-11-25", true, false],
    ["2026-01-01", false, false],
    ["2026-07-27", false, false],
    ["2026-07-28", false, true],
    ["2031-02-03", false, true],
    ["DRAFT-2026-v1", false, false],
    ["2026-07-28 ", false, false],
    ["", false, false],
  ];
  for (const [revision, legacy, modern] of rows) {
    test(JSON.stringify(revision), () => {
      expect([isLegacy(revision), namesModernEra(revision)]).toEqual([legacy, modern]);
    });
  }
});

describe("negotiation", () => {
  const rows: readonly [requested: string | undefined, told: string][] = [
    ["2024-11-05", "2024-11-05"],
    ["2025-03-26", "2025-03-26"],
    ["2025-11-25", "2025-11-25"],
    ["2026-07-28", LATEST_LEGACY],
    ["1999-01-01", LATEST_LEGACY],
    [undefined, LATEST_LEGACY],
  ];
  for (const [requested, told] of rows) {
    test(`${requested} is told ${told}`, () => {
      expect(negotiateLegacy(requested)).toBe(told);
    });
  }
  test("the list is in order and ends with the latest", () => {
    expect(legacyRevisions()).toEqual([...legacyRevisions()].sort());
    expect(legacyRevisions().at(-1)).toBe(LATEST_LEGACY);
    expect(isLegacy(ASSUMED_REVISION)).toBe(true);
  });
});
