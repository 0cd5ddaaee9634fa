/**
 * The demo server as a child over real pipes, and through the official client.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { join } from "node:path";
import { SOON_MS, withDeadline } from "../../helpers/wait.ts";

const entry = join(import.meta.dir, "demo-entry.ts");

type Message = Record<string, any>; // any: answers are asserted on, member by member

class Demo {
  readonly #child = Bun.spawn([process.execPath, entry], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env["PATH"] ?? "" },
  });
  readonly #lines = this.#read();

  async *#read(): AsyncGenerator<Message> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.#child.stdout) {
      const pieces = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = pieces.pop() ?? "";
      for (const piece of pieces) yield JSON.parse(piece) as Message;
    }
    if (rest !== "") throw new Error(`a last line without a line break: ${rest}`);
  }

  async write(text: string): Promise<void> {
    await this.#child.stdin.write(text);
    await this.#child.stdin.flush();
  }

  async send(...messages: unknown[]): Promise<void> {
    await this.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
  }

  async next(): Promise<Message> {
    const found = await withDeadline(this.#lines.next(), SOON_MS, "the next line");
    if (found.done) throw new Error("the demo server has ended");
    return found.value;
  }

  async ask(method: string, params: unknown = {}): Promise<Message> {
    await this.send(request("ask", method, params));
    return this.next();
  }

  async call(name: string, args: unknown): Promise<Message> {
    return (await this.ask("tools/call", { name, arguments: args }))["result"] as Message;
  }

  async end(): Promise<{ exitCode: number; left: Message[] }> {
    await this.#child.stdin.end();
    const exitCode = await withDeadline(this.#child.exited, SOON_MS, "the end");
    return {
      exitCode,
      left: await withDeadline(Array.fromAsync(this.#lines), SOON_MS, "the last lines"),
    };
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

function request(id: unknown, method: string, params: unknown = {}): unknown {
  return { jsonrpc: "2.0", id, method, params };
}

const started: Demo[] = [];
function start(): Demo {
  const demo = new Demo();
  started.push(demo);
  return demo;
}
afterEach(async () => {
  await Promise.all(started.splice(0).map((demo) => demo.kill()));
});

describe("the demo server", () => {
  for (const [asked, given] of [
    ["2024-11-05", "2024-11-05"],
    ["2025-03-26", "2025-03-26"],
    ["2025-06-18", "2025-06-18"],
    ["2025-11-25", "2025-11-25"],
    ["2026-07-28", "2025-11-25"],
    ["1999-01-01", "2025-11-25"],
  ])
    test(`answers initialize with ${asked} by ${given}`, async () => {
      const { result } = await start().ask("initialize", { protocolVersion: asked });
      expect(result.protocolVersion).toBe(given);
      expect(result.serverInfo).toMatchObject({ name: "remote-mcp-proxy-demo", version: "1.2.3" });
    });

  test("gives its answers", async () => {
    const demo = start();
    expect((await demo.call("echo", { text: "héllo 🌍" }))["content"]).toEqual([
      { type: "text", text: "héllo 🌍" },
    ]);
    expect((await demo.call("add", { a: 2, b: 40.5 }))["content"][0].text).toBe("42.5");
    const time = (await demo.call("current_time", { timeZone: "Asia/Tokyo" }))["content"][0].text;
    expect(time).toMatch(/20\d\d.*(GMT\+9|JST)/);
    expect((await demo.call("roll_dice", { sides: 2 }))["content"][0].text).toMatch(
      /^Rolled [12]\.$/,
    );
    expect((await demo.call("roll_dice", { count: 3 }))["content"][0].text).toMatch(
      /^Rolled [1-6], [1-6], [1-6]: \d+ in all\.$/,
    );
  });

  for (const [name, args, words] of [
    ["echo", {}, "text is missing"],
    ["echo", { text: 7 }, "must be a text"],
    ["add", { a: 1, b: "2" }, "b must be a number"],
    ["roll_dice", { count: 1.5 }, "whole number from 1 to 100"],
    ["roll_dice", { sides: 1 }, "whole number from 2 to 1000"],
    ["countdown", { from: 61 }, "whole number from 1 to 60"],
    ["current_time", { timeZone: "Moon/Base" }, "no time zone Moon/Base"],
  ] as const)
    test(`${name} with ${JSON.stringify(args)} tells the model what is wrong`, async () => {
      const result = await start().call(name, args);
      expect(result["isError"]).toBe(true);
      expect(result["content"][0].text).toContain(words);
    });

  for (const [what, message, code] of [
    ["an unknown method", request(1, "no/such"), -32601],
    ["an unknown tool", request(1, "tools/call", { name: "nope" }), -32602],
    ["an unknown prompt", request(1, "prompts/get", { name: "nope" }), -32602],
    ["an unknown resource", request(1, "resources/read", { uri: "demo://nope" }), -32002],
    ["a message of another protocol", { id: 1, method: "ping" }, -32600],
    ["a batch that no revision of the session has", [request(1, "ping")], -32600],
  ] as const)
    test(`refuses ${what}`, async () => {
      const demo = start();
      await demo.send(message);
      expect((await demo.next())["error"].code).toBe(code);
    });

  test("goes on after a line that is no JSON and after one that is too long", async () => {
    const demo = start();
    await demo.write("{nope\n\n");
    expect(await demo.next()).toMatchObject({ id: null, error: { code: -32700 } });
    await demo.write(`"${"x".repeat(5_000_000)}"\n`);
    expect(await demo.next()).toMatchObject({
      id: null,
      error: { message: "The line is too long" },
    });
    expect(await demo.ask("ping")).toEqual({ jsonrpc: "2.0", id: "ask", result: {} });
  });

  test("keeps ids as they are, 0 and look-alikes included", async () => {
    const demo = start();
    await demo.send(
      request(0, "ping"),
      request(1, "ping"),
      request("1", "ping"),
      request("", "ping"),
    );
    const ids = [await demo.next(), await demo.next(), await demo.next(), await demo.next()];
    expect(ids.map((answer) => answer["id"])).toEqual([0, 1, "1", ""]);
  });

  test("answers a batch together in the one revision that has batches", async () => {
    const demo = start();
    await demo.ask("initialize", { protocolVersion: "2025-03-26" });
    await demo.send([
      request(1, "ping"),
      { jsonrpc: "2.0", method: "notifications/x" },
      request(2, "no/such"),
    ]);
    const answers = (await demo.next()) as unknown as Message[];
    expect(answers.map((answer) => [answer["id"], answer["error"]?.code])).toEqual([
      [1, undefined],
      [2, -32601],
    ]);
  });

  test("a slow call holds nothing up, reports progress and can be cancelled", async () => {
    const demo = start();
    const countdown = { name: "countdown", arguments: { from: 60 }, _meta: { progressToken: "t" } };
    await demo.send(request(7, "tools/call", countdown), request(8, "ping"));
    const first = [await demo.next(), await demo.next()];
    expect(first).toContainEqual({ jsonrpc: "2.0", id: 8, result: {} });
    expect(first.find((message) => message["method"])).toMatchObject({
      method: "notifications/progress",
      params: { progressToken: "t", progress: 0, total: 60, message: "60 …" },
    });
    await demo.send(
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } },
      request(9, "ping"),
    );
    expect(await demo.next()).toMatchObject({ id: 9 });
    expect(await demo.end()).toEqual({ exitCode: 0, left: [] });
  });

  test("ends with code 0 when stdin ends, with a call still running", async () => {
    const demo = start();
    await demo.send(request(1, "tools/call", { name: "countdown", arguments: { from: 60 } }));
    expect(await demo.ask("ping")).toMatchObject({ id: "ask" });
    expect(await demo.end()).toEqual({ exitCode: 0, left: [] });
  });

  test("refuses the call that is one too many, and serves again later", async () => {
    const demo = start();
    const slow = { name: "countdown", arguments: { from: 60 } };
    await demo.send(...Array.from({ length: 65 }, (_, id) => request(id, "tools/call", slow)));
    expect(await demo.next()).toMatchObject({
      id: 64,
      error: { message: "Too many calls at once" },
    });
    await demo.send({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: 0 },
    });
    expect(await demo.ask("ping")).toMatchObject({ id: "ask", result: {} });
  });

  test("the official client finds and uses all that it offers", async () => {
    const client = new Client({ name: "test", version: "1" });
    const transport = new StdioClientTransport({ command: process.execPath, args: [entry] });
    await client.connect(transport);
    try {
      const { tools } = await client.listTools();
      expect(tools.map((tool) => tool.name)).toEqual([
        "echo",
        "add",
        "current_time",
        "roll_dice",
        "countdown",
      ]);
      for (const tool of tools) expect(tool.description?.length ?? 0).toBeGreaterThan(20);
      const { resources } = await client.listResources();
      const read = await client.readResource({ uri: resources[0]?.uri ?? "" });
      expect(JSON.stringify(read.contents)).toContain("mcpServers");
      const prompt = await client.getPrompt({
        name: "tour",
        arguments: { timeZone: "Asia/Tokyo" },
      });
      expect(JSON.stringify(prompt.messages)).toContain("Asia/Tokyo");
      const progress: number[] = [];
      const result = await client.callTool(
        { name: "countdown", arguments: { from: 1 } },
        undefined,
        {
          onprogress: (state) => progress.push(state.progress),
        },
      );
      expect(JSON.stringify(result.content)).toContain("Lift-off!");
      expect(progress).toEqual([0]);
    } finally {
      await client.close();
    }
  });
});
