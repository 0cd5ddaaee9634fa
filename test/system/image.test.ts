/**
 * The image without a container engine: what the Dockerfile says is done to the root file system of
 * its base image, and the executable runs in it as a container would run it: as PID 1, uid 65532, with
 * a read-only root, without a shell. Servers of npm are installed and called.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { environmentOf, instructionsOf, parseDockerfile } from "../helpers/dockerfile.ts";
import { gatewayCommand, RunningGateway } from "../helpers/gateway.ts";
import { alive, descendants, killPid, parentOf, zombiesOf } from "../helpers/processes.ts";
import { Registry } from "../helpers/registry.ts";
import { connectV1, textOfResult } from "../helpers/sdk.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { SOON_MS, until, withDeadline } from "../helpers/wait.ts";
import { NPM_SERVERS } from "../helpers/npm-servers.ts";
import { BASE_ENV, makeImageRoot, USER } from "./image-root.ts";

const repository = join(import.meta.dirname, "..", "..");
const stages = parseDockerfile(readFileSync(join(repository, "Dockerfile"), "utf8"));
const final = stages.at(-1);
const [binary = ""] = gatewayCommand(true);
const INSTALL_MS = 60_000;

describe("the Dockerfile", () => {
  const build = stages.find(({ name }) => name === "build");

  test("ends with the distroless image, and has a full one beside it", () => {
    expect(final).toMatchObject({
      from: "gcr.io/distroless/base-debian12:nonroot",
      name: "distroless",
    });
    const full = stages.find(({ name }) => name === "full");
    for (const keyword of ["EXPOSE", "USER", "VOLUME", "HEALTHCHECK", "ENTRYPOINT"]) {
      expect(instructionsOf(full, keyword)).toEqual(instructionsOf(final, keyword));
      expect(instructionsOf(final, keyword)).toHaveLength(1);
    }
    expect(environmentOf(full)).toMatchObject(environmentOf(final));
    // There is no shell in it: nothing is in the shell form.
    expect(instructionsOf(final, "RUN")).toEqual([]);
  });

  test("copies all that the build takes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-build-"));
    try {
      for (const { words } of instructionsOf(build, "COPY")) {
        for (const source of words.slice(0, -1)) {
          cpSync(join(repository, source), join(folder, source), { recursive: true });
        }
      }
      symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
      const out = join(folder, "built");
      const child = Bun.spawn([process.execPath, "scripts/build.ts", "--outfile", out], {
        cwd: folder,
        stdio: ["ignore", "ignore", "pipe"],
      });
      const done = Promise.all([child.exited, child.stderr.text()]);
      const [exitCode, stderr] = await withDeadline(done, INSTALL_MS, "the build");
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      expect(existsSync(out)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const config = {
  mcpServers: NPM_SERVERS,
  proxy: { auth: { allowInsecure: true } },
};

/**
 * As a container engine does it, in the folder that holds `root`: a new volume begins with what the
 * image has in its place. All mounts end with the namespace.
 */
const enter = `set -e
cd "$IMAGE"
mount --bind root root
mount -t proc proc root/proc
mount -t tmpfs -o mode=755 dev root/dev
mknod -m 666 root/dev/null c 1 3
mknod -m 666 root/dev/zero c 1 5
mknod -m 666 root/dev/random c 1 8
mknod -m 666 root/dev/urandom c 1 9
for volume in $VOLUMES; do
  owner=$(stat -c uid=%u,gid=%g "root$volume")
  mkdir -p fresh
  mount -t tmpfs -o "size=1g,mode=755,$owner" volume fresh
  cp -a "root$volume/." fresh
  mount --move fresh "root$volume"
done
mount -o remount,bind,ro root
exec env -i "$@"`;

describe("the image", () => {
  const registry = new Registry([], true);
  let folder = "";
  let root = "";

  beforeAll(async () => {
    const built = (path: string): string => {
      if (path === "/build/dist/remote-mcp-proxy") return resolve(binary);
      const empty = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-empty-"));
      expect(path).toBe("/empty");
      return empty;
    };
    ({ folder, root } = await makeImageRoot(final, built));
    writeFileSync(join(root, "config/config.json"), JSON.stringify(config));
  }, 2 * INSTALL_MS);
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const imageEnv = { ...BASE_ENV, ...environmentOf(final) };
  const entrypoint = instructionsOf(final, "ENTRYPOINT")[0]?.words ?? [];
  const runAs = instructionsOf(final, "USER")[0]?.words[0] ?? "";
  const volumes = instructionsOf(final, "VOLUME")[0]?.words ?? [];

  /** `docker run --read-only -e …`, with the words behind the entry point. */
  function runImage(env: Record<string, string>): RunningGateway {
    const variables = Object.entries({ ...imageEnv, ...env }).map((pair) => pair.join("="));
    const inside = ["/usr/sbin/chroot", `--userspec=${runAs}`, "--groups=", "root", ...entrypoint];
    const apart = [
      "unshare",
      "--pid",
      "--fork",
      "--mount",
      "--kill-child",
      "--",
      "sh",
      "-c",
      enter,
    ];
    return new RunningGateway([...apart, "enter", ...variables, ...inside], makeFolder(), {
      PATH: process.env["PATH"] ?? "",
      IMAGE: folder,
      VOLUMES: volumes.join(" "),
    });
  }

  test(
    "runs as the user that it names, on a read-only root, and serves packages of npm",
    async () => {
      for (const path of ["bin/sh", "usr/bin/env", "usr/bin/node"])
        expect(existsSync(join(root, path))).toBe(false);
      const gateway = runImage({ PORT: "0", NPM_CONFIG_REGISTRY: registry.url });
      try {
        await gateway.listening(SOON_MS);
        const pid = descendants(gateway.pid).find((each) => parentOf(each) === gateway.pid) ?? 0;
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
        expect(status).toMatch(new RegExp(`^Uid:\t${USER}\t${USER}\t`, "m"));
        // Its network is that of the host here: it listens on all addresses.
        const port = gateway.port.toString(16).toUpperCase().padStart(4, "0");
        expect(readFileSync("/proc/net/tcp", "utf8")).toContain(
          ` 00000000:${port} 00000000:0000 0A`,
        );
        const mounts = readFileSync(`/proc/${pid}/mountinfo`, "utf8");
        expect(mounts).toMatch(/^\d+ \d+ \S+ \S+ \/ ro[, ]/m);

        const url = (server: string) => `http://127.0.0.1:${gateway.port}/${server}/mcp`;
        const memory = await until(() => connectV1(url("memory")).catch(() => undefined), {
          deadlineMs: INSTALL_MS,
          what: "the packages are installed and started",
        });
        const entities = [{ name: "tea", entityType: "drink", observations: ["hot"] }];
        await memory.client.callTool({ name: "create_entities", arguments: { entities } });
        const graph = await memory.client.callTool({ name: "read_graph", arguments: {} });
        expect(textOfResult(graph)).toContain('"tea"');
        const files = await connectV1(url("files"));
        const target = { path: "/data/servers/files/a.txt", content: "hello" };
        await files.client.callTool({ name: "write_file", arguments: target });
        const { path } = target;
        const read = await files.client.callTool({ name: "read_text_file", arguments: { path } });
        expect(textOfResult(read)).toBe("hello");
        await Promise.all([memory.client.close(), files.client.close()]);

        // Each server is one process, the executable itself.
        const children = descendants(pid).filter((each) => parentOf(each) === pid);
        for (const child of children) {
          const line = readFileSync(`/proc/${child}/cmdline`, "utf8");
          expect(line).toStartWith("/usr/local/bin/remote-mcp-proxy\0");
        }
        expect(existsSync(`/proc/${pid}/root/logs/system.log`)).toBe(true);

        // The health check of the image, as the engine runs it.
        const check = instructionsOf(final, "HEALTHCHECK")[0]?.words ?? [];
        const health = Bun.spawn(
          [
            "nsenter",
            "-t",
            String(pid),
            "-m",
            "-p",
            "-r",
            "-w",
            "-S",
            String(USER),
            "-G",
            String(USER),
            "--",
            ...check,
          ],
          {
            env: { ...imageEnv, PORT: String(gateway.port) },
            stdio: ["ignore", "pipe", "inherit"],
          },
        );
        const [exitCode, text] = await withDeadline(
          Promise.all([health.exited, health.stdout.text()]),
          SOON_MS,
          "the health check",
        );
        expect(text).toContain("/health: 200");
        expect(exitCode).toBe(0);

        // A server that is killed is reaped and comes again.
        const [victim = 0] = children;
        killPid(victim);
        await until(() => !existsSync(`/proc/${victim}`), {
          what: "the server that ended is no zombie",
        });
        expect(zombiesOf(pid)).toEqual([]);

        const all = descendants(pid);
        process.kill(pid, "SIGTERM");
        expect((await gateway.ended()).exitCode).toBe(0);
        await until(() => !all.some(alive), { what: "the namespace is empty" });
        expect(gateway.stderr).not.toMatch(/ ERROR /);
      } finally {
        await gateway.kill();
      }
    },
    3 * INSTALL_MS,
  );

  test(
    "starts what prefetch has put into its data folder without any registry",
    async () => {
      // As `RUN [… "prefetch"]` on top of it: the volume begins with what the image has there.
      const prefetch = Bun.spawn(
        [resolve(binary), "prefetch", "--config", join(root, "config/config.json")],
        {
          env: {
            PATH: "/nonexistent",
            HOME: folder,
            DATA_DIR: join(folder, "data"),
            NPM_CONFIG_REGISTRY: registry.url,
          },
          stdio: ["ignore", "pipe", "ignore"],
        },
      );
      const words = await withDeadline(prefetch.stdout.text(), INSTALL_MS, "prefetch");
      expect(words).toMatch(/^memory: @modelcontextprotocol\/server-memory \d/);
      expect(await prefetch.exited).toBe(0);
      const image = join(root, "data");
      cpSync(join(folder, "data"), image, { recursive: true, verbatimSymlinks: true });
      Bun.spawnSync(["chown", "-R", runAs, image]);
      const gateway = runImage({
        PORT: "0",
        NPM_CONFIG_REGISTRY: "http://127.0.0.1:1/",
      });
      try {
        await gateway.listening(SOON_MS);
        await gateway.untilLogged(/\[memory\] shared: starting → ready/, INSTALL_MS);
      } finally {
        await gateway.kill();
      }
    },
    3 * INSTALL_MS,
  );
});
