/**
 * Whom a request came from, as far as the gateway believes it (auth.md section 2).
 *
 * Headers of proxies count only where the connection comes from a proxy that the configuration
 * trusts; `X-Forwarded-Host` never does. Where only this machine is served and nobody is asked who
 * they are, a request through any other proxy is refused: behind it everybody would look local.
 */
import type { BlockList } from "node:net";
import type { Peer } from "../auth/authorization-server.ts";
import type { ConnectionControl } from "./connection.ts";

/** By which a request through a proxy or tunnel can be known. */
const FORWARDING = [
  "x-forwarded-for",
  "forwarded",
  "x-real-ip",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-forwarded-server",
  "x-forwarded-scheme",
  "x-original-forwarded-for",
  "cf-connecting-ip",
  "cf-ray",
  "true-client-ip",
  "fastly-client-ip",
  "fly-client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-envoy-external-address",
  "x-azure-clientip",
  "tailscale-user-login",
] as const;

/** More addresses than any honest chain of proxies has. */
const MAX_HOPS = 32;

export class Peers {
  readonly #trusted: BlockList | undefined;

  /** @param trustedProxies addresses (`10.0.0.1`) and networks (`10.0.0.0/8`) */
  constructor(trustedProxies: readonly string[]) {
    if (trustedProxies.length === 0) return;
    const trusted = new (net().BlockList)();
    for (const text of trustedProxies) {
      const [address = "", bits] = text.split("/");
      const family = net().isIP(address) === 6 ? "ipv6" : "ipv4";
      if (bits === undefined) trusted.addAddress(address, family);
      else trusted.addSubnet(address, Number(bits), family);
    }
    this.#trusted = trusted;
  }

  /** The caller: the far end of the connection, or whom the trusted proxies there name. */
  of(request: Request, control: ConnectionControl): Peer {
    const address = plain(control.requestIP(request)?.address);
    if (!this.#isTrusted(address)) return { address };
    const chain = (request.headers.get("x-forwarded-for") ?? "").split(",").slice(-MAX_HOPS);
    // From the right each hop was written by the one behind it; the first that is not ours is the caller.
    let caller = address;
    for (const hop of chain.reverse()) {
      const named = plain(withoutPort(hop.trim()));
      if (named === undefined || net().isIP(named) === 0) break;
      caller = named;
      if (!this.#isTrusted(named)) break;
    }
    return { address: caller };
  }

  /** True when what a proxy adds to the request may be believed. */
  isFromTrusted(request: Request, control: ConnectionControl): boolean {
    return (
      this.#trusted !== undefined && this.#isTrusted(plain(control.requestIP(request)?.address))
    );
  }

  /** A header that shows that somebody has passed the request on, and who is not trusted. */
  untrustedForwarding(request: Request, control: ConnectionControl): string | undefined {
    const { headers } = request;
    for (const name of FORWARDING) {
      if (headers.has(name)) return this.isFromTrusted(request, control) ? undefined : name;
    }
    return undefined;
  }

  #isTrusted(address: string | undefined): boolean {
    if (this.#trusted === undefined || address === undefined) return false;
    const family = net().isIP(address);
    return family !== 0 && this.#trusted.check(address, family === 6 ? "ipv6" : "ipv4");
  }
}

/** Loaded where there are trusted proxies: it would cost every start 2 ms. */
function net(): typeof import("node:net") {
  return process.getBuiltinModule("node:net");
}

/** An IPv4 address of a dual-stack socket as IPv4. */
function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, "");
}

/** `1.2.3.4:80`, `[::1]:80` and `[::1]` without what is not the address. */
function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(hop)?.[1];
  return bracketed ?? (/^[\d.]+:\d+$/.test(hop) ? hop.slice(0, hop.indexOf(":")) : hop);
}
