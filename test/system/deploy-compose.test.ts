/** The generated compose files are read by docker-compose itself, which needs no engine for that. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { gatewayCommand } from "../helpers/gateway.ts";
import { makeFolder } from "../helpers/run-program.ts";
import { SOON_MS, withDeadline } from "../helpers/wait.ts";

const config = {
  mcpServers: {
    memory: { command: "npx", args: ["-y", "@modelcontextprotocol/server-memory"] },
    time: { command: "uvx", args: ["mcp-server-time"], env: { ZONE: "${ZONE:-UTC}" } },
  },
  proxy: { domain: "example.org" },
};

test.each([
  ["joins a Traefik", "", ["remote-mcp-proxy"]],
  [
    "brings one",
    "ENABLE_LOCAL_TRAEFIK=true\nACME_EMAIL=me@example.org\n",
    ["remote-mcp-proxy", "traefik"],
  ],
])("docker-compose reads the file that %s", async (_, dotEnv, expected) => {
  const folder = makeFolder({ "config.json": config, ".env": dotEnv });
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder };
  const outcome = async (command: readonly string[]) => {
    const child = Bun.spawn([...command], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    const ended = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
    return withDeadline(ended, SOON_MS, command.join(" "));
  };
  const [binary = ""] = gatewayCommand(true);
  const file = join(folder, "docker-compose.yml");
  const [made] = await outcome([binary, "deploy", "compose", "--build", ".", "--out", file]);
  expect(made).toBe(0);
  const [exitCode, stdout, stderr] = await outcome(["docker-compose", "-f", file, "config"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const read = Bun.YAML.parse(stdout) as { services: Record<string, unknown> };
  expect(Object.keys(read.services).sort()).toEqual([...expected].sort());
});
