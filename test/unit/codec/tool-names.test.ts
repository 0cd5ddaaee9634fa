/** Names of tools: the rule, collisions, the way back, and the filter. */
import { describe, expect, test } from "bun:test";
import {
  buildToolNameTable,
  filtersTools,
  isToolAllowed,
  snakeCase,
} from "../../../src/codec/tool-names.ts";
import { randomFrom } from "../wire/random-json.ts";

describe("snakeCase", () => {
  const rows: readonly [native: string, exposed: string, reason: string][] = [
    ["API-get-user", "api_get_user", "a dash: lower case with underscores"],
    ["create_entities", "create_entities", "nothing to do"],
    ["getUserName", "getUserName", "camel case stays"],
    ["GetUser", "GetUser", "capitals alone change nothing"],
    ["get.user/name", "get_user_name", "dots and slashes"],
    ["get user", "get_user", "a space"],
    ["a--b", "a__b", "one underscore for each character"],
    ["żółw", "___w", "letters outside ASCII"],
    ["🐢x", "_x", "one underscore for a character of two units"],
    ["Tool-2", "tool_2", "digits stay"],
    ["", "", "nothing"],
    ["a\nb", "a_b", "a line break"],
    ["a_b\n", "a_b_", "a line break at the end"],
  ];
  for (const [native, exposed, reason] of rows) {
    test(`${JSON.stringify(native)}: ${reason}`, () => {
      expect(snakeCase(native)).toBe(exposed);
      expect(snakeCase(exposed)).toBe(exposed);
    });
  }
});

/** All orders of a few names. */
function orders(names: readonly string[]): string[][] {
  if (names.length <= 1) return [[...names]];
  return names.flatMap((first, i) => orders(names.toSpliced(i, 1)).map((rest) => [first, ...rest]));
}

describe("collisions", () => {
  const rows: readonly [
    reason: string,
    table: Readonly<Record<string, string>>,
    staying: readonly string[],
  ][] = [
    ["a name that stays wins", { "get-user": "get_user_2" }, ["get_user"]],
    ["the others follow in order", { "a-b": "a_b", "a.b": "a_b_2", "a/b": "a_b_3" }, []],
    ["a number that is taken is passed over", { "a-b": "a_b_3" }, ["a_b", "a_b_2"]],
    ["a number can be wanted too", { "a-b": "a_b", "a-b-2": "a_b_2", "a.b": "a_b_3" }, []],
    ["capitals collide", { "A-B": "a_b", "a-b": "a_b_2" }, []],
    ["capitals that stay do not", { "a-b": "a_b" }, ["A_B"]],
  ];
  for (const [reason, table, staying] of rows) {
    test(`${reason}, whatever the order`, () => {
      for (const names of orders([...Object.keys(table), ...staying])) {
        const { toExposed, toNative } = buildToolNameTable(names, "snake_case");
        expect(Object.fromEntries(toExposed)).toEqual(table);
        expect([...toNative].map(([exposed, native]) => [native, exposed]).sort()).toEqual(
          Object.entries(table).sort(),
        );
      }
    });
  }

  test("a name given twice is one tool", () => {
    const { toExposed } = buildToolNameTable(["a-b", "a-b"], "snake_case");
    expect([...toExposed]).toEqual([["a-b", "a_b"]]);
  });

  test("keep renames nothing", () => {
    const { toExposed, toNative } = buildToolNameTable(["a-b", "A b"], "keep");
    expect([toExposed.size, toNative.size]).toEqual([0, 0]);
  });

  test("random sets: everybody has a name of his own, and it leads back", () => {
    const random = randomFrom(11);
    const parts = ["a", "B", "-", ".", "_", "_2", "é"];
    for (let round = 0; round < 500; round++) {
      const names = new Set<string>();
      while (names.size < 12) {
        let name = "";
        for (let i = 0; i < 4; i++) name += parts[Math.floor(random() * parts.length)] ?? "";
        names.add(name);
      }
      const { toExposed, toNative } = buildToolNameTable(names, "snake_case");
      const exposed = [...names].map((name) => toExposed.get(name) ?? name);
      expect(new Set(exposed).size).toBe(names.size);
      for (const name of names) {
        const shown = toExposed.get(name) ?? name;
        expect(shown).toMatch(/^[A-Za-z0-9_]*$/);
        // A shown name that is another tool's own would be called instead of it.
        expect(shown === name || !names.has(shown)).toBe(true);
        expect(toNative.get(shown) ?? shown).toBe(name);
      }
    }
  });
});

describe("the filter", () => {
  const all = undefined;
  const rows: readonly [
    allow: readonly string[] | undefined,
    deny: readonly string[],
    native: string,
    exposed: string,
    allowed: boolean,
  ][] = [
    [all, [], "a-b", "a_b", true],
    [[], [], "a-b", "a_b", false],
    [["a-b"], [], "a-b", "a_b", true],
    [["a_b"], [], "a-b", "a_b", true],
    [["A-b"], [], "a-b", "a_b", false],
    [["a"], [], "a-b", "a_b", false],
    [["a*"], [], "a-b", "a_b", true],
    [["*b"], [], "a-b", "a_b", true],
    [["*"], [], "", "", true],
    [["**"], [], "x", "x", true],
    [["a*b"], [], "ab", "ab", true],
    [["a*a"], [], "a", "a", false],
    [["*a*b*"], [], "xxaxxbxx", "xxaxxbxx", true],
    [["*b*a*"], [], "xxaxxbxx", "xxaxxbxx", false],
    [["ab*ab*ab"], [], "abab", "abab", false],
    [["ab*ab*ab"], [], "ababab", "ababab", true],
    [["a*bc*c"], [], "abc", "abc", false],
    [["a.b"], [], "axb", "axb", false],
    [["a(*)$"], [], "a(x)$", "a(x)$", true],
    [["a*"], [], "a\nb", "a_b", true],
    [["*"], ["delete_*"], "delete_user", "delete_user", false],
    [["*"], ["delete_*"], "delete-user", "delete_user", false],
    [["*"], ["delete-*"], "delete-user", "delete_user", false],
    [["delete_user"], ["delete_user"], "delete_user", "delete_user", false],
    [all, ["x"], "y", "y", true],
  ];
  for (const [allow, deny, native, exposed, allowed] of rows) {
    test(`allow ${JSON.stringify(allow)}, deny ${JSON.stringify(deny)}: ${JSON.stringify(native)}`, () => {
      expect(isToolAllowed({ allow, deny }, native, exposed)).toBe(allowed);
    });
  }

  test("a long name from a client costs no more than its length", () => {
    const name = "ab".repeat(500_000);
    const startedMs = performance.now();
    expect(isToolAllowed({ allow: ["*a*b*a*b*c"], deny: ["*a*b*b*a*c*"] }, name, name)).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  test("filtersTools", () => {
    expect(filtersTools({ allow: undefined, deny: [] })).toBe(false);
    expect(filtersTools({ allow: [], deny: [] })).toBe(true);
    expect(filtersTools({ allow: undefined, deny: ["x"] })).toBe(true);
  });
});
