/**
 * A config file that is mounted alone, as containers mount single files: an edit in place on the other
 * side causes no event in the folder of this one, and still it is noticed.
 */
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixtureServer } from "../helpers/fixtures.ts";
import { gatewayCommand, RunningGateway } from "../helpers/gateway.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { SOON_MS } from "../helpers/wait.ts";

const config = (...names: readonly string[]): string =>
  JSON.stringify({
    mcpServers: Object.fromEntries(names.map((name) => [name, fixtureServer("echo")])),
  });

test("an edit in place behind a bind mount of the file", async () => {
  const folder = makeFolder({ "outside.json": config("one") });
  const outside = join(folder, "outside.json");
  const inside = join(folder, "mounted", "config.json");
  mkdirSync(join(folder, "mounted"));
  writeFileSync(inside, "");
  const enter = `mount --bind "$1" "$2" && shift 2 && exec "$@"`;
  const gateway = new RunningGateway(
    ["unshare", "--mount", "--", "sh", "-c", enter, "enter", outside, inside].concat([
      ...gatewayCommand(true),
      ...["serve", "--port", "0", "--config", inside],
    ]),
    folder,
    { PATH: process.env["PATH"] ?? "", HOME: folder, DATA_DIR: join(folder, "data") },
  );
  try {
    await gateway.listening(SOON_MS);
    for (const [number, names] of [
      ["one", "two"],
      ["two", "three"],
    ].entries()) {
      writeFileSync(outside, config(...names));
      const said = await gateway.untilLogged(
        new RegExp(`configuration read again .*: started ${names[1] ?? ""}`),
      );
      expect(said).toContain(number === 0 ? "started two" : "stopped one");
    }
    expect(readFileSync(inside, "utf8")).toBe("");
    await gateway.stop();
  } finally {
    await gateway.kill();
  }
});
