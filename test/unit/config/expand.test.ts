/** `${…}` in strings, and what a child inherits. */
import { describe, expect, test } from "bun:test";
import { childEnvironment } from "../../../src/config/child-env.ts";
import { expandText } from "../../../src/config/expand.ts";
import { err, ok } from "../../../src/kernel/result.ts";

const sources = {
  env: { NAME: "value", EMPTY: "", TRICK: "${NAME}" },
  readFile: (path: string) => (path === "/run/value" ? ok("secret\r\n\n") : err("does not exist")),
  serverData: "/data/servers/x",
};

describe("expansion", () => {
  test.each([
    ["plain $ and $NAME and {NAME}", "plain $ and $NAME and {NAME}"],
    ["${NAME}", "value"],
    ["a${NAME}b${NAME}", "avaluebvalue"],
    ["${EMPTY}", ""],
    ["${EMPTY:-d}", "d"],
    ["${NONE:-}", ""],
    ["${NONE:-a:-b}", "a:-b"],
    ["${NAME:-d}", "value"],
    ["${NONE:-${NAME}}", "value"],
    ["${NONE:-a ${NONE:-b} c}", "a b c"],
    // A value is not expanded again.
    ["${TRICK}", "${NAME}"],
    ["$${NAME}", "${NAME}"],
    ["$$${NAME}", "$${NAME}"],
    ["${file:/run/value}", "secret"],
    ["${file:/run/${NAME}}", "secret"],
    ["${SERVER_DATA}/m.jsonl", "/data/servers/x/m.jsonl"],
  ])("%j becomes %j", (text, expected) => {
    const result = expandText(text, sources);
    expect(result.ok && result.value.text).toBe(expected);
  });

  test.each([
    ["${NONE}", "NONE"],
    ["${NONE:-${OTHER}}", "OTHER"],
    ["${file:/no}", "/no, which does not exist"],
    ["${NAME", "without its }"],
    ["${}", "means nothing"],
    ["${a b}", "means nothing"],
    ["${NAME-x}", "means nothing"],
    ["${env:NAME}", "means nothing"],
    ["${1x}", "means nothing"],
    ["${A:-".repeat(20) + "}".repeat(20), "too deeply"],
  ])("%j is refused, with the reason: %s", (text, words) => {
    const result = expandText(text, sources);
    expect(result.ok ? "" : result.error.message).toContain(words);
  });

  test("knows no server folder outside a server, and tells when it was used", () => {
    expect(expandText("${SERVER_DATA}", { ...sources, serverData: undefined }).ok).toBe(false);
    const used = expandText("${NONE:-${SERVER_DATA}}", sources);
    expect(used.ok && used.value.usesServerData).toBe(true);
    const unused = expandText("${NAME:-${SERVER_DATA}}", sources);
    expect(unused.ok && unused.value.usesServerData).toBe(false);
  });

  test("gives the contents of files, to be kept from logs", () => {
    const result = expandText("Bearer ${file:/run/value}", sources);
    expect(result.ok && result.value.fileContents).toEqual(["secret"]);
  });
});

describe("environment of a child", () => {
  const env = {
    PATH: "/bin",
    HOME: "/h",
    LANG: "C",
    TZ: "UTC",
    TMPDIR: "/t",
    USER: "me",
    GITHUB_TOKEN: "t",
    AWS_KEY: "k",
    AWS_REGION: "r",
    BUN_BE_BUN: "1",
    UNSET: undefined,
  };
  const minimal = { PATH: "/bin", HOME: "/h", LANG: "C", TZ: "UTC", TMPDIR: "/t" };
  test.each([
    ["nothing more", false, {}, minimal],
    ["its own", false, { A: "1" }, { ...minimal, A: "1" }],
    ["its own before the inherited", false, { PATH: "/x" }, { ...minimal, PATH: "/x" }],
    ["names", ["GITHUB_TOKEN", "NOT_THERE"], {}, { ...minimal, GITHUB_TOKEN: "t" }],
    ["patterns", ["AWS_*"], {}, { ...minimal, AWS_KEY: "k", AWS_REGION: "r" }],
    ["a name is no pattern", ["AWS", "A.S_KEY"], {}, minimal],
    [
      "all but BUN_*",
      true,
      {},
      { ...minimal, USER: "me", GITHUB_TOKEN: "t", AWS_KEY: "k", AWS_REGION: "r" },
    ],
    ["never BUN_* by name", ["BUN_*", "BUN_BE_BUN"], {}, minimal],
    ["BUN_* of its own", false, { BUN_BE_BUN: "0" }, { ...minimal, BUN_BE_BUN: "0" }],
  ] as const)("%s", (_, inherit, own, expected) => {
    expect(childEnvironment(env, inherit, own)).toEqual(expected);
  });
});
