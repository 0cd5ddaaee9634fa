/**
 * Pure. The variables that a config file names, so that a container can be given them.
 */

export interface Reference {
  readonly name: string;
  /** True when the file says what to take in its absence. */
  readonly hasDefault: boolean;
}

/** What the gateway itself puts in place. */
const BUILT_IN: ReadonlySet<string> = new Set(["SERVER_DATA"]);

/** `${NAME}` and `${NAME:-default}` of a text, each name once, in order; `$${` is none. */
export function referencesIn(text: string): readonly Reference[] {
  const found = new Map<string, Reference>();
  for (const [, escape = "", name = "", preset] of text.matchAll(
    /(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:-)|(?=\}))/g,
  )) {
    if (escape !== "" || BUILT_IN.has(name)) continue;
    const hasDefault = preset !== undefined && (found.get(name)?.hasDefault ?? true);
    found.set(name, { name, hasDefault });
  }
  return [...found.values()];
}
