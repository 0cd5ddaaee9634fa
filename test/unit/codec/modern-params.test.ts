/** Params across the eras: the envelope taken off, and put on. */
import { describe, expect, test } from "bun:test";
import { toChildParams } from "../../../src/codec/client-params.ts";
import {
  fromModernParams,
  readIdentity,
  toModernParams,
  type Envelope,
} from "../../../src/codec/modern-params.ts";
import type { RootsPolicy } from "../../../src/config/model.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";

const DEPTH = 50;
const RESERVED = "io.modelcontextprotocol/";
const ENVELOPE: Envelope = {
  revision: "2026-07-28",
  clientInfo: '{"name":"c","version":"1","n":1.0}',
  capabilities: '{"sampling":{}}',
  logLevel: "debug",
};
const MEMBERS = `"${RESERVED}protocolVersion":"2026-07-28","${RESERVED}clientInfo":{"name":"c","version":"1","n":1.0},"${RESERVED}clientCapabilities":{"sampling":{}},"${RESERVED}logLevel":"debug"`;

describe("of a modern client, for a legacy child", () => {
  const rows: readonly [name: string, given: string, sent: string][] = [
    [
      "the envelope goes, the token stays",
      `{"name":"x","_meta":{${MEMBERS},"progressToken":"p","traceparent":"t"},"arguments":{"n":1.0}}`,
      '{"name":"x","_meta":{"progressToken":9,"traceparent":"t"},"arguments":{"n":1.0}}',
    ],
    [
      "answers and state go",
      `{"_meta":{${MEMBERS}},"inputResponses":{"i1":{}},"requestState":"s","name":"x"}`,
      '{"_meta":{},"name":"x"}',
    ],
    [
      "the modern era has no task",
      `{"task":{},"_meta":{${MEMBERS}},"name":"x"}`,
      '{"_meta":{},"name":"x"}',
    ],
    [
      "the related task stays",
      `{"_meta":{"${RESERVED}related-task":{"taskId":"1"},${MEMBERS}}}`,
      `{"_meta":{"${RESERVED}related-task":{"taskId":"1"}}}`,
    ],
  ];
  for (const [name, given, sent] of rows) {
    test(name, () => {
      const read = fromModernParams(jsonBytes(given), DEPTH);
      expect(textOf(toChildParams(read, { token: "9" }, DEPTH))).toBe(sent);
    });
  }
});

describe("of a legacy client, for a modern child", () => {
  const rows: readonly [name: string, given: string | undefined, sent: string][] = [
    ["none", undefined, `{"_meta":{${MEMBERS}}}`],
    ["without _meta", '{"name":"x","n":1.0}', `{"_meta":{${MEMBERS}},"name":"x","n":1.0}`],
    [
      "with a token",
      '{"name":"x","_meta":{ "progressToken":"p"}}',
      `{"name":"x","_meta":{${MEMBERS}, "progressToken":9}}`,
    ],
    [
      "with traceparent",
      '{"_meta":{"traceparent":"t"}}',
      `{"_meta":{${MEMBERS},"traceparent":"t"}}`,
    ],
    [
      "with an envelope of its own",
      `{"_meta":{"${RESERVED}protocolVersion":"x","${RESERVED}clientCapabilities":{"roots":{}},"${RESERVED}clientInfo":1,"${RESERVED}logLevel":"x"}}`,
      `{"_meta":{${MEMBERS}}}`,
    ],
    [
      "with one spelt in escapes",
      '{"_meta":{"io.modelcontextprotocol\\/logLevel":"x"}}',
      `{"_meta":{${MEMBERS}}}`,
    ],
    [
      "with another reserved key",
      `{"_meta":{"${RESERVED}subscriptionId":1,"a":1}}`,
      `{"_meta":{${MEMBERS},"a":1}}`,
    ],
    [
      "with two _meta",
      `{"_meta":{"${RESERVED}clientCapabilities":{"roots":{}}},"name":"x","_meta":{"a":1}}`,
      `{"name":"x","_meta":{${MEMBERS},"a":1}}`,
    ],
    ["with a _meta that is none", '{"_meta":7,"name":"x"}', `{"_meta":{${MEMBERS}},"name":"x"}`],
    [
      "with words of the modern wire",
      '{"name":"x","inputResponses":{"a":1},"requestState":"s","task":{"ttl":1},"arguments":{"task":1,"requestState":2}}',
      `{"_meta":{${MEMBERS}},"name":"x","arguments":{"task":1,"requestState":2}}`,
    ],
  ];
  for (const [name, given, sent] of rows) {
    test(name, () => {
      const read = toModernParams(given === undefined ? undefined : jsonBytes(given), ENVELOPE);
      expect(textOf(toChildParams(read, { token: "9" }, DEPTH))).toBe(sent);
    });
  }

  test("a child's own tool name goes in as well", () => {
    const read = toModernParams(jsonBytes('{"name":"a_b","_meta":{"progressToken":0}}'), ENVELOPE);
    expect(read.progressToken).toBe("0");
    expect(textOf(toChildParams(read, { token: "4", name: "A-b" }, DEPTH))).toBe(
      `{"name":"A-b","_meta":{${MEMBERS},"progressToken":4}}`,
    );
  });

  test("nothing is said of what is not known", () => {
    const bare: Envelope = { ...ENVELOPE, clientInfo: undefined, logLevel: undefined };
    expect(textOf(toModernParams(undefined, bare).bytes)).toBe(
      `{"_meta":{"${RESERVED}protocolVersion":"2026-07-28","${RESERVED}clientCapabilities":{"sampling":{}}}}`,
    );
  });
});

describe("who a legacy client is", () => {
  const STATIC: RootsPolicy = ["file:///a"];
  const rows: readonly [declared: string, roots: RootsPolicy, capabilities: string][] = [
    ["{}", "none", "{}"],
    [
      '{"sampling":{"tools":{},"n":1.0},"elicitation":{"url":{}}}',
      "none",
      '{"sampling":{"tools":{},"n":1.0},"elicitation":{"url":{}}}',
    ],
    [
      '{"experimental":{"a":{}},"future":{"n":1.0}}',
      "none",
      '{"experimental":{"a":{}},"future":{"n":1.0}}',
    ],
    ['{"roots":{"listChanged":true},"sampling":{}}', "none", '{"sampling":{}}'],
    ['{"roots":{"listChanged":true},"sampling":{}}', "forward", '{"roots":{},"sampling":{}}'],
    ['{"sampling":{}}', "forward", '{"sampling":{}}'],
    ['{"sampling":{}}', STATIC, '{"roots":{},"sampling":{}}'],
    ['{"roots":{"listChanged":true}}', STATIC, '{"roots":{}}'],
    ['{"roots":null}', "forward", "{}"],
    ['{"tasks":{"list":{}},"elicitation":{}}', "none", '{"elicitation":{}}'],
    [
      `{"extensions":{"${RESERVED}tasks":{},"${RESERVED}ui":{"n":1.0}}}`,
      "none",
      `{"extensions":{"${RESERVED}ui":{"n":1.0}}}`,
    ],
    ["null", "none", "{}"],
    ["7", STATIC, '{"roots":{}}'],
  ];
  for (const [declared, roots, capabilities] of rows) {
    test(`declares ${declared}, roots ${JSON.stringify(roots)}`, () => {
      const params = jsonBytes(`{"protocolVersion":"2025-06-18", "capabilities" : ${declared} }`);
      expect(readIdentity(params, roots).capabilities).toBe(capabilities);
    });
  }

  test("declares nothing at all", () => {
    expect(readIdentity(undefined, "none")).toEqual({ clientInfo: undefined, capabilities: "{}" });
    expect(readIdentity(jsonBytes("{}"), STATIC).capabilities).toBe('{"roots":{}}');
  });

  const infos: readonly [info: string, read: string | undefined][] = [
    ['{ "name":"c","version":"1","x":1.0}', '{ "name":"c","version":"1","x":1.0}'],
    ['{"name":"c"}', undefined],
    ['{"name":"c","version":1}', undefined],
    ['"c"', undefined],
  ];
  for (const [info, read] of infos) {
    test(`is called ${info}`, () => {
      expect(readIdentity(jsonBytes(`{"clientInfo":${info}}`), "none").clientInfo).toBe(read);
    });
  }
});
