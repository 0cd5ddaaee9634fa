/**
 * Row 13 of the ladder in protocol.md 1.4: a call of a modern client is held to its `Mcp-Param-*`
 * headers before its child sees it, whatever era the child is of. A child whose tools are not known
 * yet is asked for them first.
 */
import type { Rejection } from "../codec/classify.ts";
import { checkParamHeaders } from "../codec/param-headers.ts";
import type { ServerConfig } from "../config/model.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { MAX_DEPTH, memberNamed, objectMembers } from "../wire/json-scan.ts";
import type { ClientCall } from "./conversation.ts";
import type { ModernRequest } from "./modern-request.ts";
import type { ToolDirectory } from "./tool-directory.ts";

export interface ParamCheck {
  readonly server: ServerConfig;
  readonly tools: ToolDirectory;
}

/** What follows the check; at most one of them is called, none when the client has left meanwhile. */
export interface AfterParamCheck {
  readonly go: () => void;
  readonly refuse: (rejection: Rejection) => void;
}

/** Checks a request of any method and goes on: at once, unless the child is asked first. */
export function checkParams(
  request: ModernRequest,
  call: ClientCall,
  upstream: Upstream,
  { server, tools }: ParamCheck,
  after: AfterParamCheck,
): void {
  if (call.method !== "tools/call") return after.go();
  const judge = (): void => {
    if (call.settled) return;
    const rejection = rejectionOf(request, upstream, tools);
    if (rejection === undefined) after.go();
    else after.refuse(rejection);
  };
  if (tools.hasRead(upstream)) return judge();
  // Of a child that gives no list nobody can know what to repeat: then what is known decides.
  tools.load(upstream, server.optionalListTimeoutMs).then(judge, judge);
}

function rejectionOf(
  { message, envelope, header }: ModernRequest,
  upstream: Upstream,
  tools: ToolDirectory,
): Rejection | undefined {
  const params = message.payload;
  if (params === undefined || envelope.name === undefined) return undefined;
  const native = tools.resolve(envelope.name) ?? envelope.name;
  // A hidden tool is refused as unknown; its arguments would tell that it exists.
  if (!tools.allows(native)) return undefined;
  const annotations = tools.paramsOf(upstream, native);
  if (annotations.length === 0) return undefined;
  const args = memberNamed(objectMembers(params, 0, MAX_DEPTH) ?? [], "arguments");
  if (args === undefined) return undefined;
  return checkParamHeaders(annotations, params.subarray(args.start, args.end), header);
}
