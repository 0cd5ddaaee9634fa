/** The modern fixtures in the eyes of the official client: what they say is 2026-07-28, not our idea of it. */
import { afterEach, describe, expect, test } from "bun:test";
import { Client, type VersionNegotiationMode } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { fixturePath } from "../../helpers/fixtures.ts";
import { textOfResult } from "../../helpers/sdk.ts";
import { until } from "../../helpers/wait.ts";

const MODERN: VersionNegotiationMode = { pin: "2026-07-28" };
const NAME = { action: "accept", content: { name: "Ada" } } as const;
const clients: Client[] = [];
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));

/** A client of one fixture, which answers all questions. */
async function connect(fixture: string, mode: VersionNegotiationMode): Promise<Client> {
  const client = new Client(
    { name: "test", version: "1" },
    {
      capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
      versionNegotiation: { mode },
    },
  );
  client.setRequestHandler("elicitation/create", () => NAME);
  client.setRequestHandler("roots/list", () => ({ roots: [{ uri: "file:///a" }] }));
  client.setRequestHandler("sampling/createMessage", () => ({
    role: "assistant",
    content: { type: "text", text: "42" },
    model: "m",
  }));
  clients.push(client);
  const args = [fixturePath(fixture)];
  await client.connect(new StdioClientTransport({ command: process.execPath, args }));
  return client;
}

async function call(client: Client, name: string, args = {}): Promise<unknown> {
  const result = await client.callTool({ name, arguments: args });
  const text = textOfResult(result) ?? "";
  try {
    return JSON.parse(text);
  } catch {
    return text; // a word, not JSON
  }
}

for (const fixture of ["modern-only", "dual-era"]) {
  describe(`${fixture}, modern`, () => {
    test("lists, calls, reads", async () => {
      const client = await connect(fixture, MODERN);
      const { tools } = await client.listTools();
      expect(tools.map((tool) => tool.name)).toContain("ask_all");
      expect(await call(client, "whoami")).toMatchObject({ era: "modern" });
      expect(await client.readResource({ uri: "modern://item" })).toMatchObject({
        contents: [{ text: '"item"' }],
      });
      expect((await client.callTool({ name: "list_of" })).structuredContent).toEqual([1, 2, 3]);
    });

    test("asks in rounds, several things at once, by URL, and in prompts and resources", async () => {
      const client = await connect(fixture, MODERN);
      expect(await call(client, "ask")).toEqual(NAME);
      expect(await call(client, "ask", { rounds: 3 })).toEqual(NAME);
      expect(await call(client, "come_back")).toBe("welcome back");
      expect(await call(client, "ask_url")).toMatchObject({ action: "accept" });
      expect(await call(client, "ask_all")).toMatchObject({
        "elicitation/create": NAME,
        "sampling/createMessage": { model: "m" },
        "roots/list": { roots: [{ uri: "file:///a" }] },
      });
      const prompt = await client.getPrompt({ name: "ask" });
      expect(prompt.messages[0]?.content).toEqual({ type: "text", text: JSON.stringify(NAME) });
      const { contents } = await client.readResource({ uri: "modern://ask" });
      expect(contents[0]).toMatchObject({ text: JSON.stringify(NAME) });
    });

    test("reports progress, and tells listens of changes", async () => {
      const client = await connect(fixture, MODERN);
      const progress: number[] = [];
      const onprogress = (one: { progress: number }): void => {
        progress.push(one.progress);
      };
      // Apart, because the client takes an answer before the progress that came in the same chunk.
      const args = { steps: 3, delayMs: 20 };
      await client.callTool({ name: "progress", arguments: args }, { onprogress });
      expect(progress).toEqual([1, 2, 3]);
      let changes = 0;
      client.setNotificationHandler("notifications/tools/list_changed", () => {
        changes += 1;
      });
      const subscription = await client.listen({ toolsListChanged: true });
      expect(await call(client, "changed")).toBe(1);
      await until(() => changes === 1);
      await subscription.close();
      await until(async () => ((await call(client, "listens")) as unknown[]).length === 0);
    });
  });
}

test("dual-era, legacy", async () => {
  const client = await connect("dual-era", "legacy");
  expect(await call(client, "whoami")).toMatchObject({ era: "legacy" });
  expect(await call(client, "ask")).toEqual(NAME);
});

test("modern-only refuses a legacy client", async () => {
  const outcome = await connect("modern-only", "legacy").then(
    () => "connected",
    (error: unknown) => String(error),
  );
  expect(outcome).toContain("Unsupported protocol version");
});
