/** The ladder over a modern message, row by row in its order (protocol.md 1.4). */
import { describe, expect, test } from "bun:test";
import { logLevelIndex, logLevelName } from "../../../src/bridge/routing.ts";
import {
  readModernRequest,
  SERVED_REVISIONS,
  type ModernEnvelope,
  type ModernHeaders,
} from "../../../src/codec/modern-request.ts";
import { LOG_LEVELS } from "../../../src/wire/log-levels.ts";
import { jsonBytes, type Message, type MessageKind } from "../../../src/wire/message.ts";

const PREFIX = "io.modelcontextprotocol/";
const CLAIM = `"${PREFIX}protocolVersion":"2026-07-28"`;
const CAPABILITIES = `"${PREFIX}clientCapabilities":{}`;
const META = `"_meta":{${CLAIM},${CAPABILITIES}}`;

function message(method: string, params?: string, kind: MessageKind = "request"): Message {
  return {
    kind,
    id: kind === "notification" ? undefined : "1",
    method,
    payload: params === undefined ? undefined : jsonBytes(params),
  };
}

function headers(
  method: string | null,
  name: string | null = null,
  version: string | null = "2026-07-28",
): ModernHeaders {
  return { version, method, name };
}

/** What came of it in one line; the message only where it is told apart by a key. */
function verdict(
  given: Message,
  sent: ModernHeaders,
  unknownMethods?: "refuse" | "pass",
): { readonly line: string; readonly text: string } {
  const route = readModernRequest(given, sent, unknownMethods);
  if (route.kind === "accepted" || route.kind === "request") return { line: route.kind, text: "" };
  const { status, code, message: text } = route.rejection;
  return { line: `${route.kind} ${status} ${code}`, text };
}

function envelope(given: Message, sent: ModernHeaders): ModernEnvelope {
  const route = readModernRequest(given, sent);
  if (route.kind !== "request") throw new Error(JSON.stringify(route));
  return route.envelope;
}

const meta = (inner: string): string => `{"_meta":{${inner}}}`;
const withMeta = (more: string): string => meta(`${CLAIM},${CAPABILITIES},${more}`);
const list = (params: string): Message => message("tools/list", params);
const call = (params: string): Message => message("tools/call", params);
const LIST = headers("tools/list");

type Row = readonly [
  reason: string,
  given: Message,
  sent: ModernHeaders,
  line: string,
  text?: string,
];

function table(rows: readonly Row[]): void {
  for (const [reason, given, sent, line, text = ""] of rows) {
    test(reason, () => {
      const seen = verdict(given, sent);
      expect(seen.line).toBe(line);
      expect(seen.text).toContain(text);
    });
  }
}

describe("row 5: the claim", () => {
  const refused = "rejected 400 -32602";
  table([
    ["no params", message("tools/list"), LIST, refused, `${PREFIX}protocolVersion`],
    ["no _meta", list("{}"), LIST, refused, `${PREFIX}protocolVersion`],
    ["_meta without it", list(meta(CAPABILITIES)), LIST, refused, `${PREFIX}protocolVersion`],
    ["_meta that is an array", list('{"_meta":[]}'), LIST, refused, `${PREFIX}protocolVersion`],
    ["_meta that is null", list('{"_meta":null}'), LIST, refused, `${PREFIX}protocolVersion`],
    ["of the last of two _meta", list(`{${META},"_meta":{}}`), LIST, refused],
    ["before the method counts", message("nonsense", "{}"), headers("nonsense"), refused],
    ["before a header that differs", list("{}"), headers("tools/call"), refused],
    ["not from the arguments", call(`{"arguments":{${META}}}`), headers("tools/call"), refused],
    [
      "initialize has another answer",
      message("initialize", "{}"),
      headers("initialize"),
      "rejected 400 -32020",
      "2026-07-28",
    ],
    [
      "also in a revision of the future",
      message("initialize"),
      headers(null, null, "2030-01-01"),
      "rejected 400 -32020",
    ],
    [
      "initialize with a claim is a request like another",
      message("initialize", `{${META}}`),
      headers("initialize"),
      "rejected 404 -32601",
    ],
  ]);
});

describe("row 6: the envelope", () => {
  const refused = "rejected 400 -32602";
  const caps = (value: string): Message =>
    list(meta(`${CLAIM},"${PREFIX}clientCapabilities":${value}`));
  const more = (key: string, value: string): Message => list(withMeta(`"${key}":${value}`));
  table([
    ["a complete one", list(`{${META}}`), LIST, "request"],
    [
      "with its slashes escaped",
      list(`{${META}}`.replaceAll("/", "\\/")),
      headers("tools/list"),
      "request",
    ],
    ["no capabilities", list(meta(CLAIM)), LIST, refused, `${PREFIX}clientCapabilities`],
    ["capabilities that are null", caps("null"), LIST, refused, `${PREFIX}clientCapabilities`],
    ["that are an array", caps("[]"), LIST, refused, "must be an object"],
    ["that are a string", caps('"{}"'), LIST, refused],
    ["sampling that is no object", caps('{"sampling":true}'), LIST, refused, '"sampling"'],
    ["elicitation that is no object", caps('{"elicitation":[]}'), LIST, refused, '"elicitation"'],
    ["extensions that are no object", caps('{"extensions":["a"]}'), LIST, refused],
    ["a member that is null", caps('{"sampling":null,"roots":null}'), LIST, "request"],
    ["a member nobody knows", caps('{"x":7}'), LIST, "request"],
    [
      "a claim that is no string",
      list(meta(`"${PREFIX}protocolVersion":20260728,${CAPABILITIES}`)),
      LIST,
      refused,
      `${PREFIX}protocolVersion`,
    ],
    ["a client without a version", more(`${PREFIX}clientInfo`, '{"name":"a"}'), LIST, refused],
    ["a client that is a string", more(`${PREFIX}clientInfo`, '"a"'), LIST, refused, "clientInfo"],
    ["a client that is null", more(`${PREFIX}clientInfo`, "null"), LIST, "request"],
    ["a token that is an object", more("progressToken", "{}"), LIST, refused, "progressToken"],
    ["a token that is null", more("progressToken", "null"), LIST, "request"],
    ["keys that pass through", more("traceparent", '"00-1"'), LIST, "request"],
    ["before a version that differs", list(meta(CLAIM)), headers("x", null, "2025-11-25"), refused],
    [
      "before a version that is not served",
      list(meta(`"${PREFIX}protocolVersion":"2099-01-01"`)),
      LIST,
      refused,
    ],
  ]);

  test("broken text inside a long message is no declaration", () => {
    expect(verdict(caps('{"sampling":{"a":"\\x"}}'), LIST).line).toBe(refused);
  });
});

describe("row 7: headers that differ", () => {
  const refused = "rejected 400 -32020";
  const body = `{${META}}`;
  table([
    ["another version", list(body), headers("tools/list", null, "2025-11-25"), refused],
    ["an empty version", list(body), headers("tools/list", null, ""), refused],
    [
      "a version sent twice",
      list(body),
      headers("tools/list", null, "2026-07-28, 2026-07-28"),
      refused,
    ],
    ["blanks around it", list(body), headers("tools/list", null, " 2026-07-28\t"), "request"],
    [
      "a version that is not served, and differs",
      list(meta(`"${PREFIX}protocolVersion":"v999.0.0",${CAPABILITIES}`)),
      LIST,
      refused,
    ],
    ["another method", list(body), headers("prompts/list"), refused, "prompts/list"],
    ["the method in capitals", list(body), headers("TOOLS/LIST"), refused],
    ["blanks around the method", list(body), headers("\ttools/list "), "request"],
    ["the method in Base64", list(body), headers("=?base64?dG9vbHMvbGlzdA==?="), refused],
    [
      "before the version is looked up",
      list(meta(`"${PREFIX}protocolVersion":"2099-01-01",${CAPABILITIES}`)),
      headers("x", null, "2099-01-01"),
      refused,
    ],
  ]);
});

describe("row 8: the revision", () => {
  for (const requested of ["2099-01-01", "v999.0.0", "2025-11-25", "", "2026-07-28 "]) {
    test(`${JSON.stringify(requested)} is told what is served`, () => {
      const claim = `"${PREFIX}protocolVersion":${JSON.stringify(requested)}`;
      const route = readModernRequest(list(meta(`${claim},${CAPABILITIES}`)), {
        version: null,
        method: null,
        name: null,
      });
      expect(route).toMatchObject({
        kind: "rejected",
        rejection: {
          status: 400,
          code: -32022,
          data: { supported: ["2026-07-28"], requested },
        },
      });
    });
  }

  test("the same list is what discover may say", () => {
    expect(SERVED_REVISIONS).toEqual(["2026-07-28"]);
  });
});

describe("row 9: notifications", () => {
  const note = (params?: string): Message =>
    message("notifications/cancelled", params, "notification");
  const none = headers(null, null, null);
  table([
    ["with a claim only", note(meta(CLAIM)), none, "accepted"],
    ["with a modern header only", note(), headers(null), "accepted"],
    [
      "of a removed method",
      message("initialize", undefined, "notification"),
      LIST,
      "rejected 400 -32020",
    ],
    ["whose header names it", note(), headers("notifications/cancelled"), "accepted"],
    ["whose header names another", note(meta(CLAIM)), headers("x"), "rejected 400 -32020"],
    ["whose version differs", note(meta(CLAIM)), headers(null, null, "x"), "rejected 400 -32020"],
    [
      "whose claim is no string",
      note(meta(`"${PREFIX}protocolVersion":1`)),
      none,
      "rejected 400 -32602",
    ],
    [
      "whose version is not served",
      note(meta(`"${PREFIX}protocolVersion":"2099-01-01"`)),
      none,
      "rejected 400 -32022",
    ],
    ["an answer", message("", "{}", "result"), headers("x"), "accepted"],
    ["an error", message("", "{}", "error"), headers(null), "accepted"],
  ]);
});

describe("row 10: headers that are missing", () => {
  const refused = "rejected 400 -32020";
  const named = (name: string): string => `{"name":${name},"arguments":{"name":"z"},${META}}`;
  const tool = (name: string, sent: string | null): readonly [Message, ModernHeaders] => [
    call(named(name)),
    headers("tools/call", sent),
  ];
  table([
    ["no version", list(`{${META}}`), headers("tools/list", null, null), refused, "Version"],
    ["no method", list(`{${META}}`), headers(null), refused, "Mcp-Method"],
    ["no name", ...tool('"echo"', null), refused, "Mcp-Name"],
    ["the name", ...tool('"echo"', "echo"), "request"],
    ["blanks around the name", ...tool('"echo"', "  echo \t"), "request"],
    ["another name", ...tool('"echo"', "wrong_tool_name"), refused, "wrong_tool_name"],
    ["the name in capitals", ...tool('"echo"', "ECHO"), refused],
    ["the name of an argument", ...tool('"echo"', "z"), refused],
    ["the name in Base64", ...tool('"echo"', "=?base64?ZWNobw==?="), "request"],
    ["in Base64 without its padding", ...tool('"echo"', "=?base64?ZWNobw?="), refused],
    ["a name that needs Base64", ...tool('"日本"', "=?base64?5pel5pys?="), "request"],
    ["as raw bytes", ...tool('"日本"', "æ\u0097¥æ\u009c¬"), refused],
    ["a name written in escapes", ...tool('"ec\\u0068o"', "echo"), "request"],
    ["the header twice", ...tool('"echo"', "echo, echo"), refused],
    ["an empty header", ...tool('"echo"', ""), refused],
    ["no name in the body either", call(`{${META}}`), headers("tools/call"), "request"],
    ["a name in the header only", call(`{${META}}`), headers("tools/call", "echo"), refused],
    ["a name that is no string", ...tool("7", "7"), refused],
    [
      "a name that no method wants",
      list(`{"name":"a",${META}}`),
      headers("tools/list", "b"),
      "request",
    ],
    [
      "prompts/get without",
      message("prompts/get", `{"name":"p",${META}}`),
      headers("prompts/get"),
      refused,
    ],
    [
      "resources/read by uri",
      message("resources/read", `{"uri":"a://b","name":"n",${META}}`),
      headers("resources/read", "a://b"),
      "request",
    ],
    [
      "resources/read by name",
      message("resources/read", `{"uri":"a://b","name":"n",${META}}`),
      headers("resources/read", "n"),
      refused,
    ],
    [
      "tasks/get by taskId",
      message("tasks/get", `{"taskId":"t1",${META}}`),
      headers("tasks/get", "t1"),
      "request",
    ],
    [
      "tasks/cancel without",
      message("tasks/cancel", `{"taskId":"t1",${META}}`),
      headers("tasks/cancel"),
      refused,
    ],
    [
      "before the method is looked up",
      message("no/such", `{${META}}`),
      headers(null),
      refused,
      "Mcp-Method",
    ],
  ]);
});

describe("row 11: the method", () => {
  const served = [
    "server/discover",
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "completion/complete",
    "subscriptions/listen",
    "tasks/get",
    "tasks/update",
    "tasks/cancel",
  ];
  const removed = [
    "initialize",
    "ping",
    "logging/setLevel",
    "resources/subscribe",
    "resources/unsubscribe",
    "tasks/result",
    "tasks/list",
  ];
  const unknown = ["no/such", "", "constructor", "Tools/list", "notifications/cancelled"];
  const seen = (method: string, how?: "refuse" | "pass"): string =>
    verdict(message(method, `{${META}}`), headers(method), how).line;
  for (const method of served) {
    test(`${method} exists`, () => {
      expect(seen(method)).toBe("request");
    });
  }
  for (const method of [...removed, ...unknown]) {
    test(`${JSON.stringify(method)} does not`, () => {
      expect(seen(method)).toBe("rejected 404 -32601");
    });
  }
  test("what no era knows can pass, what was removed cannot", () => {
    for (const method of unknown) expect(seen(method, "pass")).toBe("request");
    for (const method of removed) expect(seen(method, "pass")).toBe("rejected 404 -32601");
  });
  test("before the log level is read", () => {
    const given = message("ping", withMeta(`"${PREFIX}logLevel":"loud"`));
    expect(verdict(given, headers("ping")).line).toBe("rejected 404 -32601");
  });
});

describe("row 12: the log level", () => {
  const level = (value: string): Message => list(withMeta(`"${PREFIX}logLevel":${value}`));
  for (const value of ['"loud"', '"INFO"', '""', "7", "{}", '"toString"']) {
    test(`${value} is none`, () => {
      const seen = verdict(level(value), LIST);
      expect(seen.line).toBe("answered 200 -32602");
      expect(seen.text).toContain(`${PREFIX}logLevel`);
    });
  }
  test("every level, as the bridge counts them", () => {
    LOG_LEVELS.forEach((name, index) => {
      expect(envelope(level(JSON.stringify(name)), LIST).logLevel).toBe(index);
      expect(logLevelIndex(name)).toBe(index);
      expect(logLevelName(index)).toBe(name);
    });
  });
  test("none is none", () => {
    expect(envelope(list(`{${META}}`), LIST).logLevel).toBeUndefined();
    expect(envelope(level("null"), LIST).logLevel).toBeUndefined();
  });
});

describe("the envelope of a request that passed", () => {
  test("holds what was said", () => {
    const info = '{ "name":"c","version":"1","x":1.0}';
    const given = message(
      "prompts/get",
      `{"_meta":{"a":1,${CLAIM},"${PREFIX}clientInfo":${info},"progressToken":"7",` +
        `"${PREFIX}clientCapabilities":{"sampling":{}}},"name":"p"}`,
    );
    expect(envelope(given, headers("prompts/get", "p"))).toEqual({
      revision: "2026-07-28",
      capabilities: {
        sampling: true,
        elicitationForm: false,
        elicitationUrl: false,
        roots: false,
        extensions: [],
        declared: '{"sampling":{}}',
      },
      clientInfo: info,
      logLevel: undefined,
      progressToken: '"7"',
      name: "p",
    });
  });

  test("holds nothing that was not", () => {
    expect(envelope(list(`{${META},"name":"n"}`), LIST)).toEqual({
      revision: "2026-07-28",
      capabilities: {
        sampling: false,
        elicitationForm: false,
        elicitationUrl: false,
        roots: false,
        extensions: [],
        declared: "{}",
      },
      clientInfo: undefined,
      logLevel: undefined,
      progressToken: undefined,
      name: undefined,
    });
  });

  for (const token of ["0", '""', "7", '"7"', "1.50", "-1", '"\\u0061"']) {
    test(`the progress token ${token} keeps its form`, () => {
      const given = list(withMeta(`"progressToken":${token}`));
      expect(envelope(given, LIST).progressToken).toBe(token);
    });
  }
});
