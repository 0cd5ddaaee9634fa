/**
 * The four config files in test/ are whole configurations of real servers: each starts from the folder
 * of the project and answers.
 */
import { expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayCommand, gatewayEnv, RunningGateway } from "../../helpers/gateway.ts";
import { connectV1, textOfResult } from "../../helpers/sdk.ts";
import { get } from "../../helpers/raw-http.ts";
import { programs, repository } from "./npm-servers.ts";

const TEST_MS = 30_000;
const MEMORY = { name: "read_graph", arguments: {} };
const THINKING = {
  name: "sequentialthinking",
  arguments: { thought: "t", nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 },
};
const FILES = { name: "list_directory", arguments: { path: join(repository, "test/fixtures") } };
const EVERYTHING = { name: "echo", arguments: { message: "hello" } };

test.each([
  {
    file: "minimal-config.json",
    calls: { "simple-echo": { name: "echo", arguments: { text: "hello" } } },
    absent: ["everything"],
  },
  {
    file: "development-config.json",
    calls: {
      everything: EVERYTHING,
      filesystem: FILES,
      "simple-echo": { name: "echo", arguments: { text: "hello" } },
    },
    absent: ["not-today"],
  },
  {
    file: "production-config.json",
    calls: { memory: MEMORY, "sequential-thinking": THINKING, everything: EVERYTHING },
    absent: ["filesystem"],
  },
  {
    file: "config.json",
    calls: {
      everything: EVERYTHING,
      filesystem: FILES,
      memory: MEMORY,
      "sequential-thinking": THINKING,
    },
    absent: ["remote"],
  },
])(
  "$file starts and answers",
  async ({ file, calls, absent }) => {
    await using gateway = await start(file);
    // The one with a domain asks who is calling.
    const isAsked = (await get(gateway.mcp(absent[0] ?? ""))).status === 401;
    expect(isAsked).toBe(file === "production-config.json");
    const headers: Record<string, string> = isAsked ? await keyFor(gateway, file) : {};
    for (const [server, call] of Object.entries(calls)) {
      const { client } = await connectV1(gateway.mcp(server), { headers });
      expect((await client.listTools()).tools.length).toBeGreaterThan(0);
      const result = await client.callTool(call);
      expect(textOfResult(result)).toBeString();
      expect(result["isError"]).not.toBe(true);
      await client.close();
    }
    for (const server of absent)
      expect((await get(gateway.mcp(server), { headers })).status).toBe(404);
  },
  TEST_MS,
);

/** Starts it where the relative paths of the file mean something; its data goes to a folder apart. */
async function start(file: string): Promise<RunningGateway> {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-config-"));
  const { PATH = "", ...env } = gatewayEnv(folder);
  const words = ["serve", "--config", join("test", file), "--port", "0"];
  const command = ["sh", "-c", 'cd "$0" && exec "$@"', repository, ...gatewayCommand(), ...words];
  const gateway = new RunningGateway(command, folder, { ...env, PATH: `${programs}:${PATH}` });
  try {
    await gateway.listening(TEST_MS);
  } catch (error) {
    await gateway.kill();
    throw error;
  }
  return gateway;
}

/** Headers with a key that `key add` makes beside it. */
async function keyFor({ folder }: RunningGateway, file: string): Promise<{ "x-api-key": string }> {
  const words = ["key", "add", "--json", "--config", join("test", file)];
  const child = Bun.spawn([...gatewayCommand(), ...words], {
    cwd: repository,
    env: gatewayEnv(folder),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { key } = (await child.stdout.json()) as { readonly key: string };
  return { "x-api-key": key };
}
