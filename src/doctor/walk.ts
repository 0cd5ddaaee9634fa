/**
 * The walk from outside in, as a hosted client goes: address, connection, challenge, documents,
 * registration, page, token endpoint, then MCP. Tells each finding as soon as it is there.
 *
 * Changes nothing but for one test client, which it takes away again where the server has a way.
 */
import type { Clock } from "../kernel/clock.ts";
import {
  isLocalUrl,
  judgeAddresses,
  judgeTls,
  judgeUrl,
  plainConnection,
} from "./address-checks.ts";
import { judgeBadToken, judgeChallenge, type OpenAnswers } from "./challenge-checks.ts";
import { skipped, warning, type Finding } from "./finding.ts";
import { IssuerWalk } from "./issuer-walk.ts";
import { DISCOVERY_MS } from "./limits.ts";
import { initializeBody, McpWalk, mcpHeaders, type WantedCall } from "./mcp-walk.ts";
import {
  isFinding,
  judgeGuessedResource,
  judgeResource,
  readDocument,
  resourceMetadataUrl,
} from "./metadata-checks.ts";
import type { Net } from "./net.ts";
import type { Answer } from "./reply.ts";

export interface WalkOptions {
  /** As a person types it into a client. */
  readonly typed: string;
  readonly url: URL;
  /** An access token or an API key; undefined to stop at the door. */
  readonly token: string | undefined;
  readonly call: WantedCall | undefined;
  readonly net: Net;
  readonly clock: Clock;
  readonly randomText: () => string;
  readonly tell: (finding: Finding) => void;
}

const MAX_ADDRESSES = 8;
const WRONG_TOKEN = "doctor-nobody-issued-this";

/** Walks. Never rejects for anything that the other side does. */
export async function walk(options: WalkOptions): Promise<void> {
  const { url, net, tell, token } = options;
  for (const finding of judgeUrl(url)) tell(finding);
  if (!(await lookAtWay(options))) return;
  const answers = await knock(net, url.href);
  const verdict = judgeChallenge(answers, url);
  for (const finding of verdict.findings) tell(finding);
  await leaveSession(net, url.href, answers.POST);
  if (verdict.kind === "lost") return;
  if (verdict.kind === "closed") {
    tell(judgeBadToken(await post(net, url.href, WRONG_TOKEN)));
    await lookAtDocuments(options, verdict.resourceMetadata, verdict.scope);
    if (token === undefined) {
      tell(
        skipped(
          "handshake",
          "no token was given",
          "To look behind the door give --token-file FILE (`key add` makes a key)",
        ),
      );
      return;
    }
  }
  await new McpWalk(net, url.href, token, tell).run(options.call);
}

/** @returns false when nothing can be reached */
async function lookAtWay({ url, net, clock, tell }: WalkOptions): Promise<boolean> {
  const found = await net.resolve(url.hostname);
  if (found === undefined)
    tell(skipped("address", `${url.hostname} is not looked up: its address was given`));
  else if (!isLocalUrl(url)) {
    const findings = judgeAddresses(url.hostname, found);
    for (const finding of findings) tell(finding);
    if (found.v4.length + found.v6.length === 0) return false;
  }
  if (url.protocol !== "https:") {
    tell(plainConnection());
    return true;
  }
  const addresses = found === undefined ? net.given(url.hostname) : [...found.v4, ...found.v6];
  const facts = await Promise.all(
    addresses.slice(0, MAX_ADDRESSES).map((one) => net.tls(url, one)),
  );
  const nowMs = clock.wallMs();
  for (const one of facts) tell(judgeTls(url.hostname, one, nowMs));
  return facts.some(({ error }) => error === undefined);
}

async function knock(net: Net, address: string): Promise<OpenAnswers> {
  const [HEAD, GET, POST] = await Promise.all([
    net.send(address, { method: "HEAD", timeoutMs: DISCOVERY_MS }),
    net.send(address, {
      method: "GET",
      headers: { accept: "text/event-stream" },
      timeoutMs: DISCOVERY_MS,
      isHeadOnly: true,
    }),
    post(net, address),
  ]);
  return { HEAD, GET, POST };
}

function post(net: Net, address: string, token?: string): Promise<Answer> {
  return net.send(address, {
    method: "POST",
    headers: mcpHeaders(token),
    body: initializeBody(1),
    timeoutMs: DISCOVERY_MS,
    isHeadOnly: true,
  });
}

/** A server that asks nobody has opened a session at the knock. */
async function leaveSession(net: Net, address: string, answer: Answer): Promise<void> {
  const session = answer.kind === "reply" ? answer.headers.get("mcp-session-id") : null;
  if (session === null) return;
  const headers = { ...mcpHeaders(), "mcp-session-id": session };
  await net.send(address, { method: "DELETE", headers, timeoutMs: DISCOVERY_MS });
}

async function lookAtDocuments(
  options: WalkOptions,
  named: string | undefined,
  scope: string | undefined,
): Promise<void> {
  const { url, typed, net, tell } = options;
  const usual = resourceMetadataUrl(url);
  const get = (address: string) => net.send(address, { method: "GET", timeoutMs: DISCOVERY_MS });
  const answer = await get(named !== undefined && URL.canParse(named) ? named : usual);
  const document = readDocument("resource", "the document of the resource", answer);
  if (isFinding(document)) {
    tell(document);
    return;
  }
  const { findings, issuer } = judgeResource(document, typed);
  for (const finding of findings) tell(finding);
  if (answer.url !== usual)
    for (const finding of judgeGuessedResource(await get(usual), typed)) tell(finding);
  if (scope === undefined && !Array.isArray(document["scopes_supported"]))
    tell(
      warning(
        "resource",
        "neither the challenge nor the document names a scope",
        "Name one: clients ask for what is named",
      ),
    );
  if (issuer === undefined) return;
  await new IssuerWalk(options, issuer, scope).run(answer);
}
