/** The era probe against programs of every kind: verdict, and a process that is gone afterwards. */
import { afterAll, describe, expect, test } from "bun:test";
import { openingParams } from "../../../src/codec/client-capabilities.ts";
import { createSystemClock } from "../../../src/runtime/system-clock.ts";
import {
  type EraProbeOptions,
  type EraVerdict,
  probeEra,
} from "../../../src/upstream/era-probe.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { jsonBytes } from "../../../src/wire/message.ts";
import { alive } from "../../helpers/processes.ts";
import { serverConfig } from "../../helpers/server-config.ts";
import { until, withDeadline } from "../../helpers/wait.ts";
import { createHarness, fixture } from "../supervisor/harness.ts";

const { supervisor, events } = createHarness();
afterAll(() => supervisor.shutdown("the tests are over"));

/** A program that answers each line by `body`, given its id as `id`. */
function program(body: string): [string, ...string[]] {
  const code = `for await (const line of console) { const { id, params } = JSON.parse(line); ${body} }`;
  return [process.execPath, "-e", code];
}

function answering(rest: string): [string, ...string[]] {
  return program(`console.log('{"jsonrpc":"2.0","id":' + id + ',${rest}}');`);
}

/** Probes a program; its processes so far are in `pids`. */
async function probe(
  [command, ...args]: readonly [string, ...string[]],
  more: Partial<EraProbeOptions> = {},
): Promise<EraVerdict & { readonly pids: readonly number[] }> {
  const before = events.length;
  const verdict = await probeEra({
    server: serverConfig({ command, args }),
    opening: jsonBytes(openingParams("modern", "{}", { name: "gateway", version: "1" })),
    supervisor,
    clock: createSystemClock(),
    emit: (event) => events.push(event),
    maxJsonDepth: 64,
    ...more,
  });
  const pids = events
    .slice(before)
    .flatMap((event) => (event.kind === "child.spawned" ? [event.pid] : []));
  expect(pids.filter((pid) => alive(pid))).toEqual([]);
  expect(supervisor.instances()).toEqual([]);
  return { ...verdict, pids };
}

describe("verdicts", () => {
  const rows: readonly [
    what: string,
    command: [string, ...string[]],
    modern: boolean,
    reason: string,
  ][] = [
    ["a modern server", fixture("modern-only"), true, "answered server/discover"],
    ["a server of both eras", fixture("dual-era"), true, "answered server/discover"],
    ["a legacy server", fixture("echo"), false, "refused server/discover"],
    ["a server that exits at the question", fixture("rmcp-like"), false, "it ended (1)"],
    ["a program that ends at once", fixture("exit-now"), false, "it ended (0)"],
    ["a legacy server that talks much", fixture("noisy-stdout"), false, ""],
    [
      "a modern server with a banner",
      program(
        `console.log("Welcome!"); console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { supportedVersions: ["2026-07-28"], params } }));`,
      ),
      true,
      "answered server/discover",
    ],
    [
      "a server of a later revision only",
      answering('"result":{"supportedVersions":["2027-01-01"]}'),
      false,
      "does not list it",
    ],
    [
      "a refusal that names ours",
      answering('"error":{"code":-32022,"message":"m","data":{"supported":["2026-07-28"]}}'),
      true,
      "named its versions",
    ],
    [
      "a refusal that names others",
      answering('"error":{"code":-32022,"message":"m","data":{"supported":["2025-11-25"]}}'),
      false,
      "refused server/discover",
    ],
    ["an answer that is broken", answering('"result":{"supportedVersions":[01]}'), false, ""],
  ];
  for (const [what, command, modern, reason] of rows) {
    test(what, async () => {
      // The noise of some comes before the answer: only they must not wait for the real deadlines.
      const verdict = await probe(command, modern ? {} : { answerMs: 3_000 });
      expect(verdict.reason).toContain(reason);
      expect([verdict.modern, verdict.isCertain, verdict.pids.length]).toEqual([modern, true, 1]);
    });
  }

  test("comes with the child's own bytes, and the child was asked as a client that can do nothing", async () => {
    const body = `console.log('{"jsonrpc":"2.0","id":' + id + ',"result":{ "supportedVersions":["2026-07-28"], "n":1.0, "seen":' + JSON.stringify(JSON.parse(line)) + '}}');`;
    const { discover } = await probe(program(body));
    const text = textOf(discover ?? new Uint8Array());
    expect(text).toStartWith('{ "supportedVersions":["2026-07-28"], "n":1.0, "seen":');
    expect(JSON.parse(text)).toMatchObject({
      seen: {
        method: "server/discover",
        params: {
          _meta: {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
          },
        },
      },
    });
  });
});

describe("deadlines", () => {
  test("of a child that never says anything", async () => {
    const verdict = await probe(program(""), { totalMs: 300 });
    expect(verdict).toMatchObject({ modern: false, isCertain: true });
    expect(verdict.reason).toBe("no answer within 300 ms of its start");
  });

  test("of a child that says only what is no answer", async () => {
    const verdict = await probe(fixture("never-reads"), { answerMs: 200 });
    expect(verdict).toMatchObject({ modern: false, isCertain: true });
    expect(verdict.reason).toBe("no answer within 200 ms of its first output");
  });
});

describe("nothing is learned", () => {
  test("of a program that is missing", async () => {
    const verdict = await probe(["/no/such/program"]);
    expect(verdict).toMatchObject({ modern: false, isCertain: false, pids: [] });
    expect(verdict.reason).toContain("/no/such/program");
  });

  test("when the probe is given up", async () => {
    const controller = new AbortController();
    const running = probe(program(""), { signal: controller.signal });
    await until(() => supervisor.instances()[0]?.pid);
    controller.abort();
    expect(await running).toMatchObject({ modern: false, isCertain: false });
    expect(await probe(program(""), { signal: controller.signal })).toMatchObject({ pids: [] });
  });

  test("when the gateway stops", async () => {
    const own = createHarness();
    const running = probe(program(""), { supervisor: own.supervisor });
    await until(() => own.supervisor.instances()[0]?.pid);
    await own.supervisor.shutdown("stop");
    expect(await withDeadline(running, 5_000, "the probe ends")).toMatchObject({
      isCertain: false,
    });
    const late = await probe(program(""), { supervisor: own.supervisor });
    expect(late).toMatchObject({ modern: false, isCertain: false, pids: [] });
  });
});
