/** Events into lines: two levels, one line each. */
import { describe, expect, test } from "bun:test";
import type { GatewayEvent, LogLevel } from "../../../src/kernel/event.ts";
import type { OwnedSecrets } from "../../../src/kernel/redact.ts";
import { createLogger } from "../../../src/observe/logger.ts";

const SERVER = { server: "echo", instance: "shared" };

/** The lines of some events under the two levels. */
function linesOf(
  events: readonly GatewayEvent[],
  system: LogLevel,
  mcp: LogLevel,
  more: { readonly secrets?: readonly OwnedSecrets[]; readonly format?: "json" | "text" } = {},
): string[] {
  const lines: string[] = [];
  const { secrets = [], format = "text" } = more;
  const sinks = [
    (_line: unknown, text: string, isShown: boolean) => void (isShown && lines.push(text)),
  ];
  const { emit } = createLogger({ system, mcp, format, secrets, wallMs: () => 0, sinks });
  for (const event of events) emit(event);
  return lines;
}

describe("lines", () => {
  const rows: readonly [event: GatewayEvent, line: string][] = [
    [{ kind: "gateway.notice", level: "WARNING", message: "m" }, "WARNING [gateway] m"],
    [{ kind: "gateway.listening", url: "http://x" }, "INFO    [gateway] listening on http://x"],
    [{ kind: "gateway.stopping", reason: "SIGTERM" }, "INFO    [gateway] stopping: SIGTERM"],
    [{ kind: "gateway.stopped" }, "INFO    [gateway] stopped"],
    [
      {
        kind: "instance.state",
        ...SERVER,
        from: "starting",
        to: "ready",
        cause: "c",
        why: { kind: "exit" },
      },
      "INFO    [echo] shared: starting → ready (c)",
    ],
    [
      {
        kind: "instance.state",
        ...SERVER,
        from: "ready",
        to: "backoff",
        cause: "c",
        why: { kind: "exit" },
      },
      "WARNING [echo] shared: ready → backoff (c)",
    ],
    [
      {
        kind: "instance.state",
        ...SERVER,
        from: "backoff",
        to: "failed",
        cause: "c",
        why: { kind: "exit" },
      },
      "ERROR   [echo] shared: backoff → failed (c)",
    ],
    [{ kind: "child.spawned", ...SERVER, pid: 7 }, "DEBUG   [echo] shared: pid 7"],
    [
      { kind: "child.exited", ...SERVER, pid: 7, exitCode: 3, signal: null, expected: false },
      "WARNING [echo] shared: pid 7 ended (code 3)",
    ],
    [
      {
        kind: "child.exited",
        ...SERVER,
        pid: 7,
        exitCode: null,
        signal: "SIGTERM",
        expected: true,
      },
      "DEBUG   [echo] shared: pid 7 ended (SIGTERM)",
    ],
    [{ kind: "child.stderr", ...SERVER, line: "hello" }, "INFO    [echo] shared stderr: hello"],
    [{ kind: "message.dropped", server: "echo", reason: "r" }, "DEBUG   [echo] dropped: r"],
    [
      { kind: "session.opened", server: "echo", sessionRef: "1a2b", binding: "http-sse" },
      "INFO    [echo] session 1a2b opened (http-sse)",
    ],
    [
      { kind: "session.closed", server: "echo", sessionRef: "1a2b", reason: "idle" },
      "INFO    [echo] session 1a2b closed: idle",
    ],
  ];
  for (const [event, line] of rows) {
    test(line, () => {
      expect(linesOf([event], "TRACE", "TRACE")).toEqual([`1970-01-01T00:00:00.000Z ${line}\n`]);
    });
  }

  test("noise is quoted, so that it cannot pass for a line of ours", () => {
    const [line] = linesOf(
      [{ kind: "child.noise", ...SERVER, sample: "a\nb\u001b[2J", count: 1 }],
      "INFO",
      "INFO",
    );
    expect(line?.split("\n").length).toBe(2);
    expect(line).toContain('"a\\nb\\u001b[2J"');
  });

  test("a request that was settled", () => {
    const event: GatewayEvent = {
      kind: "request.settled",
      server: "echo",
      sessionRef: undefined,
      method: "tools/call",
      id: '"1"',
      era: "legacy",
      outcome: "result",
      durationMs: 1.25,
    };
    const [line] = linesOf([event], "INFO", "DEBUG");
    expect(line).toMatch(
      /INFO {4}\[echo\] Method: tools\/call, ID: "1", SessionID: none, Era: legacy, result in 1\.[23] ms\n$/,
    );
  });
});

describe("levels", () => {
  const levels: readonly LogLevel[] = ["ERROR", "WARNING", "INFO", "DEBUG", "TRACE"];
  const ours: GatewayEvent[] = levels.map((level) => ({
    kind: "gateway.notice",
    level,
    message: level,
  }));
  for (const [rank, level] of levels.entries()) {
    test(`${level} shows itself and what is graver`, () => {
      expect(linesOf(ours, level, "ERROR").length).toBe(rank + 1);
    });
  }

  test("each level is for its own events", () => {
    const theirs: GatewayEvent = { kind: "child.stderr", ...SERVER, line: "x" };
    expect(linesOf([theirs], "ERROR", "INFO").length).toBe(1);
    expect(linesOf([theirs], "TRACE", "WARNING").length).toBe(0);
    expect(linesOf([{ kind: "gateway.stopped" }], "WARNING", "TRACE").length).toBe(0);
  });
});

describe("what must not be shown", () => {
  test("configured secrets and tokens are blotted out of words and fields, in both forms", () => {
    const event: GatewayEvent = {
      kind: "request.settled",
      server: "echo",
      sessionRef: "1a2b",
      method: "tools/hunter22",
      id: '"Bearer abcdefghijkl9"',
      era: "legacy",
      outcome: "result",
      durationMs: 1,
    };
    for (const format of ["text", "json"] as const) {
      const [line] = linesOf([event], "INFO", "INFO", {
        secrets: [{ server: "other", values: ["hunter22"] }],
        format,
      });
      expect(line).toContain("tools/[redacted]");
      expect(line).not.toContain("hunter22");
      expect(line).not.toContain("abcdefghijkl");
    }
  });
});

test("JSON: one object a line, with the facts as fields", () => {
  const event: GatewayEvent = {
    kind: "child.exited",
    ...SERVER,
    pid: 7,
    exitCode: 3,
    signal: null,
    expected: false,
  };
  const [line] = linesOf([event], "INFO", "INFO", { format: "json" });
  expect(line?.endsWith("}\n")).toBe(true);
  expect(JSON.parse(line ?? "")).toEqual({
    time: "1970-01-01T00:00:00.000Z",
    level: "WARNING",
    server: "echo",
    event: "child.exited",
    message: "shared: pid 7 ended (code 3)",
    instance: "shared",
    pid: 7,
    exitCode: 3,
    signal: null,
    expected: false,
  });
});

test("what a child writes on stderr reaches the sinks whatever the level, marked as hidden", () => {
  const seen: boolean[] = [];
  const { emit } = createLogger({
    system: "ERROR",
    mcp: "ERROR",
    format: "text",
    secrets: [],
    wallMs: () => 0,
    sinks: [(_line, _text, isShown) => seen.push(isShown)],
  });
  emit({ kind: "child.stderr", ...SERVER, line: "x" });
  emit({ kind: "child.spawned", ...SERVER, pid: 7 });
  expect(seen).toEqual([false]);
});
