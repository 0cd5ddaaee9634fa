/** What a configuration that was read again changes. */
import { describe, expect, test } from "bun:test";
import { diffConfig } from "../../../src/config/diff.ts";
import type { GatewayConfig, ServerConfig } from "../../../src/config/model.ts";
import { serverConfig } from "../../helpers/server-config.ts";
import { read } from "./read.ts";

const { config: base } = read({ config: { mcpServers: {} } });
if (base === undefined) throw new Error("an empty file is a configuration");

const none = new Map<string, string>();
const server = (slug: string, more: Partial<ServerConfig> = {}): ServerConfig =>
  serverConfig({ name: slug, slug, ...more });
const withServers = (...servers: ServerConfig[]): GatewayConfig => ({ ...base, servers });

/** The slugs of each list. */
function slugs(running: GatewayConfig, next: GatewayConfig, broken = none) {
  const { start, stop, replace, keep, config } = diffConfig(running, next, broken);
  const names = (servers: readonly ServerConfig[]): string =>
    servers.map(({ slug }) => slug).join(" ");
  return {
    start: names(start),
    stop: names(stop),
    replace: names(replace),
    keep: names(keep.map((one) => one.server)),
    runs: names(config.servers),
  };
}

describe("servers", () => {
  test.each([
    ["nothing changes", "a b", "a b", { start: "", stop: "", replace: "", runs: "a b" }],
    ["the order changes", "a b", "b a", { start: "", stop: "", replace: "", runs: "b a" }],
    ["one comes", "a", "a b", { start: "b", stop: "", replace: "", runs: "a b" }],
    ["one goes", "a b", "a", { start: "", stop: "b", replace: "", runs: "a" }],
    ["all go", "a b", "", { start: "", stop: "a b", replace: "", runs: "" }],
  ])("%s", (_, before, after, expected) => {
    const of = (text: string) =>
      withServers(...(text === "" ? [] : text.split(" ").map((slug) => server(slug))));
    expect(slugs(of(before), of(after))).toEqual({ keep: "", ...expected });
  });

  test.each([
    ["command", { command: "other" }],
    ["args", { args: ["more"] }],
    ["a variable", { env: { TOKEN: "x" } }],
    ["cwd", { cwd: "/tmp" }],
    ["user", { runAs: { uid: 1001, gid: 1001 } }],
    ["a time-out", { requestTimeoutMs: 1 }],
    ["the tool filter", { tools: { allow: ["a"], deny: [] } }],
    ["roots", { roots: ["/tmp"] }],
    ["its name", { name: "A" }],
  ])("one whose %s changed is replaced", (_, more) => {
    const next = withServers(server("a", more), server("b"));
    expect(slugs(withServers(server("a"), server("b")), next).replace).toBe("a");
  });

  test.each([
    ["need of it", { required: true }],
    ["threshold", { health: { ...server("a").health, alertMemoryBytes: 1 } }],
  ])("one whose %s changed goes on, and the new value counts", (_, more) => {
    const next = withServers(server("a", more), server("b"));
    const diff = diffConfig(withServers(server("a"), server("b")), next, none);
    expect(diff.replace).toEqual([]);
    expect(diff.adjust.map(({ slug }) => slug)).toEqual(["a"]);
    expect(diff.config.servers[0]).toMatchObject(more);
  });

  test("the order of variables means nothing", () => {
    const one = withServers(server("a", { env: { A: "1", B: "2" } }));
    const two = withServers(server("a", { env: { B: "2", A: "1" } }));
    expect(slugs(one, two).replace).toBe("");
  });

  test("one whose entry is wrong goes on as it was, and is not listed as left out", () => {
    const running = withServers(server("a"), server("b"));
    const skipped = [
      { name: "a", reason: "args must be a list" },
      { name: "off", reason: "disabled" },
    ];
    const broken = new Map([["a", "args must be a list"]]);
    const next = { ...withServers(server("b")), skipped };
    expect(slugs(running, next, broken)).toMatchObject({ keep: "a", stop: "", runs: "b a" });
    expect(diffConfig(running, next, broken).config.skipped).toEqual(skipped.slice(1));
  });

  test("one that was never right is not kept", () => {
    const broken = new Map([["new", "no command"]]);
    expect(slugs(withServers(server("a")), withServers(server("a")), broken).keep).toBe("");
  });

  test("one whose URL another entry has now gives way, although its own is wrong", () => {
    const running = withServers(server("a", { name: "A" }));
    const next = withServers(server("a", { name: "a" }));
    const broken = new Map([["A", "wants the URL /a"]]);
    expect(slugs(running, next, broken)).toMatchObject({ keep: "", replace: "a", stop: "" });
  });
});

describe("settings of the gateway", () => {
  test("stay as they run until the next start, and are named", () => {
    const next: GatewayConfig = {
      ...base,
      port: 9999,
      publicUrl: "https://example.org",
      limits: { ...base.limits, maxBatch: 1 },
    };
    const { config, waiting } = diffConfig(base, next, none);
    expect(waiting).toEqual(["port", "publicUrl", "limits"]);
    expect(config.port).toBe(base.port);
    expect(config.limits).toEqual(base.limits);
  });

  test("which are the same are not named, also as other objects", () => {
    const next = { ...base, limits: { ...base.limits }, allowedHosts: [...base.allowedHosts] };
    expect(diffConfig(base, next, none).waiting).toEqual([]);
  });
});
