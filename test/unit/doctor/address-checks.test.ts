/** What the doctor says of names and what they lead to. */
import { expect, test } from "bun:test";
import { judgeAddresses, judgeTls, judgeUrl } from "../../../src/doctor/address-checks.ts";

const host = "memory.mcp.example.org";

test.each([
  [{ v4: [], v6: [] }, "wrong", /does not resolve.*Make an A record/],
  [
    { v4: ["10.0.0.7", "8.8.8.8"], v6: [] },
    "wrong",
    /leads to 10\.0\.0\.7, which the internet does not reach.*--dns 1\.1\.1\.1/,
  ],
  [{ v4: ["8.8.8.8"], v6: ["fd00::1"] }, "wrong", /leads to fd00::1/],
  [{ v4: [], v6: ["2606:4700:4700::1111"] }, "warning", /IPv6 only.*Add an A record/],
  [{ v4: ["8.8.8.8"], v6: [] }, "ok", /leads to 8\.8\.8\.8/],
])("%j is %s", (addresses, level, pattern) => {
  const [finding] = judgeAddresses(host, addresses);
  expect(finding?.level).toBe(level as "ok");
  expect(`${finding?.text}. ${finding?.advice}`).toMatch(pattern);
});

test.each([
  ["http://memory.example.org/mcp", ["wrong"]],
  ["https://memory.example.org/mcp", []],
  ["https://memory.example.org:8443/mcp", ["warning"]],
  ["http://localhost:8080/memory/mcp", ["warning"]],
  ["http://memory.mcp.localhost:8080/mcp", ["warning"]],
])("%s", (address, levels) => {
  expect(judgeUrl(new URL(address)).map(({ level }) => level)).toEqual(levels as "ok"[]);
});

const facts = {
  address: "8.8.8.8",
  error: undefined,
  chainError: undefined,
  isNameCovered: true,
  names: host,
  validUntilMs: 90 * 86_400_000,
  tookMs: 10,
};

test("a CDN's certificate that covers one level only is named as such", () => {
  const names = "example.org, *.example.org";
  for (const seen of [
    { ...facts, isNameCovered: false, names },
    // So Cloudflare does it: no certificate, no handshake.
    { ...facts, error: "ssl/tls alert handshake failure" },
  ])
    expect(judgeTls(host, seen, 0)).toMatchObject({
      level: "wrong",
      advice: expect.stringContaining(
        "Get a certificate for *.mcp.example.org: Cloudflare's Universal",
      ),
    });
  const flat = judgeTls(
    "memory.example.org",
    { ...facts, isNameCovered: false, names: "other.org" },
    0,
  );
  expect(flat.advice).toBe("Get a certificate for memory.example.org or *.example.org");
});
