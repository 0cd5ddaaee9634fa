/**
 * Pure. Completions for shells, made from the same commands and options that `--help` shows.
 */

/** A command as commander knows it; only what is read here. */
export interface CommandShape {
  name(): string;
  description(): string;
  readonly commands: readonly CommandShape[];
  readonly options: readonly OptionShape[];
}

export interface OptionShape {
  readonly long?: string | undefined;
  readonly short?: string | undefined;
  readonly description: string;
  /** True when a value follows. */
  readonly required: boolean;
  readonly optional: boolean;
}

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

const DEFAULT = "serve";

interface Row {
  /** The words before, without the program's own name: "" or "deploy". */
  readonly path: string;
  readonly word: string;
  readonly description: string;
  readonly takesFile: boolean;
  readonly takesValue: boolean;
  readonly isOption: boolean;
}

/** The script for a shell; `source` it, or put it where the shell looks. */
export function completionScript(shell: Shell, program: CommandShape): string {
  const name = program.name();
  const all = rowsOf(program, "");
  // What runs without a command takes its options without one, too.
  const implied = all.filter(({ path, isOption }) => path === DEFAULT && isOption);
  const rows = [...all, ...implied.map((row) => ({ ...row, path: "" }))];
  switch (shell) {
    case "bash":
      return bash(name, rows);
    case "zsh":
      return zsh(name, rows);
    case "fish":
      return fish(name, rows);
  }
}

function rowsOf(command: CommandShape, path: string): readonly Row[] {
  const options = command.options.flatMap((option) =>
    [option.long, option.short]
      .filter((word): word is string => word !== undefined)
      .map((word) => ({
        path,
        word,
        description: option.description,
        takesFile: /file|folder|cert|key|config|out|into|build/.test(option.long ?? ""),
        takesValue: option.required || option.optional,
        isOption: true,
      })),
  );
  const commands = command.commands.flatMap((inner) => [
    {
      path,
      word: inner.name(),
      description: inner.description(),
      takesFile: false,
      takesValue: false,
      isOption: false,
    },
    ...rowsOf(inner, `${path} ${inner.name()}`.trim()),
  ]);
  return [...commands, ...options];
}

function paths(rows: readonly Row[]): readonly string[] {
  return [...new Set(rows.map(({ path }) => path))].sort((a, b) => b.length - a.length);
}

function wordsAt(rows: readonly Row[], path: string): string {
  return rows
    .filter((row) => row.path === path)
    .map(({ word }) => word)
    .join(" ");
}

function bash(name: string, rows: readonly Row[]): string {
  const cases = paths(rows).map((path) => `    "${path}") words="${wordsAt(rows, path)}" ;;`);
  const files = [...new Set(rows.filter(({ takesFile }) => takesFile).map(({ word }) => word))];
  const known = paths(rows).filter((path) => path !== "");
  return `# bash completion of ${name}
_${ident(name)}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${known.map((path) => `"${path}"`).join("|")}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$previous" in
    ${files.join("|")}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${ident(name)} ${name}
`;
}

function zsh(name: string, rows: readonly Row[]): string {
  const cases = paths(rows).map((path) => {
    const words = rows
      .filter((row) => row.path === path)
      .map(({ word, description }) => `'${word}:${description.replaceAll(/['\\:]/g, " ")}'`);
    return `    "${path}") items=(${words.join(" ")}) ;;`;
  });
  const known = paths(rows).filter((path) => path !== "");
  const files = [...new Set(rows.filter(({ takesFile }) => takesFile).map(({ word }) => word))];
  return `#compdef ${name}
_${ident(name)}() {
  local path_="" word
  local -a items
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${path_:+$path_ }$word" in
      ${known.map((path) => `"${path}"`).join("|")}) path_="\${path_:+$path_ }$word" ;;
    esac
  done
  case "\${words[CURRENT-1]}" in
    ${files.join("|")}) _files; return ;;
  esac
  case "$path_" in
${cases.join("\n")}
  esac
  _describe '${name}' items
}
compdef _${ident(name)} ${name}
`;
}

function fish(name: string, rows: readonly Row[]): string {
  const lines = rows.map(({ path, word, description, takesFile, takesValue, isOption }) => {
    const parts = path === "" ? [] : path.split(" ");
    const deeper = rows.filter((row) => !row.isOption && row.path === path).map((row) => row.word);
    const seen = parts.map((part) => `__fish_seen_subcommand_from ${part}`);
    const fresh =
      deeper.length === 0 ? [] : [`not __fish_seen_subcommand_from ${deeper.join(" ")}`];
    const condition = [...seen, ...fresh].join("; and ");
    const when = condition === "" ? "" : ` -n '${condition}'`;
    const flag = word.startsWith("--") ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`;
    const what = isOption ? flag : `-a ${word}`;
    const value = takesValue ? (takesFile ? "-r -F" : "-x") : "-f";
    return `complete -c ${name} ${value}${when} ${what} -d '${description.replaceAll(/['\\]/g, " ")}'`;
  });
  return `# fish completion of ${name}\n${lines.join("\n")}\n`;
}

function ident(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]/g, "_");
}
