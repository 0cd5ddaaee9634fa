/**
 * Every route asks who is calling before it does anything, but for those that are open on purpose. A
 * new route that forgets to is found here.
 */
import { describe, expect, test } from "bun:test";
import type { PublicHosts } from "../../../src/auth/public-hosts.ts";
import type { ResourceServer } from "../../../src/auth/resource-server.ts";
import { createRoutes } from "../../../src/http/app.ts";
import type { AppOptions } from "../../../src/http/context.ts";

/** Open to nobody in particular: they name no server and show nothing of anybody. */
const OPEN = [
  /^\/(?:health|healthz|readyz|livez)$/,
  /^\/\.well-known\//,
  /^\/(?:authorize|token|register|revoke)(?:\/|$)/,
  // For people who prove who they are on the page itself.
  /^\/(?:sign-in|sign-out|set-up|setup|consent|interaction)(?:\/|$)/,
];

/** Whatever a route does with it before it has asked is a fault. */
function untouchable(name: string): never {
  const touched = (): never => {
    throw new Error(`${name} was touched before anybody was asked`);
  };
  return new Proxy(touched, { get: touched, apply: touched, has: touched }) as unknown as never;
}

const faults: unknown[] = [];
const options = {
  ...Object.fromEntries(
    ["endpoints", "actions", "health", "admin", "handover", "callLimit"].map((name) => [
      name,
      untouchable(name),
    ]),
  ),
  rootServer: undefined,
  publicPrefix: "",
  origins: { allowedOrigins: [], loopbackOnly: true },
  auth: {
    resourceServer: { identify: () => ({ kind: "nobody" }) } as unknown as ResourceServer,
    publicHosts: () => ({ root: { issuer: "https://x.test", basePath: "" } }) as PublicHosts,
    authorizationServer: undefined,
    people: { accounts: {}, signIn: {}, addressesOf: () => [], emit: () => undefined },
  },
  idleTimeoutSeconds: 10,
  onFault: (error: unknown) => faults.push(error),
} as unknown as AppOptions;

const routes = createRoutes(options);
const table = [
  ...new Set(
    routes.routes
      .filter(({ path }) => !path.endsWith("*"))
      .map(({ method, path }) => `${method === "ALL" ? "POST" : method} ${path}`),
  ),
];

test("there are routes", () => {
  expect(table.length).toBeGreaterThan(10);
});

describe("without a credential", () => {
  const guarded = table.filter((row) => !OPEN.some((open) => open.test(row.split(" ")[1] ?? "")));
  test.each(guarded)("%s is 401", async (row) => {
    faults.length = 0;
    const [method = "", pattern = ""] = row.split(" ");
    const path = pattern.replace(/:[^/]+/g, "x");
    const request = new Request(`http://x.test${path}`, { method });
    const response = await routes.fetch(request, {
      path,
      ownPath: path,
      host: { kind: "main" },
      peers: untouchable("peers"),
      control: untouchable("control"),
      idleTimeoutSeconds: 10,
    });
    expect(faults).toEqual([]);
    expect([row, response.status]).toEqual([row, 401]);
    expect(response.headers.get("www-authenticate")).toStartWith("Bearer ");
  });
});
