/** From the first redirect to a token that works and can be renewed, for the clients there are. */
import { expect, test } from "bun:test";
import { Embedded, REDIRECT_URI } from "../../helpers/auth/embedded.ts";

test("a person gives leave, and the client has a token that works", async () => {
  const embedded = new Embedded();
  const asked = await embedded.authorize();
  expect(asked.response.status).toBe(303);
  expect(String(asked.location)).toStartWith("https://memory.mcp.test/sign-in/");
  expect(await embedded.server.pending(asked.issuer, asked.id ?? "")).toMatchObject({
    clientName: "Conformance",
    verifiedBy: "configuration",
    redirectUri: REDIRECT_URI,
    slug: "memory",
  });
  const back = await embedded.approve(asked);
  expect(back.origin + back.pathname).toBe(REDIRECT_URI);
  expect(back.searchParams.get("state")).toBe("a state");
  expect(back.searchParams.get("iss")).toBe("https://memory.mcp.test");
  const code = back.searchParams.get("code") ?? "";
  const { status, headers, json } = await embedded.redeem({ code, asked });
  expect(status).toBe(200);
  expect(headers.get("cache-control")).toBe("no-store");
  expect(json).toEqual({
    access_token: expect.stringMatching(/^[\w-]{43}$/),
    refresh_token: expect.stringMatching(/^[\w-]{43}$/),
    token_type: "Bearer",
    expires_in: 86_400,
    scope: "mcp",
  });
  const grant = embedded.tokens.findAccessToken(String(json["access_token"]));
  expect(grant).toMatchObject({ user: "owner", slug: "memory", isFirstUse: true });
  const again = embedded.tokens.findAccessToken(String(json["access_token"]));
  expect(again).toMatchObject({ user: "owner", slug: "memory", isFirstUse: false });
});

test("each step is told under one correlation id, without a token in it", async () => {
  const embedded = new Embedded();
  const { access, refresh } = await embedded.tokensOf();
  await embedded.refresh(refresh);
  const steps = embedded.events.flatMap((event) => (event.kind === "auth.step" ? [event] : []));
  expect(steps.map(({ step }) => step)).toEqual([
    "authorize.asked",
    "token.issued",
    "token.refreshed",
  ]);
  expect(new Set(steps.map(({ correlation }) => correlation)).size).toBe(1);
  expect(JSON.stringify(steps)).not.toContain(access);
  expect(JSON.stringify(steps)).not.toContain(refresh);
});
