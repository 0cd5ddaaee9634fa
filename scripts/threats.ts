/**
 * Pure. The threats of SECURITY.md, each with a number, against the tests that prove its defence:
 * those whose title, or that of a group around it, has `T` and the number as its first words.
 */

/** How a row of the table wants to be proved. */
export interface ThreatRow {
  readonly number: number;
  readonly threat: string;
  /** Why there is no test; undefined where there must be one. */
  readonly reason: string | undefined;
}

/** A test case as a JUnit report has it. */
export interface ThreatCase {
  readonly numbers: readonly number[];
  readonly title: string;
  readonly isPassed: boolean;
}

/** How a row fared. */
export interface ThreatVerdict {
  readonly row: ThreatRow;
  readonly passed: number;
  /** Titles of what failed or was skipped. */
  readonly failed: readonly string[];
  /** Why tests of it could not run on this machine. */
  readonly absent: readonly string[];
}

/** Where a row's tests are, in files that cannot run here. */
export interface AbsentFile {
  readonly text: string;
  readonly why: string;
}

const ROW = /^\| (\d+) +\| (.+?) +\| .+? +\| (.+?) +\|$/gm;
/** `T18 T32 words …`: several rows may be proved at once. */
const NUMBERS = /^(?:T\d+ )+/;

/** The rows of the table, in its order. */
export function threatRows(markdown: string): readonly ThreatRow[] {
  return [...markdown.matchAll(ROW)].map(([, number, threat = "", proof = ""]) => ({
    number: Number(number),
    threat,
    reason: proof === "test" ? undefined : proof,
  }));
}

/** The numbers that a title begins with. */
export function numbersOf(title: string): readonly number[] {
  return (NUMBERS.exec(title)?.[0] ?? "")
    .split(" ")
    .filter(Boolean)
    .map((word) => Number(word.slice(1)));
}

/** The cases of a report of `bun test` that have a number, by their own title or a group's. */
export function threatCases(xml: string): readonly ThreatCase[] {
  const groups: string[] = [];
  const cases: ThreatCase[] = [];
  const tags = /<testsuite\b([^>]*)>|<\/testsuite>|<testcase\b([^>]*?)(\/>|>[\s\S]*?<\/testcase>)/g;
  for (const [tag, suite, attributes = "", rest = ""] of xml.matchAll(tags)) {
    if (tag === "</testsuite>") groups.pop();
    else if (suite !== undefined) groups.push(nameIn(suite));
    else {
      const title = nameIn(attributes);
      const numbers = [...groups, title].flatMap(numbersOf);
      const isPassed = !/<(?:failure|error|skipped)\b/.test(rest);
      if (numbers.length > 0) cases.push({ numbers, title, isPassed });
    }
  }
  return cases;
}

/** Judges every row. @param absent test files that cannot run on this machine */
export function judgeThreats(
  rows: readonly ThreatRow[],
  cases: readonly ThreatCase[],
  absent: readonly AbsentFile[],
): readonly ThreatVerdict[] {
  return rows.map((row) => {
    const own = cases.filter(({ numbers }) => numbers.includes(row.number));
    const mark = new RegExp(`["'\`](?:T\\d+ )*T${row.number} `);
    return {
      row,
      passed: own.filter(({ isPassed }) => isPassed).length,
      failed: own.filter(({ isPassed }) => !isPassed).map(({ title }) => title),
      absent: absent.filter(({ text }) => mark.test(text)).map(({ why }) => why),
    };
  });
}

/** True when nothing failed, and there is a proof, a reason, or a test that this machine cannot run. */
export function isHeld({ row, passed, failed, absent }: ThreatVerdict): boolean {
  return failed.length === 0 && (passed > 0 || row.reason !== undefined || absent.length > 0);
}

/** The table, one line a row, then the sum. */
export function threatTable(verdicts: readonly ThreatVerdict[]): string {
  const lines = verdicts.map((verdict) => {
    const { row, passed, failed, absent } = verdict;
    const number = `T${row.number}`.padStart(4);
    const details = [
      ...failed.map((title) => `failed: ${title}`),
      ...absent.map((why) => `not here: ${why}`),
      ...(row.reason === undefined ? [] : [`reason: ${row.reason}`]),
    ].map((detail) => `\n          ${detail}`);
    const count = `${passed} passed`.padEnd(11);
    const mark = isHeld(verdict) ? "ok     " : passed + failed.length === 0 ? "MISSING" : "FAILED ";
    return `${number}  ${mark}  ${count} ${row.threat}${details.join("")}`;
  });
  const proved = verdicts.filter(({ passed, failed }) => passed > 0 && failed.length === 0).length;
  const reasoned = verdicts.filter(({ row, passed }) => passed === 0 && row.reason !== undefined);
  const held = verdicts.filter(isHeld).length;
  const tests = verdicts.reduce((sum, { passed }) => sum + passed, 0);
  return [
    ...lines,
    `${tests} tests; ${proved} rows proved, ${reasoned.length} with a reason, ${held}/${verdicts.length} held`,
  ].join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'" };

function nameIn(attributes: string): string {
  const name = /\bname="([^"]*)"/.exec(attributes)?.[1] ?? "";
  return name
    .replace(/&(lt|gt|quot|apos);/g, (_, entity: string) => ENTITIES[entity] ?? "")
    .replaceAll("&amp;", "&");
}
