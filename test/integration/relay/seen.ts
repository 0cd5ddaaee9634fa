/**
 * What really reached a fixture: its tool `seen` shows every line of its stdin.
 */
import { jsonOf, type Message } from "../../helpers/raw-http.ts";
import type { RawSession } from "../../helpers/raw-session.ts";

/** Every message that the child behind the session has received so far, the asking call included. */
export async function received(session: RawSession): Promise<readonly Message[]> {
  return (await receivedLines(session)).map((line) => JSON.parse(line) as Message);
}

/** The same as the lines that came. */
export async function receivedLines(session: RawSession): Promise<readonly string[]> {
  return jsonOf(await session.call("seen")) as unknown as readonly string[];
}

/** Calls of one tool among messages, in their order. */
export function callsOf(messages: readonly Message[], tool: string): readonly Message[] {
  return messages.filter(
    ({ method, params }) => method === "tools/call" && params?.["name"] === tool,
  );
}

/** Messages of one method, in their order. */
export function withMethod(messages: readonly Message[], method: string): readonly Message[] {
  return messages.filter((message) => message.method === method);
}
