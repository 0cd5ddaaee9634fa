/**
 * What the tests in test/system need of the machine, as one table. A test whose needs are not met
 * is named with what is missing and how to get it; it is neither passed nor failed. A test file
 * that has no row needs nothing.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

interface Need {
  /** In test/system. */
  readonly file: string;
  /** Programs on the PATH, each with the Debian package that brings it. */
  readonly programs: Readonly<Record<string, string>>;
  readonly isRootNeeded: boolean;
}

const folder = "test/system";

const needs: readonly Need[] = [];

/** The test files that can run here, and one line for each that cannot, with the reason. */
export function systemTestsFor(): {
  readonly files: readonly string[];
  readonly missing: readonly string[];
} {
  const present = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".test.ts"))
        .sort()
    : [];
  const verdicts = present.map((file) => ({ file, reasons: reasonsAgainst(file) }));
  return {
    files: verdicts
      .filter(({ reasons }) => reasons.length === 0)
      .map(({ file }) => `./${join(folder, file)}`),
    missing: verdicts
      .filter(({ reasons }) => reasons.length > 0)
      .map(({ file, reasons }) => `${file} cannot run here: ${reasons.join("; ")}`),
  };
}

/** The Debian packages that bring every program of the table. */
export function debianPackages(): readonly string[] {
  return [...new Set(needs.flatMap((need) => Object.values(need.programs)))];
}

function reasonsAgainst(file: string): readonly string[] {
  const need = needs.find((row) => row.file === file);
  if (need === undefined) return [];
  if (process.platform !== "linux") return ["it needs Linux"];
  const absent = Object.entries(need.programs)
    .filter(([program]) => Bun.which(program) === null)
    .map(([program, debianPackage]) => `${program} is missing (apt-get install ${debianPackage})`);
  return need.isRootNeeded && process.getuid?.() !== 0 ? [...absent, "it needs root"] : absent;
}

if (import.meta.main && process.argv[2] === "packages") console.log(debianPackages().join(" "));
