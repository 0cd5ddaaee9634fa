/** Pure. An answer as the doctor's judgements see it, and what all of them ask of one. */
import { shown, wrong, type Finding, type Step } from "./finding.ts";
import { DISCOVERY_MS } from "./limits.ts";

/** What came back, read to its end or to a cap. */
export interface Reply {
  readonly kind: "reply";
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** From the request to the end of what was read. */
  readonly tookMs: number;
}

/** Nothing that could be read came back. */
export interface NoReply {
  readonly kind: "none";
  readonly url: string;
  readonly reason: string;
  readonly isTimeout: boolean;
}

export type Answer = Reply | NoReply;

/** The body as a JSON object; undefined when it is anything else. */
export function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The texts of a member that is a list; empty when it is none. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** The finding for an answer that did not come. */
export function noReply(step: Step, what: string, { reason, isTimeout }: NoReply): Finding {
  return isTimeout
    ? wrong(
        step,
        `${what}: no answer within ${DISCOVERY_MS / 1000} s, which is as long as Claude.ai waits`,
        "See why it is slow: a cold start, a sleeping host, a name that resolves slowly",
      )
    : wrong(
        step,
        `${what}: ${reason}`,
        "Make this address answer; the log of what is in front says why it did not",
      );
}

/** Why something stands in the way of the gateway, by what it answered; undefined when nothing tells. */
export function obstacleOf({ status, headers, text, url }: Reply): string | undefined {
  const location = headers.get("location");
  if (status >= 300 && status < 400 && location !== null) return redirectAdvice(url, location);
  if (headers.has("cf-mitigated"))
    return 'Cloudflare asks for a challenge: let requests to this host pass its bot rules (also "block AI bots")';
  if (status === 403 && /Host ".*" is not served here/.test(text))
    return "The gateway does not know this host: set DOMAIN, PUBLIC_URL or allowedHosts";
  if (status === 403)
    return "Something refuses by a rule: look for a firewall, bot or country rule, and at allowedOrigins";
  if (status === 421) return "The host is not served here: what is in front passes on another Host";
  if (status >= 502 && status <= 504)
    return "What is in front does not reach the gateway: look at its upstream address, and whether the gateway runs";
  return undefined;
}

function redirectAdvice(from: string, location: string): string {
  const [source, target] = [new URL(from), urlOf(location, from)];
  if (target === undefined) return `Do not redirect; ${shown(location)} is no address`;
  if (target.host !== source.host || /login|auth|sign-?in|access/i.test(target.pathname))
    return "A login page is in front: take /mcp, /sse, /messages, /token, /register, /revoke and /.well-known out of it; the gateway asks by itself";
  if (target.protocol !== source.protocol)
    return `Give clients ${target.protocol}//… in the first place`;
  if (target.pathname.replace(/\/$/, "") === source.pathname.replace(/\/$/, ""))
    return "Serve the path with and without the slash at its end: a redirect loses the token";
  return "Answer at this address itself: a redirect loses the token";
}

/** A URL; undefined when the text is none. */
export function urlOf(text: unknown, base?: string): URL | undefined {
  return typeof text === "string" && URL.canParse(text, base) ? new URL(text, base) : undefined;
}
