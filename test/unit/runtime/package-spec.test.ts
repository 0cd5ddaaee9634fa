/** What command lines of npx, bunx, node and bun mean to the built-in runtime. */
import { describe, expect, test } from "bun:test";
import {
  isExact,
  packageName,
  planCommand,
  standInFor,
  type StandIn,
} from "../../../src/runtime/package-spec.ts";

const plan = (line: string) => {
  const [program = "", ...args] = line.split(" ");
  return planCommand(program as StandIn, args);
};

describe("packages", () => {
  test.each<[string, readonly string[], string | undefined, readonly string[]]>([
    ["npx -y @a/b", ["@a/b"], undefined, []],
    ["npx --yes @a/b@latest x --y z", ["@a/b@latest"], undefined, ["x", "--y", "z"]],
    ["npx b@1.2.3 -p x", ["b@1.2.3"], undefined, ["-p", "x"]],
    ["npx -y -- b --help", ["b"], undefined, ["--help"]],
    ["npx -y b -- --help", ["b"], undefined, ["--", "--help"]],
    ["npx -p @a/b cmd x", ["@a/b"], "cmd", ["x"]],
    ["npx -y --package=@a/b --package c cmd", ["@a/b", "c"], "cmd", []],
    ["npx --quiet --loglevel silent b", ["b"], undefined, []],
    ["npx -y github:a/b", ["github:a/b"], undefined, []],
    ["npx -y a/b#main", ["a/b#main"], undefined, []],
    ["npx -y https://host/b.tgz", ["https://host/b.tgz"], undefined, []],
    ["bunx b x", ["b"], undefined, ["x"]],
    ["bunx --bun -p a cmd", ["a"], "cmd", []],
    ["bun x @a/b@^2 x", ["@a/b@^2"], undefined, ["x"]],
    ["bun --bun x b", ["b"], undefined, []],
    ["npx -y tsx", ["tsx"], undefined, []],
    ["npx -y tsx watch a.ts", ["tsx"], undefined, ["watch", "a.ts"]],
  ])("%s", (line, packages, bin, args) => {
    expect(plan(line)).toEqual({ kind: "package", packages, bin, args, registry: undefined });
  });

  test("a registry of the command line counts", () => {
    expect(plan("npx --registry=http://r/ -y b")).toMatchObject({ registry: "http://r/" });
    expect(plan("npx --registry http://r/ b")).toMatchObject({ registry: "http://r/" });
  });
});

describe("scripts", () => {
  test.each<[string, readonly string[], string, readonly string[]]>([
    ["node a.js", [], "a.js", []],
    ["node --no-warnings --enable-source-maps dist/a.js --x y", [], "dist/a.js", ["--x", "y"]],
    ["node --max-old-space-size=4096 a.js", [], "a.js", []],
    ["node -r ./b.js --import=./c.js a.js", ["--preload=./b.js", "--preload=./c.js"], "a.js", []],
    ["node --env-file=.env a.js", ["--env-file=.env"], "a.js", []],
    ["node --title me a.js", [], "a.js", []],
    ["node -- -a.js", [], "-a.js", []],
    ["npx -y tsx src/a.ts x", [], "src/a.ts", ["x"]],
    ["npx ts-node@10 a.ts", [], "a.ts", []],
  ])("%s", (line, flags, script, args) => {
    expect(plan(line)).toEqual({ kind: "script", flags, script, args });
  });

  test.each<[string, readonly string[]]>([
    ["node -e 1+1 x", ["-e", "1+1", "x"]],
    ["node --eval=1 x", ["-e", "1", "x"]],
    ["bun run start", ["run", "start"]],
    ["bun --smol a.ts x", ["--smol", "a.ts", "x"]],
    ["bun --env-file=.env run a.ts", ["--env-file=.env", "run", "a.ts"]],
  ])("%s is for the runtime as it is", (line, words) => {
    expect(plan(line)).toEqual({ kind: "words", words });
  });
});

describe("refused with a reason and what to do", () => {
  test.each([
    ["npx -c x", "has -c, for which npx starts a shell"],
    ["npx --call=x", "has --call, for which npx starts a shell"],
    ["npx", "names no package for npx"],
    ["npx -y", "names no package for npx"],
    ["npx -p", "has -p of npx without its value"],
    ["npx -p a", "names no package for npx"],
    ["npx --workspace x b", "has the option --workspace of npx"],
    ["npx ./server", "a folder or no package name"],
    ["npx ../server", "a folder or no package name"],
    ["npx /opt/server", "a folder or no package name"],
    ["npx .", "a folder or no package name"],
    ["npx -y -- -b", "a folder or no package name"],
    ["npx constructor/__proto__/x", "a folder or no package name"],
    ["npx --constructor b", "has the option --constructor of npx"],
    ["bunx -c x", "has the option -c of bunx"],
    ["bun", "gives bun nothing to run"],
    ["bun x", "names no package for bun x"],
    ["node", "gives node nothing to run"],
    ["node -", "gives node no file to run"],
    ["node -e", "has -e of node without its value"],
    ["node --inspect a.js", "has the option --inspect of node"],
    ["node --loader x a.js", "has the option --loader of node"],
  ])("%s", (line, message) => {
    const refused = plan(line);
    expect(refused.kind).toBe("refused");
    if (refused.kind !== "refused") return;
    expect(refused.message).toContain(message);
    expect(refused.hint).not.toBe("");
  });
});

test.each([
  ["npx", "npx"],
  ["/usr/local/bin/node", "node"],
  ["npx.cmd", "npx"],
  ["bun.exe", "bun"],
  ["npm", undefined],
  ["uvx", undefined],
  ["constructor", undefined],
  ["", undefined],
])("%j can be stood in for: %p", (command, program) => {
  expect(standInFor(command)).toBe(program as StandIn | undefined);
});

test.each([
  ["a@1.2.3", "a", true],
  ["@a/b@1.2.3-rc.1", "@a/b", true],
  ["a", "a", false],
  ["a@latest", "a", false],
  ["a@^1.2.3", "a", false],
  ["a@1.2", "a", false],
  ["@a/b", "@a/b", false],
  ["github:a/b", undefined, false],
  ["a@npm:b@1.2.3", undefined, false],
])("%s is of %p, exact: %p", (word, name, exact) => {
  expect(packageName(word)).toBe(name);
  expect(isExact(word)).toBe(exact);
});
