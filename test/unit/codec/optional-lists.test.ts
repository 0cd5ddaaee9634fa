/** Which lists may be answered without the child. */
import { describe, expect, test } from "bun:test";
import { emptyList, optionalList } from "../../../src/codec/optional-lists.ts";

const rows: readonly [method: string, capability: string | undefined, empty: string][] = [
  ["resources/list", "resources", '{"resources":[]}'],
  ["resources/templates/list", "resources", '{"resourceTemplates":[]}'],
  ["prompts/list", "prompts", '{"prompts":[]}'],
  ["tools/list", undefined, ""],
  ["resources/read", undefined, ""],
  ["toString", undefined, ""],
  ["__proto__", undefined, ""],
  ["", undefined, ""],
];

describe("optionalList", () => {
  for (const [method, capability, empty] of rows) {
    test(`${method}: ${capability ?? "never"}`, () => {
      const list = optionalList(method);
      expect(list?.capability).toBe(capability);
      if (list !== undefined) expect(emptyList(list)).toBe(empty);
    });
  }
});
