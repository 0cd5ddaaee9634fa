/**
 * What a webhook is told, and how it is signed: the payload and the headers of Standard
 * Webhooks, with one text more for chats.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */

/** What can be told of a server. */
export type WebhookEvent = "server.failed" | "server.recovered";

/** One change that is told. */
export interface ServerNotice {
  readonly server: string;
  readonly event: WebhookEvent;
  /** In words, redacted. */
  readonly cause: string;
  readonly atMs: number;
}

/** Servers that one message names; of more it says how many. */
const MAX_NAMED = 50;
const MAX_CAUSE_CHARS = 400;

/** The body of a message about these changes, one at least. */
export function messageBody(
  notices: readonly ServerNotice[],
  facts: { readonly version: string; readonly nowMs: number },
): string {
  const named = notices.slice(0, MAX_NAMED);
  const isFailure = notices.some(({ event }) => event === "server.failed");
  const servers = named.map(({ server, event, cause, atMs }) => ({
    server,
    event,
    state: event === "server.failed" ? "failed" : "ready",
    cause: cause.slice(0, MAX_CAUSE_CHARS),
    at: new Date(atMs).toISOString(),
  }));
  const more = notices.length - named.length;
  return JSON.stringify({
    type: isFailure ? "server.failed" : "server.recovered",
    timestamp: new Date(facts.nowMs).toISOString(),
    text: textOf(servers, more),
    data: { gateway: { name: "remote-mcp-proxy", version: facts.version }, servers, more },
  });
}

function textOf(
  servers: readonly { readonly server: string; readonly state: string; readonly cause: string }[],
  more: number,
): string {
  const lines = servers.map(({ server, state, cause }) =>
    state === "failed"
      ? `MCP server ${server} has failed: ${cause}`
      : `MCP server ${server} is back`,
  );
  return [...lines, ...(more === 0 ? [] : [`and ${more} more`])].join("\n");
}

/** The headers of a message; signed when there is a secret. */
export function messageHeaders(
  message: { readonly id: string; readonly body: string; readonly timestampSeconds: number },
  secret: string | undefined,
): Record<string, string> {
  const { id, body, timestampSeconds } = message;
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(timestampSeconds),
  };
  if (secret === undefined) return headers;
  const signed = `${id}.${timestampSeconds}.${body}`;
  const signature = new Bun.CryptoHasher("sha256", keyOf(secret)).update(signed).digest("base64");
  return { ...headers, "webhook-signature": `v1,${signature}` };
}

/** A secret of the form `whsec_…` is base64; any other is taken as it is. */
function keyOf(secret: string): Buffer {
  const prefix = "whsec_";
  return secret.startsWith(prefix)
    ? Buffer.from(secret.slice(prefix.length), "base64")
    : Buffer.from(secret);
}
