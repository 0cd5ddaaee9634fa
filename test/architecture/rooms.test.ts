/**
 * Holds the source to ARCHITECTURE.md. To let a room import another, amend the map below and the
 * table there, in one commit, and say why.
 */
import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { join } from "node:path";

import {
  filesKeepTheirShape,
  type House,
  importsAreAcyclic,
  onlyHttpImportsHono,
  onlyMainReadsEnvironment,
  onlySpawnSpawns,
  pureFilesArePure,
  pureRoomsDeclareIt,
  roomsKeepToTheMap,
} from "./rules.ts";
import { factsOf, type SourceFacts } from "./source-facts.ts";

/** Pure data that every room above may know. */
const CONFIG_MODEL = "config/model.ts";

const house: House = {
  map: {
    kernel: [],
    wire: ["kernel"],
    config: ["kernel"],
    supervisor: ["kernel"],
    auth: ["kernel", CONFIG_MODEL],
    observe: ["kernel"],
    // The guardian reads the process table as the supervisor does.
    runtime: ["kernel", "supervisor"],
    deploy: ["kernel", "config"],
    codec: ["kernel", "wire", CONFIG_MODEL],
    session: ["kernel", "wire", CONFIG_MODEL],
    upstream: ["kernel", "wire", "supervisor", CONFIG_MODEL],
    bridge: ["kernel", "wire", "codec", "session", "upstream", CONFIG_MODEL],
    transport: ["kernel", "wire", "codec", "session", "bridge", CONFIG_MODEL],
    http: ["kernel", "wire", "transport", "auth", "observe", "dashboard", CONFIG_MODEL],
    dashboard: [],
    // Looks at servers from outside, ours or any other: it may know the protocol, and nothing of how we do it.
    doctor: ["kernel", "wire"],
    // `serve`, `check --run` and `prefetch` build through the composition root.
    cli: [
      "kernel",
      "config",
      "deploy",
      "auth",
      "observe",
      "runtime",
      "doctor",
      "gateway.ts",
      "compose/trial.ts",
      "compose/prefetch.ts",
    ],
  },
  roots: ["main.ts", "gateway.ts", "compose"],
  pureRooms: ["kernel", "wire", "codec"],
  maxLines: 300,
};

const rules = {
  roomsKeepToTheMap,
  importsAreAcyclic,
  pureRoomsDeclareIt,
  pureFilesArePure,
  onlySpawnSpawns,
  onlyMainReadsEnvironment,
  onlyHttpImportsHono,
  filesKeepTheirShape,
};

const src = join(import.meta.dir, "../../src");
const paths = [...new Glob("**/*.ts").scanSync(src)].sort();
const files: readonly SourceFacts[] = await Promise.all(
  paths.map(async (path) => factsOf(path, await Bun.file(join(src, path)).text())),
);

describe("the source", () => {
  test("is there", () => {
    expect(files.length).toBeGreaterThan(10);
  });

  for (const [name, rule] of Object.entries(rules)) {
    test(`obeys ${name}`, () => {
      expect(rule(files, house)).toEqual([]);
    });
  }
});

const PURE = "/** Pure. */\n";
const PLAIN = "/** Plain. */\n";

interface Planted {
  readonly name: string;
  readonly rule: keyof typeof rules;
  readonly files: Readonly<Record<string, string>>;
  /** A part of the complaint, or undefined where there must be none. */
  readonly complaint: string | undefined;
}

const imports = (what: string): string => `${PLAIN}import { x } from "${what}";\nx();\n`;
const importsType = (what: string): string =>
  `${PLAIN}import type { X } from "${what}";\nlet x: X;\n`;

const planted: readonly Planted[] = [
  {
    name: "an upward import",
    rule: "roomsKeepToTheMap",
    files: { "supervisor/a.ts": imports("../bridge/b.ts") },
    complaint: "supervisor/a.ts imports bridge/b.ts",
  },
  {
    name: "an upward import of a type only",
    rule: "roomsKeepToTheMap",
    files: { "supervisor/a.ts": importsType("../bridge/b.ts") },
    complaint: "supervisor/a.ts imports bridge/b.ts",
  },
  {
    name: "an import in a type position",
    rule: "roomsKeepToTheMap",
    files: { "wire/a.ts": `${PURE}export type Y = import("../http/b.ts").X;\n` },
    complaint: "wire/a.ts imports http/b.ts",
  },
  {
    name: "a dynamic import",
    rule: "roomsKeepToTheMap",
    files: { "wire/a.ts": `${PURE}export const y = () => import("../http/b.ts");\n` },
    complaint: "wire/a.ts imports http/b.ts",
  },
  {
    name: "a room that is not in the map",
    rule: "roomsKeepToTheMap",
    files: { "utils/a.ts": PLAIN },
    complaint: "the room utils is not in the map",
  },
  {
    name: "another file of config than its model",
    rule: "roomsKeepToTheMap",
    files: { "upstream/a.ts": imports("../config/load.ts") },
    complaint: "imports config/load.ts",
  },
  {
    name: "nothing against the model of config",
    rule: "roomsKeepToTheMap",
    files: { "upstream/a.ts": imports("../config/model.ts"), "wire/b.ts": imports("./c.ts") },
    complaint: undefined,
  },
  {
    name: "nothing against a path in a comment or a text",
    rule: "roomsKeepToTheMap",
    files: {
      "wire/a.ts": `${PURE}// import "../http/b.ts"\nexport const a = 'from "../http/b.ts"';\n`,
    },
    complaint: undefined,
  },
  {
    name: "two files in a circle",
    rule: "importsAreAcyclic",
    files: { "wire/a.ts": imports("./b.ts"), "wire/b.ts": importsType("./a.ts") },
    complaint: "wire/a.ts → wire/b.ts → wire/a.ts",
  },
  {
    name: "a file of a pure room that does not say so",
    rule: "pureRoomsDeclareIt",
    files: { "codec/a.ts": PLAIN },
    complaint: "codec/a.ts must begin",
  },
  ...(
    [
      ["Bun.file('x')", "Bun.file"],
      ["process.pid", "process.pid"],
      ["Date.now()", "Date.now"],
      ["new Date()", "new Date()"],
      ["performance.now()", "performance.now"],
      ["Math.random()", "Math.random"],
      ["crypto.randomUUID()", "crypto.randomUUID"],
      ["setTimeout(() => 1, 5)", "setTimeout"],
      ["fetch('http://x')", "fetch"],
      ["console.log(1)", "console.log"],
      ["globalThis.process", "process"],
      ["import.meta.dir", "import.meta.dir"],
    ] as const
  ).map(([code, touch]): Planted => {
    const text = `${PURE}export const a = ${code};\n`;
    const complaint = `touches ${touch}`;
    return { name: code, rule: "pureFilesArePure", files: { "session/a.ts": text }, complaint };
  }),
  {
    name: "a node import in a pure file",
    rule: "pureFilesArePure",
    files: { "wire/a.ts": `${PURE}import { join } from "node:path";\njoin("a");\n` },
    complaint: "imports node:path",
  },
  {
    name: "a pure file that imports one that is not",
    rule: "pureFilesArePure",
    files: { "session/a.ts": `${PURE}import { b } from "./b.ts";\nb();\n`, "session/b.ts": PLAIN },
    complaint: "imports session/b.ts, which does not",
  },
  {
    name: "nothing against values and names that look alike",
    rule: "pureFilesArePure",
    files: {
      "wire/a.ts": `${PURE}// Bun.spawn, Date.now()
export const a = (at: number, table: { process: number; fetch(): void }) => {
  table.fetch();
  return [new Date(at).toISOString(), table.process, { console: 1 }, "setTimeout(1)"];
};\n`,
    },
    complaint: undefined,
  },
  ...["Bun.spawn(['a'])", "Bun.$`a`", "Bun['spawnSync'](['a'])"].map((code): Planted => {
    const text = `${PLAIN}export const a = ${code};\n`;
    const complaint = "only supervisor/spawn.ts";
    return { name: code, rule: "onlySpawnSpawns", files: { "upstream/a.ts": text }, complaint };
  }),
  ...["node:child_process", "child_process", "node:cluster"].map((name): Planted => {
    const files = { "runtime/a.ts": imports(name) };
    return { name, rule: "onlySpawnSpawns", files, complaint: "only supervisor/spawn.ts" };
  }),
  {
    name: "a spawn imported from bun under another name",
    rule: "onlySpawnSpawns",
    files: { "runtime/a.ts": `${PLAIN}import { spawn as x } from "bun";\nx(["a"]);\n` },
    complaint: "uses bun:spawn",
  },
  {
    name: "nothing against the file that spawns",
    rule: "onlySpawnSpawns",
    files: { "supervisor/spawn.ts": `${PLAIN}export const a = Bun.spawn(["a"]);\n` },
    complaint: undefined,
  },
  ...["process.env.HOME", "Bun.env.HOME", "import.meta.env.HOME"].map((code): Planted => {
    const text = `${PLAIN}export const a = ${code};\n`;
    const files = { "cli/a.ts": text };
    return { name: code, rule: "onlyMainReadsEnvironment", files, complaint: "only main.ts may" };
  }),
  {
    name: "nothing against main.ts",
    rule: "onlyMainReadsEnvironment",
    files: { "main.ts": `${PLAIN}export const a = process.env;\n` },
    complaint: undefined,
  },
  {
    name: "hono outside http/",
    rule: "onlyHttpImportsHono",
    files: { "transport/a.ts": importsType("hono/types"), "http/b.ts": imports("hono") },
    complaint: "transport/a.ts imports hono/types",
  },
  {
    name: "301 lines",
    rule: "filesKeepTheirShape",
    files: { "wire/a.ts": `${PURE}${"export {};\n".repeat(300)}` },
    complaint: "has 301 lines",
  },
  {
    name: "no header",
    rule: "filesKeepTheirShape",
    files: { "wire/a.ts": "export const a = 1;\n" },
    complaint: "no header comment",
  },
  {
    name: "a default export",
    rule: "filesKeepTheirShape",
    files: { "wire/a.ts": `${PURE}export default function a() {}\n` },
    complaint: "default export",
  },
  {
    name: "a barrel",
    rule: "filesKeepTheirShape",
    files: { "wire/a.ts": `${PURE}export * from "./b.ts";\n` },
    complaint: "exports again",
  },
];

describe("a planted violation", () => {
  for (const { name, rule, files: texts, complaint } of planted) {
    test(`${rule} ${complaint === undefined ? "says" : "catches"} ${name}`, () => {
      const facts = Object.entries(texts).map(([path, text]) => factsOf(path, text));
      const complaints = rules[rule](facts, house);
      if (complaint === undefined) expect(complaints).toEqual([]);
      else expect(complaints.join("\n")).toContain(complaint);
    });
  }

  test("a circle of rows in the map is caught", () => {
    const map = { ...house.map, kernel: ["codec"] };
    expect(importsAreAcyclic([], { ...house, map }).join()).toContain("rooms in a circle");
  });
});
