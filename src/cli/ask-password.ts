/**
 * Asks for a password: on a terminal without showing it, else the first line of stdin.
 *
 * Waits for a person as long as the person takes; whatever sends a signal ends it.
 */
import type { ReadStream } from "node:tty";
import { EXIT } from "./exit-codes.ts";
import { CommandFailure } from "./failure.ts";

const MAX_CHARACTERS = 4096;

/** What is read from. */
export type PasswordInput = AsyncIterable<Uint8Array | string> &
  Partial<Pick<ReadStream, "isTTY" | "setRawMode">>;

/** The password, typed twice on a terminal. @throws CommandFailure when it is not given */
export async function askPassword(
  input: PasswordInput,
  prompt: (text: string) => void,
): Promise<string> {
  if (input.isTTY !== true || input.setRawMode === undefined) return firstLine(input);
  const keys = keysOf(input);
  input.setRawMode(true);
  try {
    prompt("New password: ");
    const first = await typedLine(keys, prompt);
    prompt("The same again: ");
    if (first === (await typedLine(keys, prompt))) return first;
  } finally {
    input.setRawMode(false);
  }
  throw new CommandFailure("PASSWORD_REFUSED", "the two are not the same: nothing was changed");
}

async function firstLine(input: PasswordInput): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of input) {
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    if (text.includes("\n") || text.length > MAX_CHARACTERS) break;
  }
  const line = text.split(/\r?\n/)[0] ?? "";
  if (line === "")
    throw new CommandFailure("PASSWORD_REFUSED", "there is no password on stdin", EXIT.usage);
  return line;
}

async function* keysOf(input: PasswordInput): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  for await (const chunk of input) {
    yield* typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  }
}

async function typedLine(
  keys: AsyncGenerator<string, undefined>,
  prompt: (text: string) => void,
): Promise<string> {
  let typed: string[] = [];
  for (;;) {
    const { value: key } = await keys.next();
    // The end of input, Ctrl-C and Ctrl-D.
    if (key === undefined || key === "\u0003" || key === "\u0004") {
      prompt("\n");
      throw new CommandFailure("PASSWORD_REFUSED", "stopped: nothing was changed");
    }
    if (key === "\r" || key === "\n") {
      prompt("\n");
      return typed.join("");
    }
    // Backspace, and Ctrl-U for all.
    if (key === "\u007f" || key === "\b") typed.pop();
    else if (key === "\u0015") typed = [];
    else if (key >= " " && typed.length < MAX_CHARACTERS) typed.push(key);
  }
}
