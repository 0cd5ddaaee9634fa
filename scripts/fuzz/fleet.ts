/**
 * The clients of a fuzzed gateway: sessions of every legacy revision, event streams of HTTP+SSE, and
 * clients of 2026-07-28, which need no session. Sends what messages.ts makes and keeps what went
 * wrong.
 */
import type { RunningGateway } from "../../test/helpers/gateway.ts";
import { del, read, type RawResponse } from "../../test/helpers/raw-http.ts";
import { RawSession, RawSseSession } from "../../test/helpers/raw-session.ts";
import { SseReader } from "../../test/helpers/sse-reader.ts";
import { until } from "../../test/helpers/wait.ts";
import { Chance } from "./chance.ts";
import { expectTrue, shown } from "./expected.ts";
import { batch, draft, type Draft, initializeText, LEGACY } from "./messages.ts";
import { cancelledBy, idKeyOf, judge, messagesIn } from "./outcome.ts";
import type { Memory } from "./params.ts";
import { StreamLedger } from "./stream-ledger.ts";

/** More than any time-out of the gateway, on a machine under load. */
const ANSWER_MS = 20_000;
const MAX_FAILURES = 100;
const MAX_STATES = 50;
const ASKABLE = { elicitation: { form: {}, url: {} }, sampling: {} } as const;
/** Keeps the choices of this part apart from those of the codecs. */
const FIRST_ROUND = 1_000_000_000;

interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Where answers to what is posted here come; undefined for the POST's own answer. */
  readonly ledger: StreamLedger | undefined;
}

export class Fleet {
  readonly failures: string[] = [];
  readonly #seed: number;
  readonly #urls: readonly string[];
  readonly #sessions: Target[] = [];
  readonly #ledgers: StreamLedger[] = [];
  readonly #memory: Memory = { states: [] };
  readonly #cancelled = new Set<string>();
  readonly #statuses = new Map<string, number>();
  #sent = 0;

  /** Opens the sessions. */
  static async launch(
    gateway: RunningGateway,
    servers: readonly string[],
    seed: number,
  ): Promise<Fleet> {
    const fleet = new Fleet(
      seed,
      servers.map((name) => gateway.mcp(name)),
    );
    for (const name of servers) {
      for (const revision of LEGACY) await fleet.#open(gateway.mcp(name), { revision });
      await fleet.#open(gateway.mcp(name), { capabilities: ASKABLE });
      const session = await RawSseSession.open(gateway.sse(name));
      const ledger = new StreamLedger(session.stream);
      const clientInfo = { name: "fuzz", version: "1" };
      const params = { protocolVersion: "2024-11-05", capabilities: {}, clientInfo };
      await session.request("open", "initialize", params);
      ledger.listen();
      fleet.#ledgers.push(ledger);
      fleet.#sessions.push({ url: session.postUrl, headers: {}, ledger });
    }
    return fleet;
  }

  private constructor(seed: number, urls: readonly string[]) {
    this.#seed = seed;
    this.#urls = urls;
  }

  /** What was sent and what came back, in numbers. */
  get summary(): string {
    const counts = [...this.#statuses].toSorted().map(([name, count]) => `${name}: ${count}`);
    return `${this.#sent} POSTs (${counts.join(", ")})`;
  }

  /** Sends one message after the other until it is time. */
  async work(endMs: number): Promise<void> {
    while (performance.now() < endMs && this.failures.length < MAX_FAILURES) {
      const n = this.#sent++;
      await this.#send(new Chance(this.#seed, FIRST_ROUND + n), n);
    }
  }

  /** @throws Error unless all that is owed on event streams has come, and nothing else. */
  async expectSettled(deadlineMs: number): Promise<void> {
    const open = (): string[] => this.#ledgers.flatMap((one) => one.open(this.#cancelled));
    try {
      await until(() => open().length === 0, { deadlineMs, what: "all answers on streams" });
    } catch (error) {
      throw new Error(`unbalanced: ${shown(open().slice(0, 20))}`, { cause: error });
    }
  }

  /** Ends the sessions. */
  async leave(): Promise<void> {
    for (const ledger of this.#ledgers) await ledger.close();
    for (const { url, headers, ledger } of this.#sessions) {
      if (ledger === undefined) await del(url, { headers });
    }
  }

  async #open(url: string, facts: { revision?: string; capabilities?: object }): Promise<void> {
    const { id, revision } = await RawSession.open(url, facts);
    const version = { "mcp-protocol-version": revision };
    const headers = { "mcp-session-id": id, ...(revision < "2025-06-18" ? {} : version) };
    this.#sessions.push({ url, headers, ledger: undefined });
  }

  async #send(chance: Chance, n: number): Promise<void> {
    const kind = chance.below(100);
    if (kind < 3) return this.#visit(chance, n);
    const drafted = kind < 12 ? batch(chance, n, this.#memory) : draft(chance, n, this.#memory);
    await this.#post(chance, this.#targetFor(chance, drafted), drafted);
  }

  #targetFor(chance: Chance, { era }: Draft): Target {
    const anywhere = { url: chance.of(this.#urls), headers: {}, ledger: undefined };
    const needsSession = era === "legacy" ? chance.hit(0.85) : chance.hit(0.1);
    return needsSession ? chance.of(this.#sessions) : anywhere;
  }

  /** A session that is opened and ended at once. */
  async #visit(chance: Chance, n: number): Promise<void> {
    const url = chance.of(this.#urls);
    const id = `"v${n}"`;
    const text = initializeText(chance, id, chance.of(["1999-01-01", ...LEGACY]));
    const bytes = new TextEncoder().encode(text);
    const drafted: Draft = { bytes, era: "legacy", headers: {}, isSound: true, id };
    const target = { url, headers: {}, ledger: undefined };
    const response = await this.#post(chance, target, drafted);
    const session = response?.session;
    if (session === undefined) return;
    const { status } = await del(url, { session });
    if (status !== 200) this.#fail(target, drafted, `DELETE gave ${status}`);
  }

  async #post(chance: Chance, target: Target, drafted: Draft): Promise<RawResponse | undefined> {
    const messages = messagesIn(drafted.bytes);
    // Before it is sent: what it cancels may be settled before its own answer is here.
    for (const key of cancelledBy(messages ?? [])) this.#cancelled.add(key);
    const leavesAfterMs = chance.hit(0.03) ? 1 + chance.below(40) : undefined;
    const isListen = messages?.[0]?.method === "subscriptions/listen";
    const headers = {
      "content-type": chance.hit(0.01) ? "text/plain" : "application/json",
      accept: "application/json, text/event-stream",
      ...target.headers,
      ...drafted.headers,
    };
    const signal = AbortSignal.timeout(leavesAfterMs ?? ANSWER_MS);
    let response: RawResponse | undefined;
    try {
      const { bytes: body } = drafted;
      const raw = await fetch(target.url, { method: "POST", headers, body, signal });
      response = isListen ? await beginningOf(raw) : await read(raw);
      this.#count(String(response.status));
      this.#remember(response);
      // Nothing that is sent here ends a session, so none may be gone.
      expectTrue(!response.text.includes("Session not found"), "the session is gone");
      if (target.ledger === undefined || response.status !== 202) {
        judge({ bytes: drafted.bytes, id: drafted.id, cancelled: this.#cancelled }, response);
      } else {
        expectTrue(messages !== undefined, "taken although it is no JSON");
        for (const one of messages) if (one.kind === "request") target.ledger.owe(one.id);
      }
    } catch (error) {
      const hasLeft = leavesAfterMs !== undefined && signal.aborted;
      if (!hasLeft) this.#fail(target, drafted, describe(error, response), headers);
      else {
        this.#count("left");
        // Whether it was taken is not known, so the stream may hold an answer or none.
        if (target.ledger === undefined) return undefined;
        for (const { id } of messages ?? []) this.#cancelled.add(idKeyOf(id));
      }
    }
    return response;
  }

  #remember({ messages }: RawResponse): void {
    for (const { result } of messages) {
      const state: unknown = result?.["requestState"];
      if (typeof state !== "string") continue;
      this.#memory.states.push(state);
      if (this.#memory.states.length > MAX_STATES) this.#memory.states.shift();
    }
  }

  #count(name: string): void {
    this.#statuses.set(name, (this.#statuses.get(name) ?? 0) + 1);
  }

  #fail(target: Target, { bytes }: Draft, words: string, headers: object = target.headers): void {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    this.failures.push(`${target.url} ${shown(headers)}\nsent ${shown(text)}\n${words}`);
  }
}

function describe(error: unknown, response: RawResponse | undefined): string {
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return response === undefined
    ? words
    : `${words}\ngot ${response.status} ${shown(response.text)}`;
}

/**
 * What of an answer comes before its stream waits for what happens: the first message of a listen,
 * which is a promise and counts as its answer, or a refusal.
 */
async function beginningOf(response: Response): Promise<RawResponse> {
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  if (!isStream || response.body === null) return read(response);
  const stream = new SseReader(response.body);
  const event = await stream.find(({ data }) => (data ?? "") !== "", ANSWER_MS);
  await stream.close();
  const { status, headers } = response;
  const message = JSON.parse(event.data ?? "") as RawResponse["messages"][number];
  const id: unknown = message.params?.["_meta"]?.["io.modelcontextprotocol/subscriptionId"];
  const promise = { jsonrpc: "2.0", id: id as string, result: {} };
  const isPromise = message.method === "notifications/subscriptions/acknowledged";
  const messages = [isPromise ? promise : message];
  const text = event.data?.replace(/"[^"]*subscriptionId":/, '"id":') ?? "";
  return { status, headers, text, json: undefined, events: [event], messages, session: undefined };
}
