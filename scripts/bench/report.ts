/**
 * Pure. Medians over rounds, ratios to the speed of light of the same run, and both as tables.
 */
import type { Numbers } from "./scenarios.ts";

export interface Measurement {
  readonly scenario: string;
  readonly binding: string;
  readonly contender: string;
  /** One entry a round. */
  readonly rounds: readonly Numbers[];
  /** Why it gave no figures. */
  readonly failure?: string;
}

/** The median of every figure over the rounds. */
export function mediansOf(rounds: readonly Numbers[]): Numbers {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const values = rounds.map((round) => round[name] ?? 0).sort((a, b) => a - b);
      const middle = (values.length - 1) / 2;
      return [name, ((values[Math.floor(middle)] ?? 0) + (values[Math.ceil(middle)] ?? 0)) / 2];
    }),
  );
}

/** Figure by figure, this contender's share of the speed of light's; undefined without either. */
export function ratiosOf(all: readonly Measurement[], of: Measurement): Numbers | undefined {
  const light = all.find(
    ({ scenario, binding, contender }) =>
      contender === "light" && scenario === of.scenario && binding === of.binding,
  );
  if (light === undefined || light.rounds.length === 0 || of.rounds.length === 0) return undefined;
  const [own, base] = [mediansOf(of.rounds), mediansOf(light.rounds)];
  return Object.fromEntries(
    Object.entries(own)
      .filter(([name]) => (base[name] ?? 0) > 0)
      .map(([name, value]) => [name, value / (base[name] ?? 1)]),
  );
}

/** A Markdown table for each scenario, contenders as rows. */
export function tableOf(all: readonly Measurement[]): string {
  const groups = new Map<string, Measurement[]>();
  for (const one of all) {
    const key = `${one.scenario} (${one.binding})`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups].map(([title, rows]) => groupTable(title, rows, all)).join("\n\n");
}

function groupTable(
  title: string,
  rows: readonly Measurement[],
  all: readonly Measurement[],
): string {
  const names = [...new Set(rows.flatMap(({ rounds }) => Object.keys(rounds[0] ?? {})))];
  const lines = rows.map((row) => {
    if (row.rounds.length === 0)
      return `| ${row.contender} | ${names.map(() => "–").join(" | ")} | ${row.failure ?? ""} |`;
    const medians = mediansOf(row.rounds);
    const ratios = ratiosOf(all, row) ?? {};
    const cells = names.map((name) => {
      const ratio = ratios[name];
      const share =
        ratio === undefined || row.contender === "light" ? "" : ` (${ratio.toFixed(2)})`;
      return `${rounded(medians[name] ?? 0)}${share}`;
    });
    return `| ${row.contender} | ${cells.join(" | ")} | ${row.failure ?? ""} |`;
  });
  const head = `| ${title} | ${names.join(" | ")} | |`;
  const rule = `|---|${names.map(() => "--:").join("|")}|---|`;
  return [head, rule, ...lines].join("\n");
}

function rounded(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
