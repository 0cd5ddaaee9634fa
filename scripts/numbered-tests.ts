/**
 * Pure. Reads out of a JUnit report of `bun test` how the numbered one-line tests of the protocol
 * design fared: those whose title begins with a number and a full stop. A number may have several
 * cases; it passes when there is one and all of them pass.
 */

/** How one number fared. */
export interface Numbered {
  readonly number: number;
  readonly cases: number;
  /** Titles of the cases that failed or were skipped. */
  readonly failed: readonly string[];
}

/** The numbers from 1 to `last`, each with what the report says of it. */
export function numberedTests(xml: string, last: number): readonly Numbered[] {
  const cases = [...xml.matchAll(/<testcase\b([^>]*?)(\/>|>[\s\S]*?<\/testcase>)/g)].flatMap(
    ([, attributes = "", rest = ""]) => {
      const title = plain(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "");
      const number = /^(\d+)\. /.exec(title)?.[1];
      const isPassed = !/<(?:failure|error|skipped)\b/.test(rest);
      return number === undefined ? [] : [{ number: Number(number), title, isPassed }];
    },
  );
  return Array.from({ length: last }, (_, index) => {
    const own = cases.filter(({ number }) => number === index + 1);
    const failed = own.filter(({ isPassed }) => !isPassed).map(({ title }) => title);
    return { number: index + 1, cases: own.length, failed };
  });
}

/** True when there is a test of the number and none of it failed. */
export function isMet({ cases, failed }: Numbered): boolean {
  return cases > 0 && failed.length === 0;
}

/** The table, one line a number, and the sum as the last line: `68/68`. */
export function tableOf(numbers: readonly Numbered[]): string {
  const lines = numbers.map((one) => {
    const { number, cases, failed } = one;
    const verdict = isMet(one) ? "pass" : cases === 0 ? "MISSING" : "FAIL";
    const detail = failed.map((title) => `\n          ${title}`).join("");
    return `${String(number).padStart(4)}  ${verdict.padEnd(8)}${cases} ${cases === 1 ? "case" : "cases"}${detail}`;
  });
  return [...lines, `${numbers.filter(isMet).length}/${numbers.length}`].join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'" };

function plain(text: string): string {
  return text
    .replace(/&(lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&amp;", "&");
}
