/**
 * A program: 32 clients of every kind that call a gateway until their stdin ends, then say on stdout,
 * as JSON, what became of their calls. A process of its own, so that all its connections end with it.
 *
 *   bun clients.ts URL SERVER...
 */
import {
  messageOf,
  notification,
  post,
  textOf,
  toolCall,
  type Message,
  type RawResponse,
} from "../raw-http.ts";
import { ModernClient } from "../modern.ts";
import { initializeRequest, RawSession, RawSseSession } from "../raw-session.ts";
import { withDeadline } from "../wait.ts";
import { emptyTally, sum, type Tally } from "./tally.ts";

const CLIENTS = 32;
/** Far beyond every limit of the gateway under test. */
const LOST_MS = 25_000;
const MAX_SAMPLES = 20;
/** For answers: what the clients send must come back as it is. */
const FILLER = "·".repeat(500);

const [url = "", ...servers] = process.argv.slice(2);
let isOver = false;
process.stdin.on("end", () => {
  isOver = true;
});
process.stdin.resume();

/** What a client does for one call; the error of the gateway, or undefined for a right answer. */
type Ask = (words: string, number: number) => Promise<Message>;

/** A client that keeps one connection of its kind to one server after the other. */
interface Kind {
  open(server: string): Promise<{ readonly ask: Ask; readonly close: () => Promise<void> }>;
}

/** The gateway has refused in words: no answer of a tool, but clear. */
class Refusal extends Error {}

const streamable: Kind = {
  open: async (server) => {
    const session = await refusable(RawSession.open(`${url}/${server}/mcp`));
    return {
      ask: async (words, number) => {
        const response = await session.post(toolCall(number, "echo", { text: words }));
        return answerIn(response.messages, number, response.status, response.text);
      },
      close: async () => {
        await session.end();
      },
    };
  },
};

const oldSse: Kind = {
  open: async (server) => {
    const session = await refusable(RawSseSession.open(`${url}/${server}/sse`));
    try {
      const opening = initializeRequest({ revision: "2024-11-05" }, 0);
      accepted(await session.post(opening));
      const { error } = await answerOn(session);
      if (error !== undefined) throw new Refusal(error.message);
      accepted(await session.post(notification("notifications/initialized")));
    } catch (error) {
      await session.close();
      throw error;
    }
    return {
      ask: async (words, number) => {
        accepted(await session.post(toolCall(number, "echo", { text: words })));
        return answerOn(session);
      },
      close: () => session.close(),
    };
  },
};

function accepted({ status, text }: RawResponse): void {
  if (status !== 202) throw new Refusal(`${status} ${text.slice(0, 80)}`);
}

/** The next message that is an answer: of one question at a time, it is that of the last. */
async function answerOn({ stream }: RawSseSession): Promise<Message> {
  for (;;) {
    const event = await stream.next(LOST_MS);
    if (event === undefined) throw new Error("the stream ended without an answer");
    if (event.event !== "message") continue;
    const message = messageOf(event);
    if (message.method === undefined) return message;
  }
}

const modern: Kind = {
  open: (server) => {
    const client = new ModernClient(`${url}/${server}/mcp`);
    const ask: Ask = async (words, number) => {
      const args = { name: "echo", arguments: { text: words } };
      const { message } = await refusable(client.request("tools/call", args));
      // The helper has compared the id, which is the client's own.
      return { ...message, id: number };
    };
    return Promise.resolve({ ask, close: () => Promise.resolve() });
  },
};

const stateless: Kind = {
  open: (server) =>
    Promise.resolve({
      ask: async (words, number) => {
        const response = await post(
          `${url}/${server}/mcp`,
          toolCall(number, "echo", { text: words }),
        );
        return answerIn(response.messages, number, response.status, response.text);
      },
      close: () => Promise.resolve(),
    }),
};

const kinds = [streamable, oldSse, modern, stateless] as const;

function answerIn(
  messages: readonly Message[],
  number: number,
  status: number,
  text: string,
): Message {
  const answer = messages.find(({ id, method }) => id === number && method === undefined);
  if (answer !== undefined) return answer;
  // 404 for a session or server that is gone, 503 for one that may take nothing now.
  if (status === 404 || status === 503) throw new Refusal(`${status} ${text.slice(0, 80)}`);
  throw new Error(`no answer, but ${status}: ${text.slice(0, 200)}`);
}

/** What the helpers throw for an answer in words that is no success. */
async function refusable<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const isClear =
      /^(?:no (?:session|answer|event stream), but|initialized:) (?:404|503|200)\b/.test(words);
    throw isClear ? new Refusal(words.slice(0, 120)) : error;
  }
}

async function runClient(index: number): Promise<Tally> {
  const tally = emptyTally();
  const kind = kinds[index % kinds.length] ?? stateless;
  for (let number = 1; !isOver;) {
    const server = servers[(index + number) % servers.length] ?? "";
    try {
      const connection = await withDeadline(kind.open(server), LOST_MS, `${server} opens`);
      try {
        // A few calls at once where answers are told apart by ids alone.
        for (let round = 0; round < 8 && !isOver; round++) {
          const width = kind === oldSse ? 1 : 3;
          const calls = Array.from({ length: width }, () => number++);
          await Promise.all(calls.map((one) => callOnce(tally, connection.ask, index, one)));
        }
      } finally {
        await connection.close().catch(() => undefined);
      }
    } catch (error) {
      note(tally, error);
      number++;
    }
  }
  return tally;
}

async function callOnce(tally: Tally, ask: Ask, index: number, number: number): Promise<void> {
  const words = `client ${index}, call ${number}, ${crypto.randomUUID()} ${FILLER}`;
  try {
    const answer = await withDeadline(ask(words, number), LOST_MS, `the answer to call ${number}`);
    if (answer.id !== number) {
      sample(tally.foreign, `client ${index} asked ${number}: ${JSON.stringify(answer)}`);
    } else if (answer.error !== undefined) {
      count(tally, answer.error.message);
    } else if (textOf(answer) === words) {
      tally.right++;
    } else {
      sample(tally.foreign, `client ${index} said ${words}: ${JSON.stringify(answer)}`);
    }
  } catch (error) {
    note(tally, error);
  }
}

function note(tally: Tally, error: unknown): void {
  const words = error instanceof Error ? error.message : String(error);
  if (error instanceof Refusal) count(tally, words);
  else sample(tally.lost, words);
}

function count(tally: Tally, words: string): void {
  if (words.trim() === "") sample(tally.lost, "an error without words");
  // What differs from case to case is no other kind of error.
  const key = words.replace(/[0-9a-f]{8,}|\d+/g, "#").slice(0, 90);
  tally.errors[key] = (tally.errors[key] ?? 0) + 1;
}

function sample(samples: string[], text: string): void {
  if (samples.length < MAX_SAMPLES) samples.push(text.slice(0, 600));
}

const tallies = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => runClient(index)));
process.stdout.write(JSON.stringify(sum(tallies)), () => process.exit(0));
