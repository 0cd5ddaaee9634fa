/** The tests' own reader of event streams, which other tests rely on. */
import { describe, expect, test } from "bun:test";
import { parseSse, SseReader } from "../../helpers/sse-reader.ts";

const nothing = { event: undefined, id: undefined, data: undefined, retry: undefined };

describe("the parser", () => {
  const rows = [
    ["a message", "event: message\ndata: {}\n\n", [{ event: "message", data: "{}" }]],
    ["carriage returns", "data: a\r\n\r\n", [{ data: "a" }]],
    ["data of several lines", "data: a\ndata: b\n\n", [{ data: "a\nb" }]],
    ["empty data with an id", "id: 1\ndata:\n\n", [{ id: "1", data: "" }]],
    ["retry alone", "retry: 3000\n\n", [{ retry: 3000 }]],
    ["one blank only after the colon", "data:  a\n\n", [{ data: " a" }]],
    ["comments", ": hi\n\ndata: a\n\n", [{ data: "a" }]],
    ["a block that was cut off", "data: a\n\ndata: b\n", [{ data: "a" }]],
  ] as const;
  test.each(rows)("knows %s", (_, text, expected) => {
    expect(parseSse(text)).toEqual(expected.map((event) => ({ ...nothing, ...event })));
  });
});

describe("the reader", () => {
  function openStream() {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const write = (text: string | Uint8Array) =>
      writer.write(typeof text === "string" ? new TextEncoder().encode(text) : text);
    return { reader: new SseReader(readable), write, end: () => writer.close() };
  }

  test("joins what was split, also inside a character", async () => {
    const { reader, write, end } = openStream();
    const bytes = new TextEncoder().encode("data: 日本\n\n");
    const written = [...bytes].map((byte) => write(new Uint8Array([byte])));
    const ended = end();
    expect((await reader.next())?.data).toBe("日本");
    expect(await reader.next()).toBeUndefined();
    expect(reader.ended).toBe(true);
    await Promise.all([...written, ended]);
  });

  test("keeps an event that came after a deadline", async () => {
    const { reader, write } = openStream();
    await expect(reader.next(20)).rejects.toThrow("not within");
    const written = write(": ping\n\ndata: late\n\n");
    expect((await reader.find(({ data }) => data === "late")).data).toBe("late");
    expect(reader.comments).toEqual([" ping"]);
    await written;
    await reader.close();
  });
});
