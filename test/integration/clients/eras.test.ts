/**
 * Official clients of either era against real servers of either era, through the gateway: list,
 * call, progress, cancel, and a tool that asks its user in each combination that has one.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { conformanceServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { textOfResult } from "../../helpers/sdk.ts";
import { ALL_CONNECTORS, type AnyClient, type Shape } from "./any-client.ts";
import { npmServer, repository } from "./npm-servers.ts";

const TEST_MS = 60_000;
const SLOW = { env: { RECONNECTION_MS: "20000" } };

interface Server {
  readonly name: string;
  readonly entry: object;
  /** A tool that returns `text` at once. */
  readonly simple: { readonly tool: string; readonly args: Shape; readonly text: string };
  readonly progress: { readonly tool: string; readonly args: Shape };
  /** A tool that takes longer than the test. */
  readonly slow: { readonly tool: string; readonly args: Shape };
  readonly asking: { readonly tool: string; readonly args: Shape; readonly text: string };
}

const ofSdkV2 = (name: string, entry: object): Server => ({
  name,
  entry,
  simple: { tool: "test_simple_text", args: {}, text: "simple text" },
  progress: { tool: "test_tool_with_progress", args: {} },
  slow: { tool: "test_reconnection", args: {} },
  asking: { tool: "test_elicitation", args: { message: "who?" }, text: "Ada" },
});

const servers: readonly Server[] = [
  {
    name: "everything",
    entry: npmServer("everything"),
    simple: { tool: "echo", args: { message: "hi" }, text: "hi" },
    progress: { tool: "trigger_long_running_operation", args: { duration: 0.3, steps: 3 } },
    slow: { tool: "trigger_long_running_operation", args: { duration: 20, steps: 2 } },
    asking: { tool: "trigger_elicitation_request", args: {}, text: "Ada" },
  },
  // Questions as results work in both eras of the SDK's server, requests in the legacy one only.
  ofSdkV2("dual", conformanceServer(SLOW, ["--mrtr"])),
  ofSdkV2("modern-only", conformanceServer(SLOW, ["--mrtr", "--modern-only"])),
  ofSdkV2("legacy-of-v2", conformanceServer({ ...SLOW, era: "legacy" })),
];

let gateway: RunningGateway;

beforeAll(async () => {
  const context7 = { command: join(repository, "node_modules", ".bin", "context7-mcp") };
  gateway = await startGateway({
    servers: {
      ...Object.fromEntries(servers.map(({ name, entry }) => [name, entry])),
      context7,
    },
  });
}, TEST_MS);
afterAll(() => gateway.stop());

const handlers = {
  elicitation: () =>
    ({
      action: "accept",
      content: { name: "Ada", username: "Ada", email: "ada@example.org" },
    }) as const,
};

/** Calls a tool that the signal can cancel; the two generations take options in different places. */
function callUntil(isV1: boolean, client: AnyClient, tool: Server["slow"], signal: AbortSignal) {
  const call = client.callTool.bind(client) as (...rest: unknown[]) => Promise<Shape>;
  const options = isV1 ? [undefined, { signal }] : [{ signal }];
  return call({ name: tool.tool, arguments: tool.args }, ...options);
}

describe.each(ALL_CONNECTORS)("$name", ({ name: generation, connect, callWithProgress }) => {
  const isV1 = generation.startsWith("SDK v1");
  test.each(servers)(
    "$name: list, call, progress, a question, cancel",
    async ({ name, simple, progress, asking, slow }) => {
      const client = await connect(gateway, name, { handlers });
      const tools = (await client.listTools()).tools.map((tool) => tool.name);
      expect(tools).toContain(simple.tool);
      const result = await client.callTool({ name: simple.tool, arguments: simple.args });
      expect(textOfResult(result)).toContain(simple.text);

      const steps: Shape[] = [];
      const run = { name: progress.tool, arguments: progress.args };
      await callWithProgress(client, run, (step) => steps.push(step));
      expect(steps.length).toBeGreaterThanOrEqual(2);

      const asked = await client.callTool({ name: asking.tool, arguments: asking.args });
      expect(JSON.stringify(asked)).toContain(asking.text);

      const stop = new AbortController();
      const running = callUntil(isV1, client, slow, stop.signal);
      stop.abort();
      expect(
        await running.then(
          () => "answered",
          () => "cancelled",
        ),
      ).toBe("cancelled");
      const after = await client.callTool({ name: simple.tool, arguments: simple.args });
      expect(textOfResult(after)).toContain(simple.text);
      await client.close();
    },
    TEST_MS,
  );

  test(
    "context7: list (its calls need a network)",
    async () => {
      const client = await connect(gateway, "context7");
      expect((await client.listTools()).tools.length).toBeGreaterThan(1);
      await client.close();
    },
    TEST_MS,
  );
});
