/**
 * The one-line tests of the protocol design that concern the legacy eras are all there, each found
 * by its number at the start of a title.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LEGACY = [
  1, 2, 5, 6, 7, 8, 9, 18, 19, 20, 21, 23, 24, 25, 26, 31, 58, 59, 60, 61, 62, 66, 68,
];

test("every number of the legacy eras has a test", () => {
  const titles = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".test.ts"))
    .flatMap((name) => [
      ...readFileSync(join(import.meta.dirname, name), "utf8").matchAll(
        /^\s*test\(\s*["'](\d+)\. /gm,
      ),
    ]);
  const numbers = new Set(titles.map(([, number]) => Number(number)));
  expect([...numbers].sort((a, b) => a - b)).toEqual(LEGACY);
});
