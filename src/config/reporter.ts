/**
 * Pure. Collects the problems of one reading, each with its place in the document.
 */
import { memberOf, offsetOf, type ConfigDocument, type Member, type Place } from "./document.ts";
import { formatPath, problemOutsideFile } from "./problem.ts";
import type { ConfigCode, ConfigProblem, KeyPath, Severity } from "./problem.ts";

/** What a finding says beyond its path and message. */
export interface FindingDetail {
  /** What kind it is; a wrong value when it does not say. */
  readonly code?: ConfigCode | undefined;
  readonly hint?: string | undefined;
  /** The entry that it concerns alone. */
  readonly server?: string | undefined;
  /** Point to the key, not to its value. */
  readonly atKey?: boolean;
  /** The exact place, where the path does not lead to it (a key that is there twice). */
  readonly offset?: number;
}

/** Lists problems in the order of their discovery, at most `MAX_PROBLEMS`. */
export class Reporter {
  /** A file with more problems than these is of another kind altogether. */
  static readonly MAX_PROBLEMS = 1_000;
  readonly #document: ConfigDocument | undefined;
  readonly #file: string | undefined;
  readonly #problems: ConfigProblem[] = [];

  constructor(document?: ConfigDocument, file?: string) {
    this.#document = document;
    this.#file = file;
  }

  /** All problems so far. */
  get problems(): readonly ConfigProblem[] {
    return this.#problems;
  }

  /** Adds a problem of the value, or of the key, that `path` leads to. */
  report(severity: Severity, path: KeyPath, message: string, detail: FindingDetail = {}): void {
    const part = detail.atKey === true ? "key" : "value";
    const place =
      detail.offset === undefined
        ? this.placeOf(path, part)
        : this.#document?.placeOf(detail.offset);
    this.#add({
      severity,
      code: detail.code ?? "CONFIG_VALUE",
      path: formatPath(path),
      file: this.#file,
      line: place?.line,
      column: place?.column,
      message,
      hint: detail.hint,
      server: detail.server,
    });
  }

  /** Adds a problem of a flag or a variable. */
  reportOutside(
    severity: Severity,
    name: string,
    message: string,
    { code = "CONFIG_VALUE", hint }: Pick<FindingDetail, "code" | "hint"> = {},
  ): void {
    this.#add(problemOutsideFile(severity, name, message, { code, hint }));
  }

  /** The place of a key or its value, or of what holds it; undefined without a file. */
  placeOf(path: KeyPath, part: "key" | "value"): Place | undefined {
    return this.#document?.placeOf(offsetOf(this.#document.root, path, part));
  }

  /** True when an error of exactly this value is known already. */
  hasError(path: KeyPath): boolean {
    const text = formatPath(path);
    return this.#problems.some((known) => known.severity === "error" && known.path === text);
  }

  /** The line of a key in the file, if it is there. */
  lineOf(path: readonly string[]): number | undefined {
    let member: Member | undefined;
    let holder = this.#document?.root;
    for (const key of path) {
      member = memberOf(holder, key);
      holder = member?.value;
    }
    return member === undefined ? undefined : this.#document?.placeOf(member.keyOffset).line;
  }

  #add(problem: ConfigProblem): void {
    if (this.#problems.length < Reporter.MAX_PROBLEMS) this.#problems.push(problem);
  }
}
