/** Which refusals are the word of a modern child. */
import { describe, expect, test } from "bun:test";
import { isModernRefusal } from "../../../src/upstream/era-verdict.ts";
import { jsonBytes } from "../../../src/wire/message.ts";

const rows: readonly [reason: string, error: string, isModern: boolean][] = [
  ["names ours", '{"code":-32022,"message":"m","data":{"supported":["2026-07-28"]}}', true],
  [
    "names ours among others",
    '{"code":-32022,"data":{"supported":["2027-01-01","2026-07-28"]}}',
    true,
  ],
  ["in another number form", '{"code":-32022.0,"data":{"supported":["2026-07-28"]}}', true],
  ["names a later one only", '{"code":-32022,"data":{"supported":["2027-01-01"]}}', false],
  ["names a legacy one only", '{"code":-32022,"data":{"supported":["2025-11-25"]}}', false],
  ["a list of no texts", '{"code":-32022,"data":{"supported":[20260728,null]}}', false],
  ["no list", '{"code":-32022,"data":{"supported":"2026-07-28"}}', false],
  ["no data", '{"code":-32022,"message":"2026-07-28"}', false],
  ["data that is no object", '{"code":-32022,"data":["2026-07-28"]}', false],
  ["unknown method", '{"code":-32601,"data":{"supported":["2026-07-28"]}}', false],
  ["a code that is a text", '{"code":"-32022","data":{"supported":["2026-07-28"]}}', false],
  ["no code", '{"data":{"supported":["2026-07-28"]}}', false],
  ["no object", '"-32022"', false],
];

describe("isModernRefusal", () => {
  for (const [reason, error, isModern] of rows) {
    test(reason, () => {
      expect(isModernRefusal(jsonBytes(error))).toBe(isModern);
    });
  }
});
