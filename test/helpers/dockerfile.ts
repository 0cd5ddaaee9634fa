/**
 * Reads a Dockerfile as far as ours goes: stages, their instructions, options and JSON forms.
 */

/** One instruction of a stage. */
export interface Instruction {
  readonly keyword: string;
  /** `--from=build` as `from: "build"`. */
  readonly options: Readonly<Record<string, string>>;
  /** Words, or the members of a JSON form. */
  readonly words: readonly string[];
}

/** A stage: what it starts from, and what is done to that. */
export interface Stage {
  readonly from: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** The stages in their order. */
export function parseDockerfile(text: string): readonly Stage[] {
  const lines = text
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n/g, " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const line of lines) {
    const instruction = parseInstruction(line);
    if (instruction.keyword === "FROM") {
      const [from = "", , name] = instruction.words;
      stages.push({ from, name, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push(instruction);
    }
  }
  return stages;
}

/** All instructions of a stage with this keyword. */
export function instructionsOf(stage: Stage | undefined, keyword: string): readonly Instruction[] {
  return stage?.instructions.filter((one) => one.keyword === keyword) ?? [];
}

/** The variables of all ENV instructions. */
export function environmentOf(stage: Stage | undefined): Readonly<Record<string, string>> {
  const pairs = instructionsOf(stage, "ENV").flatMap(({ words }) =>
    words.map((word): [string, string] => [word.replace(/=.*/, ""), word.replace(/^[^=]*=/, "")]),
  );
  return Object.fromEntries(pairs);
}

function parseInstruction(line: string): Instruction {
  const [, keyword = "", rest = ""] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
  const options: Record<string, string> = {};
  let words = rest;
  for (;;) {
    const [whole, name, value] = /^--([a-z-]+)=(\S+)\s+/.exec(words) ?? [];
    if (whole === undefined || name === undefined) break;
    options[name] = value ?? "";
    words = words.slice(whole.length);
  }
  // HEALTHCHECK has a word before its JSON form.
  const json = /^(?:CMD\s+)?(\[.*\])$/.exec(words)?.[1];
  return {
    keyword: keyword.toUpperCase(),
    options,
    words: json === undefined ? words.split(/\s+/) : (JSON.parse(json) as readonly string[]),
  };
}
