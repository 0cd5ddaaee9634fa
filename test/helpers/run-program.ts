/**
 * The command line as a person uses it: a command that runs to its end, or a gateway with arguments
 * of the test's own. Each has a folder of its own, and nothing of the environment of the tests but
 * PATH; HOME is that folder too.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gatewayCommand, RunningGateway } from "./gateway.ts";
import { SOON_MS, withDeadline } from "./wait.ts";

/** What stands around a command. */
export interface RunOptions {
  /** Added to PATH and HOME, and stronger. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files of the working folder by their paths; what is no text is written as JSON. */
  readonly files?: Readonly<Record<string, unknown>>;
  /** True for the compiled executable. */
  readonly binary?: boolean;
  readonly deadlineMs?: number;
}

/** How a command ended. */
export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Where it ran; gone by now. */
  readonly folder: string;
}

/** Runs the program to its end. @throws Error when it takes too long, after ending it */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const folder = makeFolder(options.files);
  const child = Bun.spawn([...gatewayCommand(options.binary), ...args], {
    cwd: folder,
    env: environment(folder, options.env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    const output = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
    const what = `the end of ${args.join(" ")}`;
    const [exitCode, stdout, stderr] = await withDeadline(
      output,
      options.deadlineMs ?? SOON_MS,
      what,
    );
    return { exitCode, stdout, stderr, folder };
  } finally {
    child.kill("SIGKILL");
    await child.exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts the program and resolves once it listens. `--port 0` is the test's own to say. */
export async function serve(
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunningGateway> {
  const folder = makeFolder(options.files);
  const command = [...gatewayCommand(options.binary), ...args];
  const gateway = new RunningGateway(command, folder, environment(folder, options.env));
  try {
    await gateway.listening(options.deadlineMs ?? SOON_MS);
  } catch (error) {
    await gateway.kill();
    throw error;
  }
  return gateway;
}

/** A temporary folder with these files; the caller removes it. */
export function makeFolder(files: RunOptions["files"] = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-run-"));
  for (const [path, content] of Object.entries(files)) {
    const whole = join(folder, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}

function environment(folder: string, env: RunOptions["env"]): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: folder, ...env };
}
