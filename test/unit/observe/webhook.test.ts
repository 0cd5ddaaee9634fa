/** Failed and recovered servers told to a real HTTP server: once, together, not too often, not for ever. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { GatewayEvent, InstanceState } from "../../../src/kernel/event.ts";
import type { CauseKind } from "../../../src/kernel/health-event.ts";
import { Webhook, type WebhookLimits, type WebhookSettings } from "../../../src/observe/webhook.ts";
import { createSystemClock } from "../../../src/runtime/system-clock.ts";
import { gate, until } from "../../helpers/wait.ts";
import { isSigned, WebhookReceiver } from "../../helpers/webhook-receiver.ts";

const LIMITS: WebhookLimits = {
  attemptMs: 5_000,
  retryDelaysMs: [1, 1],
  gatherMs: 20,
  maxServers: 3,
};

let receiver: WebhookReceiver;
let events: GatewayEvent[];
let hook: Webhook;

beforeEach(() => {
  receiver = new WebhookReceiver();
  events = [];
  hook = open();
});
afterEach(async () => {
  hook.close();
  await receiver[Symbol.asyncDispose]();
});

function settings(more: Partial<WebhookSettings> = {}): WebhookSettings {
  return {
    url: receiver.url,
    secret: undefined,
    events: ["server.failed", "server.recovered"],
    minIntervalMs: 1,
    ...more,
  };
}

function open(more: Partial<WebhookSettings> = {}, limits: Partial<WebhookLimits> = {}): Webhook {
  return new Webhook({
    settings: settings(more),
    version: "1.2.3",
    redact: () => (text) => text.replaceAll("swordfish", "[redacted]"),
    clock: createSystemClock(),
    emit: (event) => events.push(event),
    limits: { ...LIMITS, ...limits },
  });
}

function state(
  server: string,
  to: InstanceState,
  more: { readonly instance?: string; readonly kind?: CauseKind; readonly cause?: string } = {},
): void {
  const { instance = "shared", kind = "exit", cause = "exited with code 1" } = more;
  const why = { kind };
  hook.observe({ kind: "instance.state", server, instance, from: "starting", to, cause, why });
}

const sent = (): readonly GatewayEvent[] => events.filter(({ kind }) => kind === "webhook.sent");
const untilSent = (count: number) => until(() => sent().length >= count, { what: `${count} sent` });

describe("what is told", () => {
  test("a failure, then the return, and nothing else", async () => {
    state("one", "ready");
    state("one", "backoff");
    state("one", "failed");
    const first = await receiver.message(1);
    expect(first.body.type).toBe("server.failed");
    expect(first.body.text).toBe("MCP server one has failed: exited with code 1");
    await untilSent(1);
    state("one", "starting");
    state("one", "ready");
    const second = await receiver.message(2);
    expect(second.body.type).toBe("server.recovered");
    expect(second.body.text).toBe("MCP server one is back");
    await untilSent(2);
    expect(receiver.told).toEqual([["one failed"], ["one recovered"]]);
  });

  test("no secret, in the words or in the log", async () => {
    receiver.answer = () => new Response("", { status: 500 });
    state("one", "failed", { cause: "said swordfish" });
    const { text } = await receiver.message(1);
    expect(text).toContain("said [redacted]");
    await untilSent(1);
    expect(JSON.stringify(events)).not.toContain("very-secret-path");
  });

  test("only the events that are wanted", async () => {
    hook = open({ events: ["server.recovered"] });
    state("one", "failed");
    state("one", "ready");
    await receiver.message(1);
    await untilSent(1);
    expect(receiver.told).toEqual([["one recovered"]]);
  });

  const rows: readonly [instance: string, kind: CauseKind, isTold: boolean][] = [
    ["probe", "spawn-error", false],
    ["session-1a2b", "exit", false],
    ["session-1a2b", "spawn-error", true],
    ["session-1a2b", "start-failed", true],
    ["shared", "signal", true],
  ];
  test.each(rows)("%s that failed by %s: %p", async (instance, kind, isTold) => {
    state("other", "failed", { instance, kind });
    state("one", "failed");
    await receiver.message(1);
    expect(receiver.told[0]).toEqual(isTold ? ["other failed", "one failed"] : ["one failed"]);
  });
});

describe("signatures", () => {
  test("by a secret as it is, and by one of Standard Webhooks", async () => {
    hook = open({ secret: "swordfish" });
    state("one", "failed");
    expect(isSigned(await receiver.message(1), "swordfish")).toBe(true);
    const key = Buffer.from("0123456789abcdef0123456789abcdef");
    hook = open({ secret: `whsec_${key.toString("base64")}` });
    state("one", "failed");
    expect(isSigned(await receiver.message(2), key)).toBe(true);
  });

  test("none without a secret", async () => {
    state("one", "failed");
    const { headers } = await receiver.message(1);
    expect(headers.get("webhook-signature")).toBeNull();
    expect(headers.get("webhook-id")).toMatch(/^msg_/);
  });
});

describe("storms", () => {
  test("what happens together is one message, within the cap of servers", async () => {
    for (const server of ["one", "two", "three", "four"]) state(server, "failed");
    const { body } = await receiver.message(1);
    expect(body.data.servers.map(({ server }) => server)).toEqual(["one", "two", "three"]);
    await untilSent(1);
    expect(receiver.messages).toHaveLength(1);
  });

  test("a server that is back before anybody was told is not told about", async () => {
    state("one", "failed");
    state("one", "ready");
    state("two", "failed");
    await receiver.message(1);
    expect(receiver.told).toEqual([["two failed"]]);
  });

  test("a thousand flaps are at most one message more", async () => {
    state("one", "failed");
    await receiver.message(1);
    await untilSent(1);
    hook.configure(settings({ minIntervalMs: 200 }));
    for (let flap = 0; flap < 1_000; flap++) {
      state("one", "ready");
      state("one", "failed");
    }
    state("two", "failed");
    await receiver.message(2);
    expect(receiver.told).toEqual([["one failed"], ["two failed"]]);
  });

  test("messages keep their distance", async () => {
    hook = open({ minIntervalMs: 300 });
    state("one", "failed");
    await receiver.message(1);
    const firstMs = performance.now();
    await untilSent(1);
    state("two", "failed");
    await receiver.message(2);
    // The timer may be early by its own grain.
    expect(performance.now() - firstMs).toBeGreaterThan(200);
  });

  test("what happens while a message is on its way is told after it, by what is known then", async () => {
    const door = gate();
    receiver.answer = async () => {
      await door.passed;
      return new Response(null, { status: 200 });
    };
    state("one", "failed");
    state("two", "failed");
    await receiver.message(1);
    state("one", "ready");
    state("two", "ready");
    state("two", "failed");
    door.open();
    await receiver.message(2);
    await untilSent(2);
    expect(receiver.told).toEqual([["one failed", "two failed"], ["one recovered"]]);
  });
});

describe("a receiver in trouble", () => {
  test("is asked again, with the same id, and told in the end", async () => {
    const statuses = [503, 429, 200];
    receiver.answer = () => new Response("", { status: statuses.shift() ?? 200 });
    state("one", "failed");
    await receiver.message(3);
    await untilSent(1);
    const ids = new Set(receiver.messages.map(({ headers }) => headers.get("webhook-id")));
    expect(ids.size).toBe(1);
    expect(sent()).toEqual([{ kind: "webhook.sent", outcome: "delivered", servers: 1 }]);
  });

  test("is given up after a few attempts, which is said; what it never heard is not taken back", async () => {
    receiver.answer = () => new Response("", { status: 500 });
    state("one", "failed");
    await untilSent(1);
    expect(receiver.messages).toHaveLength(3);
    expect(events).toContainEqual({
      kind: "gateway.notice",
      level: "WARNING",
      message: expect.stringMatching(/status 500, after 3 attempts; nobody was told about one$/),
    });
    receiver.answer = () => new Response(null, { status: 204 });
    state("one", "ready");
    state("two", "failed");
    await receiver.message(4);
    expect(receiver.told.at(-1)).toEqual(["two failed"]);
  });

  test.each([301, 400, 404, 410])("%d is final", async (status) => {
    const headers = { location: receiver.url };
    receiver.answer = () => new Response("", { status, headers });
    state("one", "failed");
    await untilSent(1);
    expect(receiver.messages).toHaveLength(1);
    expect(sent()).toMatchObject([{ outcome: "failed" }]);
  });

  test("one that never answers has its deadline", async () => {
    hook = open({}, { attemptMs: 30, retryDelaysMs: [] });
    const never = gate();
    receiver.answer = async () => {
      await never.passed;
      return new Response();
    };
    state("one", "failed");
    await untilSent(1);
    never.open();
    expect(JSON.stringify(events)).toContain("no answer within 30 ms");
  });

  test("one that is not there is said by its code", async () => {
    hook = open({ url: "http://127.0.0.1:1/very-secret-path" }, { retryDelaysMs: [] });
    state("one", "failed");
    await untilSent(1);
    expect(JSON.stringify(events)).toMatch(/ConnectionRefused|ECONNREFUSED/);
  });
});

describe("changes", () => {
  test("another receiver is told from then on, also what the first one did not take", async () => {
    await using second = new WebhookReceiver();
    const never = gate();
    receiver.answer = async () => {
      await never.passed;
      return new Response();
    };
    state("one", "failed");
    await receiver.message(1);
    hook.configure(settings({ url: second.url }));
    await second.message(1);
    expect(second.told).toEqual([["one failed"]]);
    never.open();
  });

  test("nobody is told while the gateway stops", async () => {
    state("one", "failed");
    hook.observe({ kind: "gateway.stopping", reason: "SIGTERM" });
    state("two", "failed");
    const other = open();
    other.observe({
      kind: "instance.state",
      server: "three",
      instance: "shared",
      from: "ready",
      to: "failed",
      cause: "c",
      why: { kind: "exit" },
    });
    await receiver.message(1);
    expect(receiver.told).toEqual([["three failed"]]);
    other.close();
  });
});
