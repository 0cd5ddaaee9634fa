/** Every way in which people and programs replace a config file is noticed. */
import { expect, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway, type RunningGateway } from "../../helpers/gateway.ts";
import { makeFolder, serve } from "../../helpers/run-program.ts";
import { configFileOf, readings, untilRead } from "./config-file.ts";

const config = (name: string): string =>
  JSON.stringify({ mcpServers: { [name]: fixtureServer("echo") } });

/** Replaces the file at `path` as editors do: a new file beside it takes its name. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** The two, one after the other and more than once: a watch that follows only once is none. */
test("a file that is renamed into place, again and again, and one that is written in place", async () => {
  await using gateway = await startGateway({ config: config("zero") });
  const path = configFileOf(gateway);
  const steps: readonly (readonly [string, (text: string) => void])[] = [
    ["one", (text) => replace(path, text)],
    ["two", (text) => writeFileSync(path, text)],
    ["three", (text) => replace(path, text)],
    ["four", (text) => replace(path, text)],
    [
      "five",
      (text) => {
        unlinkSync(path);
        writeFileSync(path, text);
      },
    ],
    ["six", (text) => writeFileSync(path, text)],
  ];
  let before = "zero";
  for (const [name, change] of steps) {
    const said = await untilRead(gateway, () => change(config(name)));
    expect(said).toEndWith(`: started ${name}; stopped ${before}`);
    before = name;
  }
});

test("a burst of writes is read once, when it is over", async () => {
  await using gateway = await startGateway({ config: config("zero") });
  const path = configFileOf(gateway);
  const said = await untilRead(gateway, () => {
    writeFileSync(path, "");
    for (const part of config("one").match(/[^]{1,20}/g) ?? []) appendFileSync(path, part);
  });
  expect(said).toEndWith(": started one; stopped zero");
  expect(readings(gateway)).toBe(1);
});

/** A gateway whose config file is a link, made by `prepare` in a folder of its own. */
async function serveLink(prepare: (folder: string) => string): Promise<RunningGateway> {
  const folder = makeFolder({});
  const path = prepare(folder);
  return serve(["--port", "0", "--config", path], { files: {}, env: { FOLDER: folder } });
}

test("the ..data link that Kubernetes turns", async () => {
  let volume = "";
  const gateway = await serveLink((folder) => {
    volume = folder;
    mkdirSync(join(folder, "..2026_01"));
    writeFileSync(join(folder, "..2026_01", "config.json"), config("zero"));
    symlinkSync("..2026_01", join(folder, "..data"));
    symlinkSync("..data/config.json", join(folder, "config.json"));
    return join(folder, "config.json");
  });
  try {
    let before = "zero";
    for (const name of ["one", "two"]) {
      const said = await untilRead(gateway, () => {
        mkdirSync(join(volume, `..2026_${name}`));
        writeFileSync(join(volume, `..2026_${name}`, "config.json"), config(name));
        symlinkSync(`..2026_${name}`, join(volume, "..data_tmp"));
        renameSync(join(volume, "..data_tmp"), join(volume, "..data"));
        rmSync(join(volume, "..2026_01"), { recursive: true, force: true });
      });
      expect(said).toEndWith(`: started ${name}; stopped ${before}`);
      before = name;
    }
  } finally {
    await gateway.stop();
    rmSync(volume, { recursive: true });
  }
});

test("the target of a link in another folder, written in place and replaced", async () => {
  let target = "";
  const gateway = await serveLink((folder) => {
    mkdirSync(join(folder, "here"));
    mkdirSync(join(folder, "there"));
    target = join(folder, "there", "servers.json");
    writeFileSync(target, config("zero"));
    symlinkSync(target, join(folder, "here", "config.json"));
    return join(folder, "here", "config.json");
  });
  try {
    const written = await untilRead(gateway, () => writeFileSync(target, config("one")));
    expect(written).toEndWith(": started one; stopped zero");
    const replaced = await untilRead(gateway, () => replace(target, config("two")));
    expect(replaced).toEndWith(": started two; stopped one");
  } finally {
    await gateway.stop();
    rmSync(dirname(dirname(target)), { recursive: true });
  }
});

test("a file that is only touched beside others in its folder is not read", async () => {
  await using gateway = await startGateway({ config: config("zero") });
  writeFileSync(join(gateway.folder, "other.json"), "{}");
  const said = await untilRead(gateway, () => replace(configFileOf(gateway), config("one")));
  expect(said).toEndWith(": started one; stopped zero");
  expect(readings(gateway)).toBe(1);
});
