/**
 * Commands of README.md and docs/, typed into a shell letter by letter as they stand there. Only what
 * a machine of tests has elsewhere is put in another place: folders of the system, ports, ids, sudo.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gatewayCommand, type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { makeFolder } from "../../helpers/run-program.ts";
import { SOON_MS, withDeadline } from "../../helpers/wait.ts";
import { npmServer } from "../clients/npm-servers.ts";

const memory = { mcpServers: { memory: { command: "sh" } } };
const folders: string[] = [];
let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({ servers: { everything: npmServer("everything") } });
});
afterAll(async () => {
  await gateway.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A working folder where the program is on the PATH, and in dist/ as after a build. */
function place(files: Readonly<Record<string, unknown>>): string {
  const words = gatewayCommand().map((word) => JSON.stringify(word));
  const program = `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`;
  const sudo = '#!/bin/sh\nexec "$@"\n';
  const folder = makeFolder({ "dist/remote-mcp-proxy": program, "bin/sudo": sudo, ...files });
  folders.push(folder);
  for (const path of ["usr/local/bin", "etc/systemd/system", "etc/traefik/dynamic"])
    mkdirSync(join(folder, path), { recursive: true });
  mkdirSync(join(folder, ".config/fish/completions"), { recursive: true });
  for (const path of ["dist/remote-mcp-proxy", "bin/sudo"])
    Bun.spawnSync(["chmod", "755", join(folder, path)]);
  return folder;
}

/** Types a line; what it prints, of both kinds. `from` stands in the document, `to` counts here. */
async function typed(
  folder: string,
  line: string,
  [from, to]: readonly [string, string] = ["", ""],
): Promise<string> {
  const here = line.replace(from, to).replaceAll(/ (?=\/(?:etc|usr)\/)/g, ` ${folder}`);
  const paths = ["dist", "bin"].map((name) => join(folder, name));
  const { PATH = "" } = process.env;
  const child = Bun.spawn(["bash", "-euo", "pipefail", "-c", here], {
    cwd: folder,
    env: { PATH: [...paths, PATH].join(":"), HOME: folder, DATA_DIR: join(folder, "data") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [exitCode, stdout, stderr] = await withDeadline(ended, SOON_MS, line);
  expect({ line, exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({
    line,
    exitCode: 0,
    stderr: "",
  });
  return stdout + stderr;
}

test("README.md: a call without a client", async () => {
  await gateway.untilLogged(/\[everything\].*→ ready/);
  const said = await typed(
    place({}),
    `curl -s http://127.0.0.1:8080/everything/mcp -H 'content-type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"}}}'`,
    ["http://127.0.0.1:8080", gateway.url],
  );
  expect(JSON.parse(said)).toMatchObject({ id: 1, result: { content: [{ text: "Echo: hi" }] } });
});

test("README.md: a file is checked", async () => {
  const folder = place({ "servers.json": memory });
  const said = await typed(folder, "dist/remote-mcp-proxy check --config servers.json");
  expect(said).toContain("The configuration is good.");
});

test("README.md, docs/traefik.md: keys and grants", async () => {
  const folder = place({ "config.json": { ...memory, proxy: { auth: { required: true } } } });
  const made = await typed(
    folder,
    'remote-mcp-proxy key add --note "CI" --servers memory --expires 90d',
  );
  expect(made).toContain("mgk_");
  await typed(folder, "remote-mcp-proxy key add --admin --note traefik");
  const listed = await typed(folder, "remote-mcp-proxy key list");
  const id = /^(\w+) .*CI$/m.exec(listed)?.[1] ?? "";
  expect(listed).toContain("traefik");
  expect(await typed(folder, "remote-mcp-proxy key revoke ID", ["ID", id])).toContain(id);
  expect(await typed(folder, "remote-mcp-proxy key list")).not.toContain(id);
  await typed(folder, "remote-mcp-proxy grant list");
});

test("docs/install.md: from the download to a configuration that is good", async () => {
  const folder = place({ ".cursor/mcp.json": memory });
  const download = readFileSync(join(folder, "dist/remote-mcp-proxy"));
  writeFileSync(join(folder, "remote-mcp-proxy-linux-x64"), download);
  const sum = new Bun.CryptoHasher("sha256").update(download).digest("hex");
  const sums = ["x64", "arm64"].map((name) => `${sum}  remote-mcp-proxy-linux-${name}\n`);
  writeFileSync(join(folder, "SHA256SUMS"), sums.join(""));
  const checked = await typed(folder, "sha256sum --check --ignore-missing SHA256SUMS");
  expect(checked).toBe("remote-mcp-proxy-linux-x64: OK\n");
  await typed(folder, "install -m 755 remote-mcp-proxy-linux-x64 /usr/local/bin/remote-mcp-proxy");
  expect(readFileSync(join(folder, "usr/local/bin/remote-mcp-proxy"))).toEqual(download);
  expect(await typed(folder, "remote-mcp-proxy --version")).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  await typed(folder, "remote-mcp-proxy import > config.json");
  expect(await typed(folder, "remote-mcp-proxy check")).toContain("memory: ");
});

test("docs/install.md: completions", async () => {
  const folder = place({});
  await typed(folder, "source <(remote-mcp-proxy completion bash)");
  await typed(
    folder,
    "remote-mcp-proxy completion fish > ~/.config/fish/completions/remote-mcp-proxy.fish",
  );
  const file = join(folder, ".config/fish/completions/remote-mcp-proxy.fish");
  expect(readFileSync(file, "utf8")).toContain("complete -c remote-mcp-proxy");
});

test("docs/systemd.md: all that is put in place before systemd is asked", async () => {
  const folder = place({ "config.json": memory });
  await typed(folder, "sudo install -m 755 dist/remote-mcp-proxy /usr/local/bin/");
  await typed(folder, "sudo install -d /etc/remote-mcp-proxy");
  await typed(folder, "sudo install -m 644 config.json /etc/remote-mcp-proxy/");
  expect(readFileSync(join(folder, "etc/remote-mcp-proxy/config.json"), "utf8")).toContain(
    "memory",
  );
  await typed(
    folder,
    "remote-mcp-proxy deploy systemd | sudo tee /etc/systemd/system/remote-mcp-proxy.service",
  );
  const unit = readFileSync(join(folder, "etc/systemd/system/remote-mcp-proxy.service"), "utf8");
  expect(unit).toContain(
    "ExecStart=/usr/local/bin/remote-mcp-proxy serve --config /etc/remote-mcp-proxy/config.json",
  );
  const credential = await typed(
    folder,
    "remote-mcp-proxy deploy systemd --credential github:/etc/remote-mcp-proxy/github.token",
  );
  expect(credential).toContain("LoadCredential=github:/etc/remote-mcp-proxy/github.token");
});

test("docs/docker.md: a compose file without npm", async () => {
  const folder = place({ "config.json": memory, ".env": "DOMAIN=example.org\n" });
  await typed(folder, "remote-mcp-proxy deploy compose --build . -o docker-compose.yml");
  const file = readFileSync(join(folder, "docker-compose.yml"), "utf8");
  expect(file).toContain("Host(`memory.mcp.example.org`)");
});

test("README.md, docs/clients.md: what to enter in a client", async () => {
  const folder = place({ "config.json": memory });
  const said = await typed(folder, "remote-mcp-proxy connect memory");
  expect(said).toContain("http://127.0.0.1:8080/memory/mcp");
  await typed(folder, "remote-mcp-proxy key add --note laptop");
});

test("docs/traefik.md: rules for a Traefik that is there", async () => {
  const folder = place({ "config.json": memory });
  await typed(
    folder,
    "remote-mcp-proxy deploy traefik --config config.json --domain example.org --backend http://10.0.0.5:8080 -o /etc/traefik/dynamic/remote-mcp-proxy.yml",
  );
  const rules = readFileSync(join(folder, "etc/traefik/dynamic/remote-mcp-proxy.yml"), "utf8");
  expect(rules).toContain("Host(`memory.mcp.example.org`)");
  expect(rules).toContain("http://10.0.0.5:8080");
});
