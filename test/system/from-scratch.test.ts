/**
 * The executable and a configuration in an otherwise empty root (but for the C library that it
 * names): no Node, no shell, no /dev, no /tmp, no certificates, no user. It installs servers of npm
 * into its data folder and serves them to an SDK client.
 */
import { afterAll, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { gatewayCommand, RunningGateway } from "../helpers/gateway.ts";
import { alive, descendants, parentOf } from "../helpers/processes.ts";
import { Registry } from "../helpers/registry.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { connectV1, textOfResult } from "../helpers/sdk.ts";
import { SOON_MS, until } from "../helpers/wait.ts";
import { NPM_SERVERS } from "../helpers/npm-servers.ts";
import { USER } from "./image-root.ts";

const PROGRAM = "/remote-mcp-proxy";
const INSTALL_MS = 60_000;
const [binary = ""] = gatewayCommand(true);
/** All mounts end with the namespace. */
const enter = `set -e
cd "$EMPTY"
mount --bind root root
mount --bind "$1" "root${PROGRAM}"
mount -t proc proc root/proc
mount -t tmpfs -o size=1g,mode=700,uid=${USER},gid=${USER} data root/var/lib/remote-mcp-proxy
mount -o remount,bind,ro root
shift
exec env -i "$@" /usr/sbin/chroot --userspec=${USER}:${USER} --groups= root ${PROGRAM} --port 0`;

// Found where a service without a home has its file, with data where such a service keeps it.
const folder = makeFolder({ "root/etc/remote-mcp-proxy/config.json": { mcpServers: NPM_SERVERS } });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  "it serves server-memory and server-filesystem",
  async () => {
    await using registry = new Registry([], true);
    const root = join(folder, "root");
    for (const path of ["proc", "var/lib/remote-mcp-proxy"])
      mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(root, PROGRAM), "");
    const listed = await Bun.spawn(["ldd", binary], { stdout: "pipe" }).stdout.text();
    for (const [, library = ""] of listed.matchAll(/(\/\S+) \(0x/g)) {
      mkdirSync(dirname(join(root, library)), { recursive: true });
      cpSync(library, join(root, library), { dereference: true });
    }
    for (const path of ["bin/sh", "usr/bin/env", "tmp", "dev", "etc/passwd", "etc/ssl"])
      expect(existsSync(join(root, path))).toBe(false);

    const apart = ["unshare", "--pid", "--fork", "--mount", "--kill-child", "--", "sh", "-c"];
    const variables = [`NPM_CONFIG_REGISTRY=${registry.url}`];
    const words = [...apart, enter, "enter", resolve(binary), ...variables];
    const env = { PATH: process.env["PATH"] ?? "", EMPTY: folder };
    const gateway = new RunningGateway(words, makeFolder(), env);
    try {
      await gateway.listening(SOON_MS);
      const memory = await until(() => connectV1(gateway.mcp("memory")).catch(() => undefined), {
        deadlineMs: INSTALL_MS,
        what: "the packages are installed and started",
      });
      const entities = [{ name: "tea", entityType: "drink", observations: ["hot"] }];
      await memory.client.callTool({ name: "create_entities", arguments: { entities } });
      const graph = await memory.client.callTool({ name: "read_graph", arguments: {} });
      expect(textOfResult(graph)).toContain('"tea"');
      const files = await connectV1(gateway.mcp("files"));
      const path = "/var/lib/remote-mcp-proxy/servers/files/a.txt";
      await files.client.callTool({ name: "write_file", arguments: { path, content: "hello" } });
      const read = await files.client.callTool({ name: "read_text_file", arguments: { path } });
      expect(textOfResult(read)).toBe("hello");
      await Promise.all([memory.client.close(), files.client.close()]);
      expect(gateway.stderr).not.toMatch(/ (WARNING|ERROR) /);

      const pid = descendants(gateway.pid).find((each) => parentOf(each) === gateway.pid) ?? 0;
      const all = descendants(pid);
      process.kill(pid, "SIGTERM");
      expect((await gateway.ended()).exitCode).toBe(0);
      await until(() => !all.some(alive), { what: "the namespace is empty" });
    } finally {
      await gateway.kill();
    }
  },
  3 * INSTALL_MS,
);
