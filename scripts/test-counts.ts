/**
 * Pure. Reads how many tests passed and failed out of what test programs write: a JUnit report of
 * `bun test`, or a last line `N passed, N failed`.
 */

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Counts of a JUnit report, or undefined when it is none. A skipped test counts as failed: no test
 * of this project is ever skipped.
 */
export function countsOfJunit(xml: string): Counts | undefined {
  const head = /<testsuites\b[^>]*>/.exec(xml)?.[0];
  if (head === undefined) return undefined;
  const total = attribute(head, "tests");
  const failed =
    attribute(head, "failures") + attribute(head, "errors") + attribute(head, "skipped");
  return { passed: Math.max(0, total - failed), failed };
}

/** Counts of the last line of the form `N passed, N failed`, or undefined when there is none. */
export function countsOfLastLine(text: string): Counts | undefined {
  const last = [...text.matchAll(/^(\d+) passed, (\d+) failed\s*$/gm)].at(-1);
  return last === undefined ? undefined : { passed: Number(last[1]), failed: Number(last[2]) };
}

function attribute(tag: string, name: string): number {
  return Number(new RegExp(`\\b${name}="(\\d+)"`).exec(tag)?.[1] ?? 0);
}
