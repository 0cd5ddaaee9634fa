/**
 * Programs of others that connect to servers, from test/clients: installed there by npm, as its lock
 * file says, when a test first asks for them. Each runs with a home folder of its own.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUN_PRELOAD, programEnv } from "./auth/authority.ts";
import { until, withDeadline } from "./wait.ts";

const folder = join(import.meta.dirname, "..", "clients");
const modules = join(folder, "node_modules");
const INSTALL_MS = 5 * 60_000;

const CLAUDE = join(modules, "@anthropic-ai/claude-code/cli-wrapper.cjs");

/** How each is started. Inspector wants a newer Node than some machines have, and runs on Bun too. */
const PROGRAMS = {
  inspector: [
    process.execPath,
    ...BUN_PRELOAD,
    join(modules, "@modelcontextprotocol/inspector/clients/launcher/build/index.js"),
    "--cli",
  ],
  claude: ["node", CLAUDE],
  /** At a terminal, without which it asks nobody for leave; words without spaces only. */
  "claude at a terminal": ["script", "-qfec"],
  "mcp-remote": ["node", join(modules, "mcp-remote/dist/proxy.js")],
} as const;

/** Installs them if they are not there. @throws Error with what npm said */
export async function installClientPrograms(): Promise<void> {
  const wanted = readFileSync(join(folder, "package-lock.json"), "utf8");
  const stamp = join(modules, ".installed-lock.json");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const npm = Bun.spawn(command, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const [code, said] = await withDeadline(
    Promise.all([npm.exited, npm.stderr.text()]),
    INSTALL_MS,
    "npm installs the programs of test/clients",
  );
  if (code !== 0) throw new Error(`npm could not install test/clients:\n${said}`);
  writeFileSync(stamp, wanted);
}

/** A program that runs. `await using` ends it. */
export class ClientProgram implements AsyncDisposable {
  stdout = "";
  stderr = "";
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #reading: Promise<unknown>;

  /** @param home where it keeps what it learns */
  constructor(
    name: keyof typeof PROGRAMS,
    args: readonly string[],
    home: string,
    env: Readonly<Record<string, string>> = {},
  ) {
    // Neither may open a browser on the machine that runs the tests.
    const own = { PATH: process.env["PATH"] ?? "", HOME: home, BROWSER: "true" };
    const isAtTerminal = name === "claude at a terminal";
    const words = isAtTerminal ? [`node '${CLAUDE}' ${args.join(" ")}`, "/dev/null"] : args;
    this.#child = Bun.spawn([...PROGRAMS[name], ...words], {
      cwd: home,
      env: { ...own, ...programEnv(), ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#reading = Promise.all([this.#collect("stdout"), this.#collect("stderr")]);
  }

  /** Resolves with the authorization URL that it shows to a person. */
  authorizationUrl(deadlineMs?: number): Promise<string> {
    const find = () =>
      /https:\/\/[^\s\u001b]+\/authorize\?[^\s\u001b]+/.exec(this.stderr + this.stdout)?.[0] ??
      (this.#child.exitCode === null ? undefined : this.#fail("it ended"));
    const what = "an authorization URL";
    return until(find, deadlineMs === undefined ? { what } : { what, deadlineMs });
  }

  /** Writes one message on its stdin. */
  async write(message: object): Promise<void> {
    await this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    await this.#child.stdin.flush();
  }

  /** Resolves with the message of this id on its stdout. */
  answer(id: number): Promise<Record<string, any>> {
    return until(
      () =>
        this.stdout
          .split("\n")
          .slice(0, -1)
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Record<string, any>)
          .find((message) => message["id"] === id),
      { what: `the answer ${id}` },
    );
  }

  /** Resolves with the exit code. @throws Error after the deadline, with what it said */
  async ended(deadlineMs = 20_000): Promise<number> {
    const end = Promise.all([this.#child.exited, this.#reading]);
    const [code] = await withDeadline(end, deadlineMs, `its end\n${this.stderr}`);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  #fail(what: string): never {
    throw new Error(`${what}\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`);
  }

  async #collect(name: "stdout" | "stderr"): Promise<void> {
    const decoder = new TextDecoder();
    for await (const part of this.#child[name])
      this[name] += decoder.decode(part, { stream: true });
  }
}
