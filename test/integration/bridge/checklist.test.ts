/**
 * The one-line tests of the protocol design that concern the modern era and the bridge are all
 * there, each found by its number at the start of a title.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const from = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);
const BRIDGE = [3, 4, ...from(10, 17), 22, ...from(27, 30), ...from(32, 57), 63, 64, 65, 67];

test("every number of the modern era and the bridge has a test", () => {
  const titles = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".test.ts"))
    .flatMap((name) => [
      ...readFileSync(join(import.meta.dirname, name), "utf8").matchAll(
        /^\s*test\(\s*["'`](\d+)\. /gm,
      ),
    ]);
  const numbers = new Set(titles.map(([, number]) => Number(number)));
  expect([...numbers].sort((a, b) => a - b)).toEqual(BRIDGE);
});
