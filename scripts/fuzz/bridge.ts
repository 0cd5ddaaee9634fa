/**
 * A real gateway under messages of every era: many at once, to children of either era, over every
 * binding, some by clients that leave. What came of each is judged by outcome.ts; at the end nothing
 * may be left of them, and plain calls must work.
 */
import { fixtureServer } from "../../test/helpers/fixtures.ts";
import { type RunningGateway, startGateway } from "../../test/helpers/gateway.ts";
import { ModernClient, wordsOf } from "../../test/helpers/modern.ts";
import { textOf } from "../../test/helpers/raw-http.ts";
import { RawSession } from "../../test/helpers/raw-session.ts";
import { until, withDeadline } from "../../test/helpers/wait.ts";
import { shown } from "./expected.ts";
import { Fleet } from "./fleet.ts";
import type { Verdict } from "./rounds.ts";

const SERVERS = ["echo", "modern-only", "dual-era"] as const;
/** POSTs at once. */
const WORKERS = 12;
const SETTLE_MS = 20_000;
const MAX_TOLD = 3;

/** What came of the whole. */
export interface BridgeOutcome {
  readonly verdicts: readonly Verdict[];
  readonly summary: string;
}

/** Runs a gateway for `durationMs` and judges it. */
export async function fuzzBridge(seed: number, durationMs: number): Promise<BridgeOutcome> {
  const short = { requestTimeout: "3s", optionalListTimeout: "2s", maxInstances: 4 };
  const gateway = await startGateway({
    servers: {
      echo: fixtureServer("echo", { ...short, instances: "shared", clientCapabilities: "all" }),
      "modern-only": fixtureServer("modern-only", short),
      "dual-era": fixtureServer("dual-era", short),
    },
    proxy: { limits: { lazyStream: "200ms", clientAnswerTimeout: "1s", streamWait: "300ms" } },
    logLevel: "WARNING",
  });
  let isStopped = false;
  try {
    const urls = SERVERS.map((name) => gateway.mcp(name));
    for (const url of urls) await plainCalls(url);
    const fleet = await Fleet.launch(gateway, SERVERS, seed);
    const endMs = performance.now() + durationMs;
    await Promise.all(Array.from({ length: WORKERS }, () => fleet.work(endMs)));
    const sse = await told(() => fleet.expectSettled(SETTLE_MS));
    await fleet.leave();
    const left = await told(() => nothingLeft(gateway));
    const plain = await told(async () => {
      for (const url of urls) await plainCalls(url);
    });
    const log = await told(() => expectQuiet(gateway));
    isStopped = true;
    const stop = await told(async () => {
      await gateway.stop();
    });
    const posts = fleet.failures.slice(0, MAX_TOLD).join("\n\n");
    const count = fleet.failures.length;
    const verdicts: Verdict[] = [
      verdict("every POST has one outcome, under its id", count === 0 ? undefined : posts),
      verdict("every request over HTTP+SSE is answered once", sse),
      verdict("nothing is left of what was asked", left),
      verdict("plain calls of both eras work afterwards", plain),
      verdict("the gateway lives, and its log tells of no fault", log),
      verdict("the gateway stops in order", stop),
    ];
    return {
      summary: fleet.summary,
      verdicts: verdicts.map(({ name, failure }) => ({
        name,
        failure: failure === undefined ? undefined : `seed ${seed}: ${failure}`,
      })),
    };
  } finally {
    if (!isStopped) await gateway.kill();
  }
}

function verdict(name: string, failure: string | undefined): Verdict {
  return { name, failure };
}

/** The words of what was thrown; undefined when nothing was. */
async function told(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A call of each era, as a client makes them that knows of nothing else. */
async function plainCalls(url: string): Promise<void> {
  const text = `plain ${url}`;
  const call = async (): Promise<readonly (string | undefined)[]> => {
    const session = await RawSession.open(url);
    const legacy = textOf(await session.call("echo", { text }));
    await session.end();
    return [legacy, wordsOf(await new ModernClient(url).call("echo", { text }))];
  };
  const words = await withDeadline(call(), SETTLE_MS, `plain calls of ${url}`);
  if (words.some((one) => one !== text)) throw new Error(`${url} echoed ${shown(words)}`);
}

interface Load {
  readonly unanswered: number;
  readonly queued: number;
  readonly unansweredBytes: number;
  readonly questions: number;
  readonly listens: number;
}

async function nothingLeft(gateway: RunningGateway): Promise<void> {
  let text = "";
  const isIdle = async (): Promise<boolean> => {
    text = await (await fetch(`${gateway.url}/listmcp`)).text();
    const { servers } = JSON.parse(text) as { readonly servers: readonly { load: Load }[] };
    return servers.every(({ load }) => {
      const { unanswered, queued, unansweredBytes, questions, listens } = load;
      return unanswered + queued + unansweredBytes + questions + listens === 0;
    });
  };
  try {
    await until(isIdle, { deadlineMs: SETTLE_MS, what: "nothing is left" });
  } catch (error) {
    throw new Error(`${String(error)}: ${text}`, { cause: error });
  }
}

function expectQuiet(gateway: RunningGateway): Promise<void> {
  process.kill(gateway.pid, 0);
  const lines = gateway.stderr.split("\n");
  const faults = lines.filter((line) => /\bbug:|fault in a request/.test(line));
  if (faults.length === 0) return Promise.resolve();
  return Promise.reject(new Error(faults.slice(0, MAX_TOLD).join("\n")));
}
