/** A password that is typed on a terminal, or comes as the first line of a pipe. */
import { describe, expect, test } from "bun:test";
import { askPassword, type PasswordInput } from "../../../src/cli/ask-password.ts";

/** A terminal on which these keys are struck, one by one. */
class Terminal {
  readonly isTTY = true;
  readonly modes: boolean[] = [];
  readonly #keys: string;

  constructor(keys: string) {
    this.#keys = keys;
  }

  setRawMode(isRaw: boolean): this {
    this.modes.push(isRaw);
    return this;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (const byte of new TextEncoder().encode(this.#keys)) yield Uint8Array.of(byte);
  }
}

async function typed(keys: string): Promise<{ answer: string; shown: string; modes: boolean[] }> {
  const terminal = new Terminal(keys);
  let shown = "";
  const answer = await askPassword(terminal as unknown as PasswordInput, (text) => {
    shown += text;
  }).catch((error: unknown) => String(error));
  return { answer, shown, modes: terminal.modes };
}

async function* pipe(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield new TextEncoder().encode(chunk);
}

describe("on a terminal", () => {
  test("a password is asked for twice and never shown", async () => {
    const { answer, shown, modes } = await typed("geheim für ünser\rgeheim für ünser\r");
    expect(answer).toBe("geheim für ünser");
    expect(shown).toBe("New password: \nThe same again: \n");
    expect(modes).toEqual([true, false]);
  });

  test("backspace takes back a character, and Ctrl-U all of them", async () => {
    const { answer } = await typed("wrong\u0015righx\u007ft\rright\r");
    expect(answer).toBe("right");
  });

  for (const [what, keys] of [
    ["two that differ", "one\rother\r"],
    ["Ctrl-C", "one\u0003"],
    ["the end of the input", "one"],
  ] as const) {
    test(`${what} changes nothing, and the terminal is as before`, async () => {
      const { answer, modes } = await typed(keys);
      expect(answer).toContain("nothing was changed");
      expect(modes).toEqual([true, false]);
    });
  }
});

describe("from a pipe", () => {
  test("it is the first line, however it comes in parts", async () => {
    const nothing = (): void => undefined;
    expect(await askPassword(pipe("first ", "line\r\nsecond"), nothing)).toBe("first line");
    expect(await askPassword(pipe("no end"), nothing)).toBe("no end");
    const none = askPassword(pipe(), nothing);
    expect(await none.catch(String)).toContain("there is no password on stdin");
  });
});
