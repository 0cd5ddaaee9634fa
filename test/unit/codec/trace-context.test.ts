/** The trace context of HTTP headers in `_meta`: only a good one, and never over the client's own. */
import { describe, expect, test } from "bun:test";
import { readTraceContext, withTraceContext } from "../../../src/codec/trace-context.ts";
import { jsonBytes, type Message } from "../../../src/wire/message.ts";

const PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const OTHER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

describe("headers", () => {
  const bad: readonly (string | null)[] = [
    null,
    "",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
    "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    `${PARENT}, ${PARENT}`,
    `${PARENT}-"\n`,
  ];
  for (const text of bad) {
    test(`${JSON.stringify(text)} is no context`, () => {
      expect(readTraceContext(text, "a=b")).toBeUndefined();
    });
  }

  test("a good one, with a state that is printable and short", () => {
    const read = (state: string | null) => readTraceContext(PARENT, state)?.tracestate;
    expect(readTraceContext(PARENT, null)?.traceparent).toBe(PARENT);
    expect(read("a=b,c=d")).toBe("a=b,c=d");
    expect(read("x".repeat(513))).toBeUndefined();
    expect(read("ü")).toBeUndefined();
  });
});

describe("requests", () => {
  const context = { traceparent: PARENT, tracestate: 'a="b' };
  const rows: readonly [name: string, before: string | undefined, after: string][] = [
    ["without params", undefined, `{"_meta":{"traceparent":"${PARENT}","tracestate":"a=\\"b"}}`],
    [
      "with params",
      '{"name":"x"}',
      `{"_meta":{"traceparent":"${PARENT}","tracestate":"a=\\"b"},"name":"x"}`,
    ],
    [
      "with other members of _meta",
      '{"_meta":{"progressToken":1,"tracestate":"stray"}}',
      `{"_meta":{"traceparent":"${PARENT}","tracestate":"a=\\"b","progressToken":1}}`,
    ],
    [
      "with a context of their own",
      `{"_meta":{"traceparent":"${OTHER}"}}`,
      `{"_meta":{"traceparent":"${OTHER}"}}`,
    ],
  ];
  for (const [name, before, after] of rows) {
    test(name, () => {
      const payload = before === undefined ? undefined : jsonBytes(before);
      const message: Message = { kind: "request", id: "1", method: "tools/call", payload };
      const traced = withTraceContext(message, context);
      expect(new TextDecoder().decode(traced.payload)).toBe(after);
      expect(traced).toMatchObject({ id: "1", method: "tools/call", kind: "request" });
    });
  }

  test("notifications and answers stay as they are", () => {
    for (const kind of ["notification", "result"] as const) {
      const message: Message = { kind, id: undefined, method: "m", payload: undefined };
      expect(withTraceContext(message, context)).toBe(message);
    }
  });
});
