/**
 * A strict reader of the Prometheus text format 0.0.4, by its grammar: what a scraper would stumble
 * over is an error here. Nothing of the program under test, and nothing of the library that it uses.
 */

/** One series and its value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all its series. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const TYPES = new Set(["counter", "gauge", "histogram", "summary", "untyped"]);
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const PAIR = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;

/** Reads a whole exposition. @throws Error with the line that is wrong */
export function parsePrometheus(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, Family & { samples: Sample[] }>();
  const seen = new Set<string>();
  let help: { readonly name: string; readonly text: string } | undefined;
  let family: (Family & { samples: Sample[] }) | undefined;
  for (const line of text.split("\n").slice(0, -1)) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    if (line === "") continue;
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (word === "HELP") {
      if (!NAME.test(name)) fail("no name of a metric");
      help = { name, text: rest };
      continue;
    }
    if (word === "TYPE") {
      if (help?.name !== name) fail("TYPE without its HELP");
      if (!TYPES.has(rest)) fail("no type");
      if (families.has(name)) fail("a metric that was there before");
      if ((rest === "counter") !== name.endsWith("_total"))
        fail("counters, and they, end in _total");
      family = { name, type: rest, help: help?.text ?? "", samples: [] };
      families.set(name, family);
      continue;
    }
    if (line.startsWith("#")) fail("no comment of the format");
    const [, series = "", labelText = "", number = ""] = SAMPLE.exec(line) ?? fail("no sample");
    const sample = { name: series, labels: readLabels(labelText, fail), value: valueOf(number) };
    if (Number.isNaN(sample.value) && number !== "NaN") fail("no number");
    const suffix = family === undefined ? undefined : series.slice(family.name.length);
    const isHistogram = family?.type === "histogram";
    const isOwn = isHistogram
      ? ["_bucket", "_sum", "_count"].includes(suffix ?? "")
      : suffix === "";
    if (family === undefined || !series.startsWith(family.name) || !isOwn)
      fail("a sample outside its metric");
    const key = JSON.stringify([series, Object.entries(sample.labels).sort()]);
    if (seen.has(key)) fail("a series that was there before");
    seen.add(key);
    family?.samples.push(sample);
  }
  for (const one of families.values()) if (one.type === "histogram") checkHistogram(one);
  return families;
}

function readLabels(text: string, fail: (why: string) => never): Record<string, string> {
  const labels: Record<string, string> = {};
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < text.length) {
    const pair = PAIR.exec(text);
    const [, name = "", value = ""] = pair ?? fail("no label");
    if (!LABEL.test(name) || name in labels) fail("a wrong or doubled label");
    labels[name] = value;
  }
  return labels;
}

function valueOf(text: string): number {
  if (text === "+Inf") return Infinity;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

/** Buckets rise, end with +Inf, and agree with the count. */
function checkHistogram({ name, samples }: Family): void {
  const groups = new Map<string, { bounds: number[]; counts: number[]; count?: number }>();
  for (const { name: series, labels, value } of samples) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(Object.entries(rest).sort());
    const group = groups.get(key) ?? { bounds: [], counts: [] };
    groups.set(key, group);
    if (series === `${name}_count`) group.count = value;
    if (series !== `${name}_bucket`) continue;
    group.bounds.push(valueOf(le ?? ""));
    group.counts.push(value);
  }
  for (const [key, { bounds, counts, count }] of groups) {
    const rises = (all: readonly number[], strictly: boolean): boolean =>
      all.every((one, at) => at === 0 || one - (all[at - 1] ?? 0) > (strictly ? 0 : -1e-9));
    const isGood =
      rises(bounds, true) &&
      rises(counts, false) &&
      bounds.at(-1) === Infinity &&
      counts.at(-1) === count;
    if (!isGood) throw new Error(`${name}${key} is no histogram`);
  }
}

/** The value of one series; undefined when it is not there. */
export function valueIn(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels);
  const all = [...families.values()].flatMap(({ samples }) => samples);
  return all.find(
    (sample) =>
      sample.name === name &&
      wanted.length === Object.keys(sample.labels).length &&
      wanted.every(([key, value]) => sample.labels[key] === value),
  )?.value;
}
