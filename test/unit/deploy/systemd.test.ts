/** The systemd unit: what depends on how it is asked for. */
import { expect, test } from "bun:test";
import { systemdUnit, type UnitOptions } from "../../../src/deploy/systemd.ts";

const base: UnitOptions = {
  executable: "/usr/local/bin/remote-mcp-proxy",
  configFile: "/etc/remote-mcp-proxy/config.json",
  user: undefined,
  credentials: [],
};
const lines = (options: Partial<UnitOptions>) => systemdUnit({ ...base, ...options }).split("\n");

test("systemd makes a user unless one is named", () => {
  expect(lines({})).toContain("DynamicUser=yes");
  expect(lines({ user: "mcp" })).toContain("User=mcp");
  expect(lines({ user: "mcp" })).not.toContain("DynamicUser=yes");
});

test("credentials are loaded one by one", () => {
  const found = lines({ credentials: ["github:/etc/keys/github", "db"] });
  expect(found).toContain("LoadCredential=github:/etc/keys/github");
  expect(found).toContain("LoadCredential=db");
});

test("a path with what systemd reads as its own stays a path", () => {
  expect(lines({ configFile: "/srv/100% $mine/c.json" })).toContain(
    'ExecStart=/usr/local/bin/remote-mcp-proxy serve --config "/srv/100%% $$mine/c.json"',
  );
});

test("memory that is written stays executable, since JavaScript is compiled at run time", () => {
  expect(systemdUnit(base)).not.toContain("MemoryDenyWriteExecute");
});
