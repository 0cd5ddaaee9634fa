/** `connect` prints what fits the configuration: URLs, sign-in or not, what cannot work. */
import { expect, test } from "bun:test";
import { run } from "../../helpers/run-program.ts";

const npx = { command: "npx", args: ["-y", "@modelcontextprotocol/server-memory"] };
const one = { mcpServers: { memory: npx } };
const two = { mcpServers: { memory: npx, time: npx } };
const files = (config: object) => ({ files: { "config.json": config } });

interface Answer {
  readonly mcp: string;
  readonly clients: readonly {
    readonly id: string;
    readonly steps: readonly string[];
    readonly snippet?: string;
  }[];
}

async function answer(args: readonly string[], config: object): Promise<Answer> {
  const { exitCode, stdout, stderr } = await run(["connect", ...args, "--json"], files(config));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout) as Answer;
}

test("with a domain: the public URL, and a sign-in", async () => {
  const { mcp, clients } = await answer([], { ...one, proxy: { domain: "example.org" } });
  expect(mcp).toBe("https://memory.mcp.example.org/mcp");
  const claude = clients.find(({ id }) => id === "claude-ai");
  expect(claude?.steps.join(" ")).toContain("https://memory.mcp.example.org/mcp");
  expect(claude?.steps.join(" ")).toContain("sign in");
  const code = clients.find(({ id }) => id === "claude-code");
  expect(code?.snippet).toBe(
    "claude mcp add --transport http memory https://memory.mcp.example.org/mcp",
  );
  expect(clients.find(({ id }) => id === "curl")?.snippet).toContain("authorization: Bearer");
});

test("on this machine: hosted clients are told why not, and nobody signs in", async () => {
  const { mcp, clients } = await answer(["memory", "--port", "9000"], two);
  expect(mcp).toBe("http://127.0.0.1:9000/memory/mcp");
  for (const id of ["claude-ai", "chatgpt"])
    expect(clients.find((client) => client.id === id)?.steps.join(" ")).toContain(
      "public https URL",
    );
  expect(JSON.stringify(clients)).not.toContain("sign in");
  expect(JSON.stringify(clients)).not.toContain("mgk_");
});

test("one client only, as text", async () => {
  const { stdout } = await run(["connect", "memory", "--client", "vscode"], files(two));
  expect(stdout).toContain('"type": "http"');
  expect(stdout).not.toContain("Claude Code");
});

test.each([
  [[], "Which server? There are: memory, time [BAD_USAGE]\n"],
  [["memry"], "Did you mean memory? [NO_SUCH_SERVER]\n"],
  [["memory", "--client", "x"], "There is no client x. There are: claude-ai"],
  [["memory", "--client", "x"], " [NO_SUCH_CLIENT]\n"],
])("connect %j says what to write", async (args, message) => {
  const { exitCode, stderr } = await run(["connect", ...args], files(two));
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
});
