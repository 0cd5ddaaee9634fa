/** Slugs, near names, shell words and paths: text in, text out. */
import { describe, expect, test } from "bun:test";
import { editDistance, nearestName } from "../../../src/config/nearest.ts";
import { absolutePath, fileUri } from "../../../src/config/paths.ts";
import { formatPath } from "../../../src/config/problem.ts";
import { splitShellWords } from "../../../src/config/shell-words.ts";
import { RESERVED_SLUGS, slugOf } from "../../../src/config/slug.ts";

describe("slugs", () => {
  test.each([
    ["github", "github"],
    ["GitHub", "github"],
    ["brave_search", "brave-search"],
    ["My  Server!", "my-server"],
    ["a.b/c", "a-b-c"],
    ["--x--", "x"],
    ["a--b", "a--b"],
    ["Ünïcode", "unicode"],
    ["日本", ""],
    ["", ""],
    ["__proto__", "proto"],
    ["../x", "x"],
    ["a".repeat(70), "a".repeat(63)],
    [`${"a".repeat(62)}-b`, "a".repeat(62)],
  ])("%j becomes %j", (name, slug) => {
    expect(slugOf(name)).toBe(slug);
    expect(slugOf(slugOf(name))).toBe(slug);
  });

  test("reserves the first segment of every endpoint, each as a slug", () => {
    for (const route of `mcp sse message messages servers health healthz readyz status ping listmcp
      listtools cleanup metrics admin api dashboard authorize token register revoke login logout
      consent oauth setup keys jwks interaction well-known assets static docs schema userinfo
      introspect session sessions account traefik events logs ui config`.split(/\s+/)) {
      expect(RESERVED_SLUGS).toContain(route);
    }
    for (const slug of RESERVED_SLUGS) expect(slugOf(slug)).toBe(slug);
  });
});

describe("near names", () => {
  const known = ["command", "args", "env", "cwd", "maxInFlight", "maxInstances", "tools"];
  test.each([
    ["comand", "command"],
    ["commnad", "command"],
    ["Args", "args"],
    ["arg", "args"],
    ["max_in_flight", "maxInFlight"],
    ["max-instance", "maxInstances"],
    ["tool", "tools"],
    ["something", undefined],
    ["x", undefined],
    ["a".repeat(100), undefined],
  ])("%j was meant as %p", (name, near) => expect(nearestName(name, known)).toBe(near));

  test.each([
    ["", "", 0],
    ["abc", "", 3],
    ["abc", "abd", 1],
    ["abc", "acb", 1],
    ["kitten", "sitting", 3],
  ])("%j and %j are %d apart", (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance);
    expect(editDistance(right, left)).toBe(distance);
  });
});

describe("shell words", () => {
  test.each([
    ["npx -y  some-server", ["npx", "-y", "some-server"]],
    [`cmd 'a b' "c d"`, ["cmd", "a b", "c d"]],
    [`cmd a\\ b`, ["cmd", "a b"]],
    [`cmd "a \\"b\\" \\n"`, ["cmd", 'a "b" \\n']],
    [`cmd 'a \\ b'`, ["cmd", "a \\ b"]],
    [`cmd --x="a b"c`, ["cmd", "--x=a bc"]],
    [`cmd "" ''`, ["cmd", "", ""]],
    ["cmd $HOME | *;", ["cmd", "$HOME", "|", "*;"]],
    ["a\\\nb", ["ab"]],
    ["a \\\n b", ["a", "b"]],
    ["  ", []],
  ])("%j are %j", (text, words) =>
    expect(splitShellWords(text)).toEqual({ ok: true, value: words }),
  );

  test.each([["cmd 'a"], ['cmd "a'], ["cmd a\\"]])("%j is refused", (text) => {
    expect(splitShellWords(text).ok).toBe(false);
  });
});

describe("paths", () => {
  test.each([
    ["/w", "a/b", "/w/a/b"],
    ["/w", "./a//b/", "/w/a/b"],
    ["/w/x", "../a", "/w/a"],
    ["/w", "/a/../b", "/b"],
    ["/w", "../../..", "/"],
  ])("from %j, %j is %j", (folder, path, whole) => expect(absolutePath(folder, path)).toBe(whole));

  test("a file URI escapes what it cannot hold", () => {
    expect(fileUri("/a b/ü#?")).toBe("file:///a%20b/%C3%BC%23%3F");
  });

  test.each([
    [["mcpServers", "github", "args", 1], "mcpServers.github.args[1]"],
    [["mcpServers", "brave-search"], "mcpServers.brave-search"],
    [["mcpServers", "my server", "env"], 'mcpServers["my server"].env'],
    [["a.b"], '["a.b"]'],
    [[], ""],
  ])("%j is written %j", (path, text) => expect(formatPath(path)).toBe(text));
});
