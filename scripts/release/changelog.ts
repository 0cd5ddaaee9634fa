/**
 * Pure. What a release does to CHANGELOG.md.
 */

const HEADING = "## [Unreleased]";

/**
 * The text with everything under Unreleased moved under the version.
 * @throws Error when there is nothing to release or the version is there already
 */
export function releaseChangelog(text: string, version: string, date: string): string {
  if (text.includes(`## [${version}]`)) throw new Error(`CHANGELOG.md has ${version} already`);
  const start = text.indexOf(HEADING);
  if (start < 0) throw new Error(`CHANGELOG.md has no ${HEADING}`);
  const bodyStart = start + HEADING.length;
  const next = text.indexOf("\n## [", bodyStart);
  const body = text.slice(bodyStart, next < 0 ? undefined : next).trim();
  if (body === "") throw new Error("CHANGELOG.md has nothing under Unreleased");
  const rest = next < 0 ? "" : `\n${text.slice(next + 1)}`;
  return `${text.slice(0, bodyStart)}\n\n## [${version}] - ${date}\n\n${body}\n${rest}`;
}
