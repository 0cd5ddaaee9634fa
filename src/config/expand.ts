/**
 * Pure. Expansion of `${…}` in the strings of a config file, from values that are handed in.
 *
 * `${VAR}`, `${VAR:-default}` (the default when VAR is unset or empty, as in a shell),
 * `${file:PATH}` (the content of a file, line ends at its end removed), `${credential:NAME}`
 * (the same of what systemd handed over) and, in a server entry, `${SERVER_DATA}` (a folder of its
 * own). `$${` is a plain `${`. The parts nest.
 */
import { err, ok, type Result } from "../kernel/result.ts";
import { credentialFile } from "./places.ts";
import type { ConfigCode } from "./problem.ts";

/** Where values come from. */
export interface ExpansionSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The content of a file, or why there is none, as the end of a sentence ("does not exist"). */
  readonly readFile: (path: string) => Result<string, string>;
  /** What `${SERVER_DATA}` is; undefined outside a server entry. */
  readonly serverData: string | undefined;
}

/** A string after expansion. */
export interface Expanded {
  readonly text: string;
  /** Contents of files that are in it now: secrets, as a rule. */
  readonly fileContents: readonly string[];
  readonly usesServerData: boolean;
}

/** Why a string cannot be expanded: the end of a sentence, and what to do. */
export interface ExpansionFailure {
  readonly code: ConfigCode;
  readonly message: string;
  readonly hint: string;
}

/** Deeper nesting of `${…}` is a mistake. */
const MAX_DEPTH = 8;

const NOTHING = { fileContents: [], usesServerData: false };

/** Expands one string; the failure names the variable or the file. */
export function expandText(
  text: string,
  sources: ExpansionSources,
): Result<Expanded, ExpansionFailure> {
  return text.includes("${") ? expandAt(text, sources, 0) : ok({ ...NOTHING, text });
}

function expandAt(
  text: string,
  sources: ExpansionSources,
  depth: number,
): Result<Expanded, ExpansionFailure> {
  if (depth > MAX_DEPTH)
    return err({
      code: "CONFIG_VARIABLE",
      message: "nests ${…} too deeply",
      hint: "Use fewer levels.",
    });
  const fileContents: string[] = [];
  let usesServerData = false;
  let result = "";
  let index = 0;
  while (index < text.length) {
    if (text.startsWith("$${", index)) {
      result += "${";
      index += 3;
    } else if (text.startsWith("${", index)) {
      const end = closingBrace(text, index + 2);
      if (end === undefined) {
        return err({
          code: "CONFIG_VARIABLE",
          message: "has a ${ without its }",
          hint: "Write $${ for a plain ${.",
        });
      }
      const part = expandReference(text.slice(index + 2, end), sources, depth + 1);
      if (!part.ok) return part;
      result += part.value.text;
      fileContents.push(...part.value.fileContents);
      usesServerData ||= part.value.usesServerData;
      index = end + 1;
    } else {
      result += text.charAt(index);
      index++;
    }
  }
  return ok({ text: result, fileContents, usesServerData });
}

function expandReference(
  reference: string,
  sources: ExpansionSources,
  depth: number,
): Result<Expanded, ExpansionFailure> {
  if (reference.startsWith("file:")) {
    const path = expandAt(reference.slice(5), sources, depth);
    return path.ok ? expandFile(path.value, sources) : path;
  }
  if (reference.startsWith("credential:")) return expandCredential(reference.slice(11), sources);
  const [, name, operator, preset] = /^([A-Za-z_][A-Za-z0-9_]*)(:-)?([^]*)$/.exec(reference) ?? [];
  if (name === undefined || (operator === undefined && preset !== ""))
    return err(unreadable(reference));
  if (name === "SERVER_DATA") return expandServerData(sources);
  const value = sources.env[name];
  if (operator !== undefined && (value === undefined || value === "")) {
    return expandAt(preset ?? "", sources, depth);
  }
  if (value !== undefined) return ok({ ...NOTHING, text: value });
  return err({
    code: "CONFIG_VARIABLE",
    message: `needs the variable ${name}, which is not set`,
    hint: `Set ${name} in the gateway's environment, or write \${${name}:-default}.`,
  });
}

function expandFile(path: Expanded, sources: ExpansionSources): Result<Expanded, ExpansionFailure> {
  const content = sources.readFile(path.text);
  if (!content.ok) {
    return err({
      code: "CONFIG_FILE_MISSING",
      message: `needs the file ${path.text}, which ${content.error}`,
      hint: "Relative paths start at the gateway's working folder.",
    });
  }
  const text = content.value.replace(/[\r\n]+$/, "");
  return ok({ text, fileContents: [text], usesServerData: path.usesServerData });
}

/** What systemd handed to the service under that name (`LoadCredential=`). */
function expandCredential(
  name: string,
  sources: ExpansionSources,
): Result<Expanded, ExpansionFailure> {
  const path = /^(?!\.+$)[\w.@-]+$/.test(name) ? credentialFile(sources.env, name) : undefined;
  if (path !== undefined) return expandFile({ ...NOTHING, text: path }, sources);
  return err({
    code: "CONFIG_FILE_MISSING",
    message: `needs the credential ${name}, and CREDENTIALS_DIRECTORY is not set`,
    hint: `Give it to the service: LoadCredential=${name}:/path/of/the/file. Elsewhere write \${file:PATH}.`,
  });
}

function expandServerData({ serverData }: ExpansionSources): Result<Expanded, ExpansionFailure> {
  if (serverData !== undefined)
    return ok({ text: serverData, fileContents: [], usesServerData: true });
  return err({
    code: "CONFIG_VARIABLE",
    message: "uses ${SERVER_DATA}, which only servers have",
    hint: "Write a path, or move it to the entry of a server.",
  });
}

function unreadable(reference: string): ExpansionFailure {
  const inner = /^env:(\w+)$/.exec(reference)?.[1];
  return {
    code: "CONFIG_VARIABLE",
    message: `holds \${${reference}}, which means nothing here`,
    hint:
      inner === undefined
        ? "Write ${NAME}, ${NAME:-default}, ${file:PATH} or ${credential:NAME}; $${ is a plain ${."
        : `Write \${${inner}}.`,
  };
}

function closingBrace(text: string, from: number): number | undefined {
  let open = 1;
  for (let index = from; index < text.length; index++) {
    if (text.startsWith("${", index)) open++;
    else if (text[index] === "}") open--;
    if (open === 0) return index;
  }
  return undefined;
}
