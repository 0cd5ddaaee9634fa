/** Whom a request came from: chains of proxies, and who may write them. */
import { describe, expect, test } from "bun:test";
import { Peers } from "../../../src/http/peers.ts";

const control = (address: string | undefined) => ({
  timeout: () => undefined,
  requestIP: () => (address === undefined ? null : { address }),
});

const ask = (headers: Readonly<Record<string, string>>) =>
  new Request("http://gateway.test/", { headers });

const peers = new Peers(["10.0.0.0/8", "192.0.2.1", "fd00::/8", "::1"]);

describe("the caller", () => {
  test.each([
    // Whoever is not trusted is the caller, whatever they write.
    ["203.0.113.5", "1.1.1.1", "203.0.113.5"],
    ["192.0.2.2", "1.1.1.1", "192.0.2.2"],
    ["11.0.0.1", "1.1.1.1", "11.0.0.1"],
    // Of a trusted proxy's chain the rightmost that is not one of ours.
    ["10.1.2.3", "1.1.1.1", "1.1.1.1"],
    ["192.0.2.1", "9.9.9.9, 1.1.1.1", "1.1.1.1"],
    ["10.1.2.3", "9.9.9.9, 1.1.1.1, 10.9.9.9", "1.1.1.1"],
    ["::1", "2001:db8::7", "2001:db8::7"],
    ["fd12::1", "9.9.9.9 , [2001:db8::7]:443", "2001:db8::7"],
    ["10.1.2.3", "1.1.1.1:5555", "1.1.1.1"],
    ["::ffff:10.1.2.3", "::ffff:1.1.1.1", "1.1.1.1"],
    // All are ours: the one that is farthest away.
    ["10.1.2.3", "10.0.0.2, 10.0.0.3", "10.0.0.2"],
    // What is no address ends the chain.
    ["10.1.2.3", "1.1.1.1, unknown", "10.1.2.3"],
    ["10.1.2.3", "1.1.1.1, unknown, 10.0.0.9", "10.0.0.9"],
    ["10.1.2.3", "", "10.1.2.3"],
    ["10.1.2.3", ",,", "10.1.2.3"],
    ["10.1.2.3", "<script>, 256.1.1.1", "10.1.2.3"],
  ])("of %s with %j is %s", (address, chain, expected) => {
    const headers = { "x-forwarded-for": chain };
    expect(peers.of(ask(headers), control(address))).toEqual({ address: expected });
  });

  test("of several headers is that of the last", () => {
    const request = ask({});
    request.headers.append("x-forwarded-for", "9.9.9.9");
    request.headers.append("x-forwarded-for", "1.1.1.1");
    expect(peers.of(request, control("10.0.0.1"))).toEqual({ address: "1.1.1.1" });
  });

  test("of a very long chain is found among the last", () => {
    const chain = Array.from({ length: 10_000 }, () => "10.0.0.1").join(",");
    const headers = { "x-forwarded-for": `9.9.9.9,${chain}` };
    expect(peers.of(ask(headers), control("10.0.0.1"))).toEqual({ address: "10.0.0.1" });
  });

  test("is unknown where the connection has no address", () => {
    const headers = { "x-forwarded-for": "1.1.1.1" };
    expect(peers.of(ask(headers), control(undefined))).toEqual({ address: undefined });
  });

  test("is the far end of the connection where nobody is trusted", () => {
    const headers = { "x-forwarded-for": "1.1.1.1" };
    const nobody = new Peers([]);
    expect(nobody.of(ask(headers), control("127.0.0.1"))).toEqual({ address: "127.0.0.1" });
  });
});

describe("a request that was passed on", () => {
  test.each([
    ["x-forwarded-for", "203.0.113.5"],
    ["forwarded", "for=203.0.113.5"],
    ["cf-connecting-ip", "203.0.113.5"],
    ["x-real-ip", "203.0.113.5"],
    ["x-forwarded-proto", "https"],
    ["x-forwarded-for", ""],
  ])("is known by %s: %j, unless the proxy is trusted", (name, value) => {
    const request = ask({ [name]: value });
    expect(peers.untrustedForwarding(request, control("127.0.0.1"))).toBe(name);
    expect(peers.untrustedForwarding(request, control("10.0.0.1"))).toBeUndefined();
    expect(new Peers([]).untrustedForwarding(request, control("10.0.0.1"))).toBe(name);
  });

  test("is none without such headers", () => {
    const request = ask({ host: "x", "user-agent": "x", "x-api-key": "x" });
    expect(peers.untrustedForwarding(request, control("127.0.0.1"))).toBeUndefined();
  });
});
