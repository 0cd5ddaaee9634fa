/**
 * The root file system of the image, made as the Dockerfile says: on top of what the distroless base
 * image is made of, the same Debian packages, unpacked and nothing else.
 */
import {
  chmodSync,
  chownSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { instructionsOf, type Stage } from "../helpers/dockerfile.ts";
import { withDeadline } from "../helpers/wait.ts";

/** What `gcr.io/distroless/base-debian12` is made of. */
const PACKAGES = ["base-files", "ca-certificates", "libc6", "libssl3", "netbase", "tzdata"];
/** The user `nonroot` of it. */
export const USER = 65_532;
const DOWNLOAD_MS = 120_000;

/** What the base image brings of variables. */
export const BASE_ENV: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
  HOME: "/home/nonroot",
};

/**
 * Makes it in a new folder. `built` says where a path of the build stage is here.
 * @throws Error when the packages cannot be had
 */
export async function makeImageRoot(
  stage: Stage | undefined,
  built: (path: string) => string,
): Promise<{ readonly folder: string; readonly root: string }> {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-image-"));
  const root = join(folder, "root");
  const downloads = join(folder, "packages");
  for (const each of [root, downloads]) mkdirSync(each);
  await runOrThrow(["apt-get", "download", "-q", ...PACKAGES], downloads);
  for (const file of globSync(join(downloads, "*.deb"))) {
    await runOrThrow(["dpkg-deb", "-x", file, root], folder);
  }
  rmSync(downloads, { recursive: true });
  const etc = (name: string, text: string): void => {
    mkdirSync(dirname(join(root, "etc", name)), { recursive: true });
    writeFileSync(join(root, "etc", name), text);
  };
  etc("passwd", `nonroot:x:${USER}:${USER}:nonroot:/home/nonroot:/sbin/nologin\n`);
  etc("group", `nonroot:x:${USER}:\n`);
  etc("nsswitch.conf", "hosts: files dns\n");
  etc("hosts", "127.0.0.1 localhost\n");
  const authorities = globSync(join(root, "usr/share/ca-certificates/**/*.crt"));
  etc("ssl/certs/ca-certificates.crt", authorities.map((file) => readFileSync(file)).join("\n"));
  for (const path of ["home/nonroot", "proc", "dev", "tmp", "config"])
    mkdirSync(join(root, path), { recursive: true });
  chownSync(join(root, "home/nonroot"), USER, USER);
  for (const { options, words } of instructionsOf(stage, "COPY")) {
    const [source = "", target = ""] = words;
    const to = join(root, target);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(built(source), to, { recursive: true });
    const [uid = 0, gid = uid] = (options["chown"] ?? "0").split(":").map(Number);
    chownSync(to, uid, gid);
    if (options["chown"] !== undefined) chmodSync(to, 0o755);
  }
  return { folder, root };
}

async function runOrThrow(command: readonly string[], cwd: string): Promise<void> {
  const child = Bun.spawn([...command], { cwd, stdio: ["ignore", "ignore", "pipe"] });
  const [exitCode, stderr] = await withDeadline(
    Promise.all([child.exited, child.stderr.text()]),
    DOWNLOAD_MS,
    command.join(" "),
  );
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
}
