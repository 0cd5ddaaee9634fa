/** Pure. Judges the way to the server: where its name leads, and what its certificate says. */
import { isLoopback } from "../kernel/address.ts";
import { isPublicAddress } from "../kernel/public-address.ts";
import { ok, skipped, warning, wrong, type Finding } from "./finding.ts";

/** What names resolve to. */
export interface Addresses {
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

const DAY_MS = 86_400_000;
/** An ordinary renewal comes long before. */
const SOON_DAYS = 10;

/** Judges the scheme and the shape of the address itself. */
export function judgeUrl(url: URL): readonly Finding[] {
  const isLocal = isLocalUrl(url);
  const findings: Finding[] = [];
  if (url.protocol === "http:" && !isLocal)
    findings.push(
      wrong(
        "address",
        "http:// on a public host",
        "Use https://: hosted clients refuse anything else, and tokens would travel openly",
      ),
    );
  if (isLocal)
    findings.push(
      warning(
        "address",
        `${url.hostname} is this machine only`,
        "Fine for clients on this machine; Claude.ai and ChatGPT need a public name with https",
      ),
    );
  if (url.protocol === "https:" && url.port !== "" && !isLocal)
    findings.push(
      warning(
        "address",
        `port ${url.port}`,
        "Claude.ai reaches port 443 for sure; serve there if you can",
      ),
    );
  return findings;
}

/** True for addresses that only mean this machine. */
export function isLocalUrl({ hostname }: URL): boolean {
  return isLoopback(hostname) || hostname.endsWith(".localhost");
}

/** Judges what the name resolves to. */
export function judgeAddresses(host: string, { v4, v6 }: Addresses): readonly Finding[] {
  const all = [...v4, ...v6];
  if (all.length === 0)
    return [
      wrong(
        "address",
        `${host} does not resolve`,
        "Make an A record for it (for all servers: a wildcard)",
      ),
    ];
  const inner = all.filter((address) => !isPublicAddress(address));
  if (inner.length > 0)
    return [
      wrong(
        "address",
        `${host} leads to ${inner.join(", ")}, which the internet does not reach`,
        "Publish the public address only; if this is split DNS, ask from outside with --dns 1.1.1.1",
      ),
    ];
  if (v4.length === 0)
    return [
      warning(
        "address",
        `${host} has IPv6 only (${v6.join(", ")})`,
        "Add an A record: Anthropic's cloud calls by IPv4",
      ),
    ];
  return [ok("address", `${host} leads to ${all.join(", ")}`)];
}

/** What a TLS handshake with one address showed. */
export interface TlsFacts {
  readonly address: string;
  /** Why there was none; undefined when it came about. */
  readonly error: string | undefined;
  /** Why its chain is not trusted, as OpenSSL names it. */
  readonly chainError: string | undefined;
  /** False when the certificate is for other names. */
  readonly isNameCovered: boolean;
  readonly names: string;
  readonly validUntilMs: number | undefined;
  readonly tookMs: number;
}

const CHAIN_ADVICE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "Renew the certificate and find out why it was not renewed by itself",
  CERT_NOT_YET_VALID: "Look at the clock of the machine that made the certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "Get a certificate of a public authority (Let's Encrypt is one)",
  SELF_SIGNED_CERT_IN_CHAIN: "Get a certificate of a public authority (Let's Encrypt is one)",
};

/** Judges a handshake. */
export function judgeTls(host: string, facts: TlsFacts, nowMs: number): Finding {
  const at = `${host} at ${facts.address}`;
  if (facts.error !== undefined)
    return wrong("connection", `${at}: ${facts.error}`, connectionAdvice(host, facts.error));
  if (!facts.isNameCovered)
    return wrong(
      "connection",
      `${at}: its certificate is for ${facts.names}`,
      nameAdvice(host, facts.names),
    );
  if (facts.chainError !== undefined)
    return wrong(
      "connection",
      `${at}: its certificate is not trusted (${facts.chainError})`,
      CHAIN_ADVICE[facts.chainError] ??
        "Serve the whole chain (fullchain.pem, not cert.pem) of a public authority",
    );
  const leftDays =
    facts.validUntilMs === undefined ? undefined : (facts.validUntilMs - nowMs) / DAY_MS;
  if (leftDays !== undefined && leftDays < SOON_DAYS)
    return warning(
      "connection",
      `${at}: its certificate ends in ${Math.max(0, Math.floor(leftDays))} days`,
      "See that it is renewed by itself",
    );
  return ok("connection", `${at}: certificate trusted, for ${facts.names}`);
}

/** The finding for a way without TLS. */
export function plainConnection(): Finding {
  return skipped("connection", "plain HTTP: there is no certificate to look at");
}

function connectionAdvice(host: string, error: string): string {
  if (/refused/i.test(error)) return "Nothing listens there: look at the port and what forwards it";
  if (/timed? ?out|no answer/i.test(error))
    return "A firewall may drop it: open port 443 to the world";
  if (/handshake|alert|reset|closed/i.test(error)) return nameAdvice(host, "");
  return "Make port 443 of this address answer with TLS";
}

/** A wildcard covers one level, which is what most who use a CDN's free certificate stumble over. */
function nameAdvice(host: string, names: string): string {
  const labels = host.split(".");
  const isOneTooDeep = names.includes(`*.${labels.slice(2).join(".")}`);
  if (labels.length > 3 && (isOneTooDeep || names === ""))
    return `Get a certificate for *.${labels.slice(1).join(".")}: Cloudflare's Universal certificate covers one level only, not names below it (Advanced Certificate Manager, or DNS only with a certificate of your own)`;
  return `Get a certificate for ${host} or *.${labels.slice(1).join(".")}`;
}
