/**
 * Text on stdout and stderr, written at once. `process.stdout` is made only for a reader that cannot
 * take everything now: making it costs a start 8 ms.
 */
import { writeSync } from "node:fs";

/** Writes texts to a descriptor, in their order. A reader that has left, as `| head` does, is no error. */
export function createPrinter(name: "stdout" | "stderr"): (text: string) => void {
  const descriptor = name === "stdout" ? 1 : 2;
  let stream: NodeJS.WriteStream | undefined;
  return (text) => {
    if (stream !== undefined) {
      stream.write(text);
      return;
    }
    let rest = Buffer.from(text);
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (!isFull(error)) return;
      stream = process[name];
      stream.on("error", () => {});
      stream.write(rest);
    }
  };
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}
