/**
 * Keeps a child from giving up on a question that is with a person: SDK servers wait 60 s, and anew
 * after each progress of the question if they asked for it (protocol.md 3.4.2).
 */
import { MAX_DEPTH, objectMembers } from "../wire/json-scan.ts";
import { jsonBytes } from "../wire/message.ts";
import { progressTokenOf } from "../wire/splice.ts";
import type { ModernCall } from "./modern-call.ts";

/** How often a child is told. */
const REASSURE_MS = 20_000;

/** Tells the child of a parked call, when it is time, that its questions are not lost. */
export function reassure(modern: ModernCall, nowMs: number): void {
  if (nowMs - modern.reassuredAtMs < REASSURE_MS) return;
  modern.reassuredAtMs = nowMs;
  const progress = ++modern.reassured;
  for (const { params } of modern.inputs.values()) {
    const token = params === undefined ? undefined : tokenIn(params);
    if (token === undefined) continue;
    const told = jsonBytes(`{"progressToken":${token},"progress":${progress}}`);
    modern.upstream.notify("notifications/progress", told);
  }
}

function tokenIn(params: Uint8Array): string | undefined {
  return progressTokenOf(params, objectMembers(params, 0, MAX_DEPTH) ?? [], MAX_DEPTH)?.text;
}
