/**
 * The official SDK clients with the real npm servers: what a person's client does in a day.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { textOfResult } from "../../helpers/sdk.ts";
import { type AnyClient, CONNECTORS, type Shape } from "./any-client.ts";
import { npmServer, repository } from "./npm-servers.ts";

const fixtures = join(repository, "test", "fixtures");
const TEST_MS = 20_000;
let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      everything: npmServer("everything"),
      memory: npmServer("memory", {
        env: { MEMORY_FILE_PATH: "${SERVER_DATA}/memory.jsonl" },
        instances: "shared",
        maxInFlight: 1,
      }),
      filesystem: npmServer("filesystem", { args: [fixtures] }),
      "sequential-thinking": npmServer("sequential-thinking"),
    },
  });
});
afterAll(() => gateway.stop());

const handlers = {
  sampling: () =>
    ({ role: "assistant", model: "test", content: { type: "text", text: "sampled!" } }) as const,
  elicitation: () => ({ action: "accept", content: { name: "Ada" } }) as const,
};

async function textOfCall(client: AnyClient, name: string, args: Record<string, unknown> = {}) {
  return textOfResult(await client.callTool({ name, arguments: args }));
}

describe.each(CONNECTORS)("$name", ({ name, connect, callWithProgress, isModern }) => {
  test(
    "everything: tools, resources, prompts, completion",
    async () => {
      const client = await connect(gateway, "everything");
      expect(client.getServerVersion()?.name).toContain("everything");
      const tools = (await client.listTools()).tools.map((tool) => tool.name);
      expect(tools).toContain("get_sum");
      expect(await textOfCall(client, "echo", { message: "hello" })).toBe("Echo: hello");
      for (const sum of ["get_sum", "get-sum"])
        expect(await textOfCall(client, sum, { a: 2, b: 40 })).toContain("42");
      const structured = await client.callTool({
        name: "get_structured_content",
        arguments: { location: "New York" },
      });
      expect(structured["structuredContent"]).toHaveProperty("temperature");

      const { resources } = await client.listResources();
      const [resource] = resources;
      expect(resource?.uri).toStartWith("demo://");
      const { contents } = await client.readResource({ uri: resource?.uri ?? "" });
      expect(String(contents[0]?.["text"]).length).toBeGreaterThan(100);
      expect((await client.listResourceTemplates()).resourceTemplates).toHaveLength(2);
      const dynamic = await client.readResource({ uri: "demo://resource/dynamic/blob/1" });
      expect(dynamic.contents[0]?.["blob"]).toBeString();

      expect((await client.listPrompts()).prompts.map((prompt) => prompt.name)).toContain(
        "args-prompt",
      );
      const prompt = await client.getPrompt({ name: "args-prompt", arguments: { city: "Kyōto" } });
      expect(JSON.stringify(prompt.messages)).toContain("Kyōto");
      const { completion } = await client.complete({
        ref: { type: "ref/prompt", name: "completable-prompt" },
        argument: { name: "department", value: "E" },
      });
      expect(completion.values).toEqual(["Engineering"]);
      if (isModern !== true) {
        await client.ping();
        await client.setLoggingLevel("debug");
      }
      await client.close();
    },
    TEST_MS,
  );

  test(
    "everything: progress, sampling and elicitation",
    async () => {
      const client = await connect(gateway, "everything", { handlers });
      const progress: Shape[] = [];
      const result = await callWithProgress(
        client,
        { name: "trigger_long_running_operation", arguments: { duration: 0.3, steps: 3 } },
        (step) => progress.push(step),
      );
      expect(textOfResult(result)).toContain("3");
      // SDK v1 looks for the call in a later microtask: it loses a last step that comes in one chunk
      // with the result. That all steps are sent is proven on the wire (fidelity, 25).
      expect([
        [1, 2, 3],
        [1, 2],
      ]).toContainEqual(progress.map((step) => step["progress"]) as number[]);
      const sampled = await client.callTool({
        name: "trigger_sampling_request",
        arguments: { prompt: "say it", maxTokens: 10 },
      });
      expect(JSON.stringify(sampled)).toContain("sampled!");
      const elicited = await client.callTool({ name: "trigger_elicitation_request" });
      expect(JSON.stringify(elicited)).toContain("Ada");
      await client.close();
    },
    TEST_MS,
  );

  test(
    "everything: a client that cannot be asked has no such tools",
    async () => {
      const client = await connect(gateway, "everything");
      const tools = (await client.listTools()).tools.map((tool) => tool.name);
      expect(tools.filter((tool) => /sampling|elicitation/.test(tool))).toEqual([]);
      await client.close();
    },
    TEST_MS,
  );

  test(
    "memory, filesystem and sequential-thinking: list and call",
    async () => {
      const memory = await connect(gateway, "memory");
      const entity = { name: `of ${name}`, entityType: "client", observations: ["ü"] };
      await memory.callTool({ name: "create_entities", arguments: { entities: [entity] } });
      expect(await textOfCall(memory, "read_graph")).toContain(entity.name);
      expect((await memory.listPrompts()).prompts).toEqual([]);

      const filesystem = await connect(gateway, "filesystem");
      expect((await filesystem.listTools()).tools.length).toBeGreaterThan(10);
      expect(await textOfCall(filesystem, "list_directory", { path: fixtures })).toContain(
        "[DIR] servers",
      );
      const file = { path: join(fixtures, "servers", "exit-now.ts") };
      expect(await textOfCall(filesystem, "read_text_file", file)).toBe(
        await Bun.file(file.path).text(),
      );
      const outside = await filesystem.callTool({
        name: "read_text_file",
        arguments: { path: join(repository, "package.json") },
      });
      expect(outside["isError"]).toBe(true);

      const thinking = await connect(gateway, "sequential-thinking");
      const thought = {
        thought: "first",
        nextThoughtNeeded: false,
        thoughtNumber: 1,
        totalThoughts: 1,
      };
      const thoughts = await thinking.callTool({ name: "sequentialthinking", arguments: thought });
      expect(thoughts["isError"]).not.toBe(true);
      await Promise.all([memory.close(), filesystem.close(), thinking.close()]);
    },
    TEST_MS,
  );
});
