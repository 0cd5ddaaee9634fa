/**
 * Pure. Splits a command line into words as a POSIX shell does, without being one: quotes and
 * backslashes count, nothing is expanded, no operator means anything.
 */
import { err, ok, type Result } from "../kernel/result.ts";

/** The words of `text`; the error says which quote was left open. */
export function splitShellWords(text: string): Result<readonly string[], string> {
  const words: string[] = [];
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    const next = text[index + 1];
    if (char === quote) {
      quote = undefined;
    } else if (char === "\\" && quote !== "'") {
      if (next === undefined) return err("it ends with a backslash");
      // Inside double quotes a backslash escapes only these (POSIX shell 2.2.3).
      const escapes = quote === undefined || '"\\$`\n'.includes(next);
      const text = escapes ? next : char + next;
      // An escaped line end joins two lines and is nothing by itself.
      word = next === "\n" && escapes ? word : (word ?? "") + text;
      index++;
    } else if (quote !== undefined) {
      word = (word ?? "") + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== undefined) return err(`a ${quote} is not closed`);
  if (word !== undefined) words.push(word);
  return ok(words);
}
