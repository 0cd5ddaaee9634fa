/**
 * 32 clients at once, all with the same ids: each gets its own answers and no other, over both
 * transports; and a server that loses concurrent writes loses none behind `maxInFlight: 1`.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../helpers/gateway.ts";
import { jsonOf, type Message, textOf, toolCall } from "../../helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../helpers/raw-session.ts";
import { connectV1, connectV1Sse, textOfResult } from "../../helpers/sdk.ts";
import { npmServer } from "./npm-servers.ts";

const CLIENTS = Array.from({ length: 32 }, (_, index) => index);
const CALLS = [1, 2, 3, 4, 5];
const TEST_MS = 30_000;
let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway({
    servers: {
      echo: fixtureServer("echo"),
      narrow: fixtureServer("echo", { maxInFlight: 3 }),
      everything: npmServer("everything"),
      memory: npmServer("memory", {
        env: { MEMORY_FILE_PATH: "${SERVER_DATA}/memory.jsonl" },
        instances: "shared",
        maxInFlight: 1,
      }),
    },
    logLevel: "INFO",
  });
});
afterAll(() => gateway.stop());

/** Different for each client and call, so that answers come in another order than questions. */
const waitMs = (client: number, call: number): number => (client * 37 + call * 53) % 40;
const wordsOf = (client: number, call: number): string => `client ${client}, call ${call}`;
const argsOf = (client: number, call: number) => ({
  ms: waitMs(client, call),
  text: wordsOf(client, call),
});
const expected = CLIENTS.map((client) => CALLS.map((call) => [call, wordsOf(client, call)]));
const byId = (answers: readonly Message[]) =>
  answers
    .map((answer) => [Number(answer.id), textOf(answer)] as const)
    .toSorted(([one], [other]) => one - other);

test.each(["echo", "narrow"])(
  "%s: ids 1 to 5 of 32 sessions over Streamable HTTP",
  async (server) => {
    const sessions = await Promise.all(CLIENTS.map(() => RawSession.open(gateway.mcp(server))));
    const answers = await Promise.all(
      sessions.map((session, client) =>
        Promise.all(CALLS.map((call) => session.call("slow", argsOf(client, call)))),
      ),
    );
    expect(answers.map(byId)).toEqual(expected as never);
    const { initializeCount } = jsonOf(await sessions[0]?.call("whoami"));
    expect(initializeCount).toBe(1);
  },
  TEST_MS,
);

test.each(["echo", "narrow"])(
  "%s: ids 1 to 5 of 32 sessions over HTTP+SSE",
  async (server) => {
    const sessions = await Promise.all(CLIENTS.map(() => RawSseSession.open(gateway.sse(server))));
    await Promise.all(sessions.map((session) => session.initialize()));
    const answers = await Promise.all(
      sessions.map(async (session, client) => {
        await Promise.all(
          CALLS.map((call) => session.post(toolCall(call, "slow", argsOf(client, call)))),
        );
        const heard: Message[] = [];
        while (heard.length < CALLS.length) heard.push(await session.next());
        return heard;
      }),
    );
    expect(answers.map(byId)).toEqual(expected as never);
    await Promise.all(sessions.map((session) => session.close()));
  },
  TEST_MS,
);

test(
  "32 SDK clients of both transports at one child",
  async () => {
    const connections = await Promise.all(
      CLIENTS.map((client) =>
        client % 2 === 0
          ? connectV1(gateway.mcp("everything"))
          : connectV1Sse(gateway.sse("everything")),
      ),
    );
    const texts = await Promise.all(
      connections.map(({ client: sdk }, client) =>
        Promise.all(
          CALLS.map(async (call) =>
            textOfResult(
              await sdk.callTool({ name: "echo", arguments: { message: wordsOf(client, call) } }),
            ),
          ),
        ),
      ),
    );
    expect(texts).toEqual(
      CLIENTS.map((client) => CALLS.map((call) => `Echo: ${wordsOf(client, call)}`)),
    );
    await Promise.all(connections.map(({ client }) => client.close()));
  },
  TEST_MS,
);

test(
  "32 clients write at once into memory, and every entity is in its file",
  async () => {
    const connections = await Promise.all(
      CLIENTS.map((client) =>
        client % 2 === 0 ? connectV1(gateway.mcp("memory")) : connectV1Sse(gateway.sse("memory")),
      ),
    );
    const names = CLIENTS.map((client) => `entity of client ${client}`);
    await Promise.all(
      connections.map(({ client: sdk }, client) =>
        sdk.callTool({
          name: "create_entities",
          arguments: {
            entities: [{ name: names[client], entityType: "test", observations: ["written"] }],
          },
        }),
      ),
    );
    const glob = new Bun.Glob("**/memory.jsonl");
    const files = await Array.fromAsync(glob.scan({ cwd: gateway.folder }));
    expect(files).toHaveLength(1);
    const lines = (await Bun.file(join(gateway.folder, files[0] ?? "")).text()).trim().split("\n");
    const written = lines.map((line) => (JSON.parse(line) as { name: string }).name);
    expect(written.toSorted()).toEqual(names.toSorted());
    await Promise.all(connections.map(({ client }) => client.close()));
  },
  TEST_MS,
);
