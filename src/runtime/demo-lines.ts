/**
 * Pure. Splits what the demo server reads into lines, with a cap on how long one may be. The data
 * path of the gateway has a splitter of its own, which keeps bytes.
 */

const MAX_LINE_CHARACTERS = 4 * 1024 * 1024;

/** The lines of a stream that are not blank; undefined in place of one that is over the cap. */
export async function* linesOf(
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<string | undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  let isTooLong = false;
  for await (const chunk of input) {
    const pieces = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = pieces.pop() ?? "";
    for (const piece of pieces) {
      if (isTooLong) yield undefined;
      else if (piece.trim() !== "") yield piece;
      isTooLong = false;
    }
    if (rest.length > MAX_LINE_CHARACTERS) isTooLong = true;
    if (isTooLong) rest = "";
  }
  if (!isTooLong && rest.trim() !== "") yield rest;
}
