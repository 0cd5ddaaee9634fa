/**
 * Pure. Picks each setting from its sources, in their order of rank, and remembers where it was found.
 */
import type { ProxyBlock } from "./schema.ts";
import { variable, type Environment, type Flags, type Variable } from "./settings.ts";
import type { Reporter } from "./reporter.ts";
import type { Judge } from "./scalars.ts";

/** Where a setting came from, for `check --verbose`. */
export interface Provenance {
  /** As in the block `proxy`: `port`, `limits.maxSessions`. */
  readonly setting: string;
  readonly value: string;
  /** `--port`, `PORT`, `config.json:12` or `default`. */
  readonly from: string;
}

/** A value and the name of its source. */
export interface Found<Value> {
  readonly value: Value;
  readonly from: string;
}

/** The sources of one setting. */
export interface Sources<Value> {
  /** Its key in the block `proxy`. */
  readonly key: string;
  readonly flag?: Found<string | undefined>;
  readonly variable?: Variable;
  /** For the texts of flag and variable; what the file says was judged by the schema. */
  readonly judge: Judge<Value>;
  readonly fromFile: Value | undefined;
  readonly fallback: () => Found<Value>;
  /** The value as people write it. */
  readonly show?: (value: Value) => string;
}

/** What a picker is built with. */
export interface PickerOptions {
  readonly env: Environment;
  /** Where `proxy` stands, for provenance. */
  readonly fileName: string;
  readonly reporter: Reporter;
}

/** What all settings are resolved from. */
export interface SettingsInput extends PickerOptions {
  readonly flags: Flags;
  readonly proxy: ProxyBlock;
  /** Absolute. */
  readonly workingFolder: string;
  /** The user's home, if there is one. */
  readonly homeFolder: string | undefined;
  /** The folder where a service without a home keeps files of its log, if somebody made it. */
  readonly serviceLogDir?: string | undefined;
}

/** A fallback that is always the same. */
export function preset<Value>(value: Value): () => Found<Value> {
  return () => ({ value, from: "default" });
}

/** `config.json:12`, or `default` when the key is not in the file. */
export function placeInFile(
  { reporter, fileName }: Omit<PickerOptions, "env">,
  path: readonly string[],
): string {
  const line = reporter.lineOf(["proxy", ...path]);
  return line === undefined ? "default" : `${fileName}:${line}`;
}

/** Flags beat environment beat file beat default; a wrong text is reported and passed over. */
export class SettingPicker {
  readonly #options: PickerOptions;
  readonly #provenance: Provenance[] = [];

  constructor(options: PickerOptions) {
    this.#options = options;
  }

  /** Where every picked value came from, in the order of picking. */
  get provenance(): readonly Provenance[] {
    return this.#provenance;
  }

  /** The value of the first source that has a good one. */
  pick<Value>(sources: Sources<Value>): Value {
    const { value, from } = this.#find(sources) ?? sources.fallback();
    if (value !== undefined) {
      this.note(sources.key, (sources.show ?? String)(value) || "none", from);
    }
    return value;
  }

  /** Remembers the origin of a value that was not picked here. */
  note(setting: string, value: string, from: string): void {
    this.#provenance.push({ setting, value, from });
  }

  #find<Value>(sources: Sources<Value>): Found<Value> | undefined {
    const { env, reporter } = this.#options;
    const name = sources.variable;
    const texts = [
      sources.flag,
      name === undefined ? undefined : { from: name, value: variable(env, name) },
    ];
    for (const text of texts) {
      if (text?.value === undefined) continue;
      const judgement = sources.judge(text.value);
      if (judgement.ok) return { value: judgement.value, from: text.from };
      reporter.reportOutside("error", text.from, judgement.error);
    }
    if (sources.fromFile === undefined) return undefined;
    return { value: sources.fromFile, from: placeInFile(this.#options, [sources.key]) };
  }
}
