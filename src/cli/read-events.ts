/**
 * Reads an event stream of the gateway, event by event.
 */

/** The type and the data of an event. */
export interface ReadEvent {
  readonly event: string;
  readonly data: string;
}

/** Longest event that is taken; a tool may answer with much. */
const MAX_CHARS = 256 * 1024 * 1024;

/** The events of a stream until it ends. Comments and empty events are left out. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ReadEvent> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let size = 0;
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true });
    parts.push(text);
    size += text.length;
    if (size > MAX_CHARS) throw new Error("the gateway sent an event of more than 256 MiB");
    if (!text.includes("\n")) continue;
    const blocks = parts.join("").split("\n\n");
    const rest = blocks.pop() ?? "";
    parts = [rest];
    size = rest.length;
    for (const block of blocks) {
      const read = readBlock(block);
      if (read !== undefined) yield read;
    }
  }
}

function readBlock(block: string): ReadEvent | undefined {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  return data.length === 0 || data.join("") === "" ? undefined : { event, data: data.join("\n") };
}
