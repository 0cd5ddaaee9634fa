/**
 * API keys of a gateway that runs, made and ended as a person does: by the command `key`, beside it.
 */
import { join } from "node:path";
import { gatewayCommand, type RunningGateway } from "../gateway.ts";
import { withDeadline } from "../wait.ts";

const DEADLINE_MS = 20_000;

/** Where the commands work: the folder of a gateway that `startGateway` started. */
export type KeyPlace = Pick<RunningGateway, "folder">;

/** Runs `key …`. @returns what it printed @throws Error with its words when it fails */
export async function keyCommand(place: KeyPlace, args: readonly string[]): Promise<string> {
  const { PATH = "", HOME = place.folder } = process.env;
  const config = join(place.folder, "config.json");
  const child = Bun.spawn([...gatewayCommand(), "key", ...args, "--config", config], {
    cwd: place.folder,
    env: { PATH, HOME, DATA_DIR: join(place.folder, "data") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [exitCode, stdout, stderr] = await withDeadline(
    output,
    DEADLINE_MS,
    `key ${args.join(" ")}`,
  );
  if (exitCode !== 0) throw new Error(`key ${args.join(" ")}: ${exitCode} ${stderr}`);
  return stdout;
}

/** A key that was made. */
export interface TestKey {
  readonly id: string;
  readonly key: string;
  /** For requests. */
  readonly headers: { readonly authorization: string };
}

/** Makes a key by `key add` with these options. */
export async function addKey(place: KeyPlace, ...options: readonly string[]): Promise<TestKey> {
  const made = JSON.parse(await keyCommand(place, ["add", "--json", ...options])) as TestKey;
  const { id, key } = made;
  return { id, key, headers: { authorization: `Bearer ${key}` } };
}
