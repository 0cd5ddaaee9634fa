/** What a child's InitializeResult tells, and what clients of a shared child are shown of it. */
import { describe, expect, test } from "bun:test";
import { readProfile, sharedInitializeResult } from "../../../src/upstream/profile.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";

const withCapabilities = (capabilities: string): string =>
  `{"protocolVersion":"2025-11-25","capabilities":${capabilities}}`;

describe("readProfile", () => {
  const rows: readonly [capabilities: string, names: string, subscribes: boolean][] = [
    ["{}", "", false],
    ['{"tools":{},"prompts":{"listChanged":true}}', "prompts tools", false],
    ['{"resources":{"subscribe":true}}', "resources", true],
    ['{"resources":{"subscribe" : true }}', "resources", true],
    ['{"resources":{"subscribe":false}}', "resources", false],
    ['{"resources":{"subscribe":"true"}}', "resources", false],
    ['{"resources":null}', "resources", false],
    ['{"subscribe":true}', "subscribe", false],
    ['{"l\\u006fgging":{}}', "logging", false],
    ["null", "", false],
  ];
  for (const [capabilities, names, subscribes] of rows) {
    test(capabilities, () => {
      const profile = readProfile(jsonBytes(withCapabilities(capabilities)));
      expect([...(profile?.capabilities ?? [])].sort().join(" ")).toBe(names);
      expect(profile?.subscribes).toBe(subscribes);
      expect(profile?.revision).toBe("2025-11-25");
    });
  }

  for (const none of ["{}", "null", "[]", '{"protocolVersion":7}', '{"protocolVersion":"x"']) {
    test(`${none} is no InitializeResult`, () => {
      expect(readProfile(jsonBytes(none))).toBeUndefined();
    });
  }

  test("without capabilities it is one, with none declared", () => {
    expect(readProfile(jsonBytes('{"protocolVersion":"1"}'))?.capabilities.size).toBe(0);
  });
});

describe("sharedInitializeResult", () => {
  const rows: readonly [reason: string, given: string, shown: string][] = [
    [
      "only the revision's bytes change",
      '{ "protocolVersion" : "2025-11-25", "x":1.0, "capabilities" : { "tools" : { } },"serverInfo":{"name":"é"},"instructions":"i" }',
      '{ "protocolVersion" : "2025-03-26", "x":1.0, "capabilities" : { "tools" : { } },"serverInfo":{"name":"é"},"instructions":"i" }',
    ],
    [
      "tasks of all clients are in one list, so they are not offered",
      '{"capabilities":{"tools":{"n":1.0},"tasks":{"list":{}},"u":[1]},"protocolVersion":"2025-11-25"}',
      '{"capabilities":{"tools":{"n":1.0},"u":[1]},"protocolVersion":"2025-03-26"}',
    ],
    [
      "tasks alone",
      withCapabilities('{"tasks":{}}'),
      '{"protocolVersion":"2025-03-26","capabilities":{}}',
    ],
    [
      "tasks elsewhere are not meant",
      '{"protocolVersion":"1","capabilities":{"experimental":{"tasks":1}},"tasks":2}',
      '{"protocolVersion":"2025-03-26","capabilities":{"experimental":{"tasks":1}},"tasks":2}',
    ],
    [
      "a protocolVersion deeper down stays",
      '{"protocolVersion":"1","_meta":{"protocolVersion":"1"}}',
      '{"protocolVersion":"2025-03-26","_meta":{"protocolVersion":"1"}}',
    ],
    [
      "both of two",
      '{"protocolVersion":"1","protocolVersion":"2"}',
      '{"protocolVersion":"2025-03-26","protocolVersion":"2025-03-26"}',
    ],
  ];
  for (const [reason, given, shown] of rows) {
    test(reason, () => {
      const profile = readProfile(jsonBytes(given));
      if (profile === undefined) throw new Error("the row is no InitializeResult");
      expect(textOf(sharedInitializeResult(profile, "2025-03-26"))).toBe(shown);
      expect(textOf(profile.result)).toBe(given);
    });
  }
});
