/**
 * A gateway on a machine without Node: its servers have a PATH that holds nothing, a home with the
 * settings of npm that point to a registry of the test's own, and a data folder that outlives it.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, type Members } from "../../helpers/raw-http.ts";
import { RawSession } from "../../helpers/raw-session.ts";
import type { Registry } from "../../helpers/registry.ts";

/** Folders of a machine; gone with `await using`. */
export class Machine implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-machine-"));
  readonly home = join(this.folder, "home");
  readonly data = join(this.folder, "data");
  /** Where servers work. */
  readonly work = join(this.folder, "work");

  constructor(registry?: Registry) {
    for (const each of [this.home, this.data, this.work]) mkdirSync(each);
    if (registry !== undefined)
      writeFileSync(join(this.home, ".npmrc"), `registry=${registry.url}\n`);
  }

  /** Starts a gateway with these servers; each works in `work` unless it says otherwise. */
  start(
    servers: Readonly<Record<string, object>>,
    more: { readonly env?: Readonly<Record<string, string>>; readonly proxy?: object } = {},
  ): Promise<RunningGateway> {
    const entries = Object.entries(servers).map(([name, entry]) => [
      name,
      { cwd: this.work, ...entry },
    ]);
    return startGateway({
      config: { mcpServers: Object.fromEntries(entries), proxy: more.proxy ?? {} },
      env: {
        PATH: join(this.folder, "nothing"),
        HOME: this.home,
        DATA_DIR: this.data,
        BUN_CONFIG_HTTP_RETRY_COUNT: "0",
        ...more.env,
      },
    });
  }

  /** The folders of installed packages of a server. */
  places(server: string): readonly string[] {
    const packages = join(this.data, "packages");
    return readdirSync(packages)
      .filter((name) => name.startsWith(`${server}-`))
      .map((name) => join(packages, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve(rmSync(this.folder, { recursive: true, force: true }));
  }
}

/** An entry that npx would run. */
export function npx(...args: readonly string[]): { command: string; args: readonly string[] } {
  return { command: "npx", args: ["-y", ...args] };
}

/** What the test package says of the process that it runs in. */
export async function whereOf(gateway: RunningGateway, server: string): Promise<Members> {
  const session = await RawSession.open(gateway.mcp(server));
  return jsonOf(await session.call("where"));
}
