/**
 * A package registry on 127.0.0.1: packages that a test makes up, or those that are installed in this
 * repository, as the registry would serve them. It counts what it is asked for, and can be slow, down
 * or broken.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A version of a package: its files by path; package.json gets name and version by itself. */
export interface FakePackage {
  readonly name: string;
  readonly version: string;
  readonly manifest?: object;
  readonly files?: Readonly<Record<string, string>>;
}

/** What goes wrong: every answer is 503, or tarballs are not what was promised. */
export type RegistryFault = "down" | "corrupt" | undefined;

const repository = join(import.meta.dirname, "..", "..");

/** A registry that runs; `await using` ends it. */
export class Registry implements AsyncDisposable {
  readonly #server: Bun.Server<undefined>;
  readonly #packages = new Map<string, Map<string, FakePackage>>();
  /** Paths that were asked for, in order. */
  readonly asked: string[] = [];
  /** The Authorization header of each, in order. */
  readonly authorizations: (string | null)[] = [];
  fault: RegistryFault;
  /** Every answer waits for this. */
  held: Promise<void> = Promise.resolve();
  /** True: packages of this repository's own node_modules are served too. */
  readonly #mirrors: boolean;

  constructor(packages: readonly FakePackage[] = [], mirrors = false) {
    this.#mirrors = mirrors;
    for (const each of packages) this.publish(each);
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      development: false,
      fetch: (request) => this.#answer(request),
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/`;
  }

  /** Manifests that were asked for. */
  get resolutions(): readonly string[] {
    return this.asked.filter((path) => !path.endsWith(".tgz"));
  }

  /** Adds a version; the last one published is `latest`. */
  publish(one: FakePackage): void {
    const versions = this.#packages.get(one.name) ?? new Map<string, FakePackage>();
    versions.set(one.version, one);
    this.#packages.set(one.name, versions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    const path = decodeURIComponent(new URL(request.url).pathname).slice(1);
    this.asked.push(path);
    this.authorizations.push(request.headers.get("authorization"));
    await this.held;
    if (this.fault === "down") return new Response("down", { status: 503 });
    const [, name = path, version] = /^(.+)\/-\/(.+)\.tgz$/.exec(path) ?? [];
    const versions = this.#versionsOf(name);
    if (versions === undefined) return Response.json({ error: "not found" }, { status: 404 });
    if (version === undefined) return Response.json(this.#manifest(name, versions));
    const tarball = versions.get(version);
    if (tarball === undefined) return new Response("not found", { status: 404 });
    return new Response(this.fault === "corrupt" ? "no tarball" : tarOf(tarball));
  }

  #versionsOf(name: string): ReadonlyMap<string, FakePackage> | undefined {
    const known = this.#packages.get(name);
    if (known !== undefined || !this.#mirrors) return known;
    for (const folder of foldersOf(name)) this.publish(installed(folder));
    return this.#packages.get(name);
  }

  #manifest(name: string, versions: ReadonlyMap<string, FakePackage>): object {
    const entries = [...versions.values()].map((each) => {
      const integrity = `sha512-${createHash("sha512").update(tarOf(each)).digest("base64")}`;
      const tarball = `${this.url}${name}/-/${each.version}.tgz`;
      return [each.version, { ...manifestOf(each), dist: { tarball, integrity } }] as const;
    });
    const latest = entries.at(-1)?.[0];
    return { name, "dist-tags": { latest }, versions: Object.fromEntries(entries) };
  }
}

/** A tiny MCP server as a package: it answers `initialize` and has the tool `where`. */
export function serverPackage(version: string, more: Partial<FakePackage> = {}): FakePackage {
  return {
    name: "@test/server",
    version,
    manifest: { bin: { "test-server": "server.js" } },
    files: { "server.js": SERVER },
    ...more,
  };
}

/** Its `where` says what runs it, with which arguments, and which variables it was given. */
const SERVER = `#!/usr/bin/env node
const { version } = require("./package.json");
const where = () => JSON.stringify({
  version, argv: process.argv, cwd: process.cwd(), bun: process.versions.bun, pid: process.pid,
  env: process.env, ppid: process.ppid,
});
const results = {
  initialize: (params) => ({
    protocolVersion: params.protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "test", version },
  }),
  "tools/list": () => ({ tools: [{ name: "where", inputSchema: { type: "object" } }] }),
  "tools/call": () => ({ content: [{ type: "text", text: where() }] }),
};
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const make = results[method];
  const answer = make === undefined
    ? { error: { code: -32601, message: "Method not found" } }
    : { result: make(params) };
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, ...answer }) + "\\n");
});
`;

function manifestOf({ name, version, manifest }: FakePackage): object {
  return { ...manifest, name, version };
}

const tars = new WeakMap<FakePackage, Uint8Array<ArrayBuffer>>();

function tarOf(one: FakePackage): Uint8Array<ArrayBuffer> {
  const known = tars.get(one);
  if (known !== undefined) return known;
  const files = { ...one.files, "package.json": JSON.stringify(manifestOf(one)) };
  const blocks = Object.entries(files).flatMap(([path, text]) =>
    tarEntry(`package/${path}`, Buffer.from(text, "latin1")),
  );
  const tar = Bun.gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
  tars.set(one, tar);
  return tar;
}

/** An entry in the ustar format; a path that is too long for it is put before it as pax does. */
function tarEntry(path: string, content: Buffer): readonly Buffer[] {
  if (path.length > 99) {
    const record = ` path=${path}\n`;
    let length = record.length;
    while (String(length).length + record.length !== length)
      length = String(length).length + record.length;
    const pax = Buffer.from(`${length}${record}`);
    return [...tarBlock("pax", pax, "x"), ...tarBlock(path.slice(-99), content, "0")];
  }
  return tarBlock(path, content, "0");
}

function tarBlock(path: string, content: Buffer, type: string): readonly Buffer[] {
  const header = Buffer.alloc(512);
  const octal = (value: number, width: number): string =>
    `${value.toString(8).padStart(width - 1, "0")}\0`;
  header.write(path, 0);
  header.write(octal(0o755, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(content.length, 12), 124);
  header.write(octal(0, 12), 136);
  header.write(" ".repeat(8), 148);
  header.write(type, 156);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}

/** Where a package is in this repository, once for each version that is installed. */
function foldersOf(name: string): readonly string[] {
  const top = join(repository, "node_modules");
  const nested = readdirSync(top)
    .flatMap((each) =>
      each.startsWith("@") ? readdirSync(join(top, each)).map((one) => `${each}/${one}`) : [each],
    )
    .map((each) => join(top, each, "node_modules", name));
  // The one at the top is the one that counts, and so the last.
  return [...nested, join(top, name)].filter((folder) => existsSync(join(folder, "package.json")));
}

function installed(folder: string): FakePackage {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
  };
  const files: Record<string, string> = {};
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (/(^|\/)node_modules(\/|$)/.test(path) || path === "package.json") continue;
    const whole = join(folder, path);
    if (statSync(whole).isFile()) files[path] = readFileSync(whole, "latin1");
  }
  return { name: manifest.name, version: manifest.version, manifest, files };
}
