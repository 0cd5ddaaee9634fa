/** The folder of all that is kept, on a real disk: one secret for all, and documents that are whole. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DataFolder, openDataFolder } from "../../../src/runtime/data-folder.ts";
import { withDeadline } from "../../helpers/wait.ts";

const base = mkdtempSync(join(tmpdir(), "data-folder-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;

class World {
  readonly root = join(base, String(++count), "data");
  readonly notices: string[] = [];
  readonly secretPath = join(this.root, "key", "secret");

  open(): DataFolder {
    return openDataFolder(
      this.root,
      (event) => {
        if (event.kind === "gateway.notice") this.notices.push(event.message);
      },
      Date.now,
    );
  }

  path(name: string): string {
    return join(this.root, name);
  }
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes);

describe("the secret", () => {
  test("is made once, for this user only, and is the same at every start", () => {
    const world = new World();
    const { secret, isPersistent } = world.open();
    expect([secret.length, isPersistent, world.notices]).toEqual([32, true, []]);
    expect([modeOf(world.root), modeOf(world.path("key")), modeOf(world.secretPath)]).toEqual([
      0o700, 0o700, 0o600,
    ]);
    expect(hex(world.open().secret)).toBe(hex(secret));
    expect(readdirSync(world.root)).toEqual(["key"]);
    expect(hex(new World().open().secret)).not.toBe(hex(secret));
  });

  test("is one for gateways that start at the same moment", async () => {
    const world = new World();
    const entry = join(import.meta.dir, "data-folder-entry.ts");
    const starts = Array.from({ length: 5 }, () =>
      Bun.spawn([process.execPath, entry, world.root], { stdin: "pipe", stdout: "pipe" }),
    );
    try {
      const readers = starts.map(({ stdout }) => stdout.getReader());
      const firsts = readers.map((reader) => reader.read());
      await withDeadline(Promise.all(firsts), 20_000, "all are ready");
      for (const { stdin } of starts) {
        await stdin.write("go\n");
        await stdin.end();
      }
      const seconds = Promise.all(readers.map((reader) => reader.read()));
      const texts = await withDeadline(seconds, 20_000, "all have a secret");
      const secrets = new Set(texts.map(({ value }) => textOf(value)));
      expect([...secrets]).toEqual([`${readFileSync(world.secretPath, "hex")}\n`]);
      expect(readdirSync(world.root)).toEqual(["key"]);
    } finally {
      for (const start of starts) start.kill("SIGKILL");
      await Promise.all(starts.map(({ exited }) => exited));
    }
  });

  const broken: readonly [reason: string, spoil: (world: World) => void][] = [
    ["is empty", (world) => writeFileSync(world.secretPath, "")],
    ["is too long", (world) => writeFileSync(world.secretPath, new Uint8Array(33))],
    [
      "is missing in a folder with other things",
      (world) => {
        rmSync(world.secretPath);
        writeFileSync(join(world.path("key"), "notes.txt"), "mine");
      },
    ],
    [
      "has a file in the place of its folder",
      (world) => {
        rmSync(world.path("key"), { recursive: true });
        writeFileSync(world.path("key"), "mine");
      },
    ],
    [
      "is a folder",
      (world) => {
        rmSync(world.secretPath);
        mkdirSync(world.secretPath);
      },
    ],
  ];
  for (const [reason, spoil] of broken) {
    test(`that ${reason} is set aside, not deleted, and a new one is made`, () => {
      const world = new World();
      const old = world.open().secret;
      spoil(world);
      const { secret } = world.open();
      expect([secret.length, hex(secret) === hex(old)]).toEqual([32, false]);
      expect(world.notices.join()).toContain("holds no secret of ours");
      expect(readdirSync(world.root).filter((name) => name.startsWith("key-broken-"))).toHaveLength(
        1,
      );
      expect(hex(world.open().secret)).toBe(hex(secret));
    });
  }

  test("in an empty folder of its name is made there", () => {
    const world = new World();
    mkdirSync(world.path("key"), { recursive: true });
    expect([world.open().secret.length, modeOf(world.path("key"))]).toEqual([32, 0o700]);
  });

  test("that others could read is closed to them, and that is said", () => {
    const world = new World();
    world.open();
    chmodSync(world.secretPath, 0o644);
    world.open();
    expect(modeOf(world.secretPath)).toBe(0o600);
    expect(world.notices.join()).toContain("was open to other users");
  });
});

describe("a folder that cannot be used", () => {
  test("costs what would be kept, not the start", async () => {
    const notices: string[] = [];
    const file = join(base, "file");
    writeFileSync(file, "");
    const folder = openDataFolder(
      join(file, "data"),
      (event) => {
        if (event.kind === "gateway.notice") notices.push(event.message);
      },
      Date.now,
    );
    await folder.write("a", bytesOf("{}"));
    expect([folder.secret.length, folder.isPersistent, folder.read("a", 10)]).toEqual([
      32,
      false,
      undefined,
    ]);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain("nothing is kept between runs");
  });
});

describe("a document", () => {
  test("comes back byte for byte, for this user only", async () => {
    const world = new World();
    const text = '{"n": 1.0,\n"é":"\\u00e9"}\n';
    await world.open().write("profiles/echo-1", bytesOf(text));
    expect(textOf(world.open().read("profiles/echo-1", 1_000))).toBe(text);
    const path = world.path("profiles/echo-1.json");
    expect([modeOf(path), modeOf(world.path("profiles"))]).toEqual([0o600, 0o700]);
    expect(readdirSync(world.path("profiles"))).toEqual(["echo-1.json"]);
    expect(world.notices).toEqual([]);
  });

  test("that was never written is none, without a word", () => {
    const world = new World();
    expect(world.open().read("profiles/echo", 1_000)).toBeUndefined();
    expect(world.notices).toEqual([]);
  });

  const rows: readonly [reason: string, content: string | undefined, words: string][] = [
    ["is cut", '{"a":', "is no JSON object"],
    ["is empty", "", "is no JSON object"],
    ["is a list", "[]", "is no JSON object"],
    ["is too long", `{"a":"${"x".repeat(100)}"}`, "is longer than 50 bytes"],
    ["is a folder", undefined, "is no file"],
  ];
  for (const [reason, content, words] of rows) {
    test(`that ${reason} is ignored, and that is said`, async () => {
      const world = new World();
      const folder = world.open();
      const path = world.path("a.json");
      if (content === undefined) mkdirSync(path);
      else writeFileSync(path, content);
      expect(folder.read("a", 50)).toBeUndefined();
      expect(world.notices.join()).toContain(words);
      if (content === undefined) return;
      await folder.write("a", bytesOf("{}"));
      expect(textOf(folder.read("a", 50))).toBe("{}");
    });
  }

  test("is never seen half, whoever writes at the same time", async () => {
    const world = new World();
    const folders = [world.open(), world.open()];
    const texts = ["a", "b"].map((letter) => `{"x":"${letter.repeat(200_000)}"}`);
    await folders[0]?.write("a", bytesOf(texts[0] ?? ""));
    let isDone = false;
    const writes = folders.map(async (folder, n) => {
      for (let i = 0; i < 10; i++) await folder.write("a", bytesOf(texts[n] ?? ""));
    });
    const all = Promise.all(writes).finally(() => {
      isDone = true;
    });
    let reads = 0;
    while (!isDone) {
      expect(texts).toContain(readFileSync(world.path("a.json"), "utf8"));
      reads += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await all;
    expect(reads).toBeGreaterThan(3);
    expect(readdirSync(world.root).sort()).toEqual(["a.json", "key"]);
  });

  test("that cannot be written leaves the old one and nothing half done", async () => {
    const world = new World();
    const folder = world.open();
    mkdirSync(world.path("a.json/full"), { recursive: true });
    const outcome = await folder.write("a", bytesOf("{}")).then(
      () => "written",
      () => "failed",
    );
    expect(outcome).toBe("failed");
    expect(readdirSync(world.root).sort()).toEqual(["a.json", "key"]);
    expect(existsSync(world.path("a.json/full"))).toBe(true);
  });

  test("half written by a gateway that was killed is cleared away later", async () => {
    const world = new World();
    world.open();
    const paths = ["old", "new"].map((name) => world.path(`b.json.${name}.unfinished`));
    for (const path of paths) writeFileSync(path, "{");
    const hoursAgo = new Date(Date.now() - 2 * 60 * 60_000);
    utimesSync(paths[0] ?? "", hoursAgo, hoursAgo);
    await world.open().write("a", bytesOf("{}"));
    expect(paths.map((path) => existsSync(path))).toEqual([false, true]);
  });

  for (const name of ["../a", "/a", "a/../b", "", "A", "a.b", "a//b"]) {
    test(`cannot be called ${JSON.stringify(name)}`, () => {
      expect(() => new World().open().read(name, 10)).toThrow(RangeError);
    });
  }
});
