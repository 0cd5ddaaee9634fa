/** What a release does to the changelog. */
import { expect, test } from "bun:test";
import { releaseChangelog } from "../../../scripts/release/changelog.ts";

const head = "# Changelog\n\n## [Unreleased]\n";

test("what was unreleased stands under the version, and Unreleased is empty", () => {
  const text = `${head}\n### Added\n\n- A thing.\n\n## [0.1.0] - 2026-01-01\n\n- Old.\n`;
  expect(releaseChangelog(text, "0.2.0", "2026-02-03")).toBe(
    `${head}\n## [0.2.0] - 2026-02-03\n\n### Added\n\n- A thing.\n\n## [0.1.0] - 2026-01-01\n\n- Old.\n`,
  );
});

test("the first release has nothing behind it", () => {
  expect(releaseChangelog(`${head}\n- A thing.\n`, "0.1.0", "2026-02-03")).toBe(
    `${head}\n## [0.1.0] - 2026-02-03\n\n- A thing.\n`,
  );
});

test.each([
  [`${head}\n## [0.1.0] - 2026-01-01\n`, "0.2.0", "nothing under Unreleased"],
  [`${head}\n- x\n\n## [0.2.0] - 2026-01-01\n`, "0.2.0", "has 0.2.0 already"],
  ["# Changelog\n", "0.2.0", "has no ## [Unreleased]"],
])("refuses %j", (text, version, message) => {
  expect(() => releaseChangelog(text, version, "2026-02-03")).toThrow(message);
});
