/**
 * A client by hand that the server can ask: takes the questions of a call from the call's stream,
 * and answers them when the test says so.
 */
import { type HttpOptions, type Message, messageOf, toolCall } from "../../helpers/raw-http.ts";
import type { RawSession } from "../../helpers/raw-session.ts";
import type { SseReader } from "../../helpers/sse-reader.ts";

/** Everything that a server may ask for. */
export const ALL = { sampling: {}, elicitation: {}, roots: { listChanged: true } } as const;

/** The next message of a stream; priming events are skipped. @throws Error when the stream ends */
export async function nextOf(stream: SseReader, deadlineMs?: number): Promise<Message> {
  return messageOf(await stream.find(({ data }) => Boolean(data), deadlineMs));
}

/** Calls a tool that will ask, and leaves the stream of the answer open. */
export async function startCall(
  session: RawSession,
  name: string,
  args: object,
  more: HttpOptions = {},
): Promise<SseReader> {
  return (await session.openPost(toolCall(`${name} of a test`, name, args), more)).stream;
}

/** Posts the answer to a question. @throws Error when it is not taken */
export async function reply(session: RawSession, id: unknown, answer: object): Promise<void> {
  const { status, text } = await session.post({ jsonrpc: "2.0", id, ...answer });
  if (status !== 202) throw new Error(`the answer was not taken: ${status} ${text}`);
}
