/**
 * Turns what one child writes on stdout into messages.
 *
 * Owns the unfinished line. What is no JSON-RPC message is noise: counted, shown and skipped, never
 * repaired. A line that is clearly an answer but broken or too long is reported with its id, so
 * that its caller is told instead of left waiting.
 */
import type { Incarnation } from "../supervisor/model.ts";
import { INVALID_REQUEST } from "../wire/error-codes.ts";
import { arrayElements, skipSpace } from "../wire/json-scan.ts";
import { CHECKED_BYTES, isJson, parseMessage, plainText, type Message } from "../wire/message.ts";
import { LineSplitter } from "../wire/ndjson.ts";
import { readShort } from "../wire/short-message.ts";
import { flattenLineBreaks } from "../wire/splice.ts";
import type { NoiseMeter } from "./noise-meter.ts";
import { idInEnds } from "./over-long-line.ts";

export interface LineReaderOptions {
  readonly maxLineBytes: number;
  readonly maxJsonDepth: number;
  readonly onMessage: (message: Message) => void;
  /** An answer to our request `id` that cannot be relayed, and why. */
  readonly onBrokenAnswer: (id: number, why: string) => void;
  /** Takes what is no message, and slows down a child that writes nothing else. */
  readonly noise: NoiseMeter;
}

/** Where every known SDK writes the id of an answer. */
const END_BYTES = 4096;

/** Reads the incarnation's stdout from now on. */
export function readLines(incarnation: Incarnation, options: LineReaderOptions): void {
  const splitter = new LineSplitter(options.maxLineBytes, {
    line: (bytes) => readLine(bytes, options),
    tooLong: (head, tail, size) => {
      options.noise.line(head);
      const id = idInEnds(head, tail);
      if (id === undefined) return;
      options.onBrokenAnswer(
        id,
        `${size} bytes; the limit is ${options.maxLineBytes} (maxLineBytes)`,
      );
    },
  });
  incarnation.onStdout = (chunk) => options.noise.chunk(() => splitter.push(chunk));
  incarnation.onStdoutEnd = () => {
    splitter.end();
    options.noise.flush();
  };
}

function readLine(bytes: Uint8Array, options: LineReaderOptions): void {
  // 2025-03-26 lets a server write a batch as one line.
  const elements = bytes[0] === 0x5b ? arrayElements(bytes, 0, options.maxJsonDepth) : undefined;
  if (elements === undefined) return readMessage(bytes, options);
  for (const element of elements) readMessage(bytes.subarray(element.start, element.end), options);
}

const OPENING_BRACE = 0x7b;
const OPENING_BRACKET = 0x5b;

function readMessage(bytes: Uint8Array, options: LineReaderOptions): void {
  // Most noise is words; that they are no message takes no parser to say.
  const first = bytes[skipSpace(bytes, 0)];
  if (first !== OPENING_BRACE && first !== OPENING_BRACKET) {
    options.noise.line(bytes);
    return;
  }
  const text = plainText(bytes);
  const short = text === undefined ? undefined : readShort(bytes, text, options.maxJsonDepth);
  if (short !== undefined) {
    options.onMessage(short);
    return;
  }
  const parsed = parseMessage(bytes, options.maxJsonDepth, text);
  if ("fault" in parsed) {
    options.noise.line(bytes);
    // It names one of our calls and is no call itself: its caller must not wait for more.
    const { isAnswer, id, code } = parsed.fault;
    const named = isAnswer && id !== undefined ? Number(id) : undefined;
    // What is no JSON at all is noise, whatever it looks like; too deep a text is an answer.
    const isTooDeep = !isAnswer && code === INVALID_REQUEST;
    const ends = (): number | undefined =>
      idInEnds(bytes.subarray(0, END_BYTES), bytes.subarray(-END_BYTES));
    const found = named ?? (isTooDeep ? ends() : undefined);
    if (found !== undefined) options.onBrokenAnswer(found, "a line that is no valid answer");
    return;
  }
  const { message } = parsed;
  if (bytes.length <= CHECKED_BYTES && !isJson(bytes, text)) {
    options.noise.line(bytes);
    const answers = message.kind === "result" || message.kind === "error";
    if (answers && message.id !== undefined) {
      options.onBrokenAnswer(Number(message.id), "a line that is no valid JSON");
    }
    return;
  }
  const isChanged = message.payload !== undefined && flattenLineBreaks(message.payload);
  options.onMessage(isChanged ? { ...message, plain: undefined } : message);
}
