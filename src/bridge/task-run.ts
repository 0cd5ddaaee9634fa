/**
 * Tools of legacy servers that run as a task only (2025-11-25): a modern client knows no such tasks,
 * so the gateway begins the task and waits for its result (protocol.md 3.3).
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks
 */
import type { ClientParams } from "../codec/client-params.ts";
import type { Answer } from "../upstream/call.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { jsonBytes } from "../wire/message.ts";
import { MAX_DEPTH, memberNamed, objectMembers } from "../wire/json-scan.ts";
import { textOf } from "../wire/key-text.ts";
import { changeObject } from "../wire/object-edit.ts";
import type { ClientCall } from "./conversation.ts";

/** Params that ask for a task. */
export function asTask(params: ClientParams): ClientParams {
  const bytes = changeObject(params.bytes, { set: [["task", "{}"]] });
  return { ...params, bytes, members: objectMembers(bytes, 0, MAX_DEPTH) ?? [] };
}

/** Waits for the result of the task that an answer began. False when it began none. */
export function awaitTask(
  call: ClientCall,
  flow: string,
  answer: Answer,
  upstream: Upstream,
  onAnswer: (answer: Answer) => void,
): boolean {
  if (answer.kind !== "result") return false;
  const task = memberNamed(objectMembers(answer.payload, 0, MAX_DEPTH) ?? [], "task");
  const members =
    task === undefined ? undefined : objectMembers(answer.payload, task.start, MAX_DEPTH);
  const id = members === undefined ? undefined : memberNamed(members, "taskId");
  if (id === undefined) return false;
  const params = jsonBytes(`{"taskId":${textOf(answer.payload, id.start, id.end)}}`);
  const { timeoutMs } = call;
  call.handle = upstream.call({
    method: "tasks/result",
    params: () => params,
    flow,
    timeoutMs,
    onAnswer,
  });
  return true;
}
