/** Codes and what they are bound to: rows 6 to 11 of the threat model, on the token endpoint. */
import { describe, expect, test } from "bun:test";
import { Embedded, REDIRECT_URI } from "../../helpers/auth/embedded.ts";

const BAD_GRANT = { status: 400, json: { error: "invalid_grant" } };

describe("a code", () => {
  test("T6 is good for one use: the second ends the whole leave", async () => {
    const embedded = new Embedded();
    const got = await embedded.code();
    const { json } = await embedded.redeem(got);
    const access = String(json["access_token"]);
    expect(embedded.tokens.findAccessToken(access)).toBeDefined();
    expect(await embedded.redeem(got)).toMatchObject(BAD_GRANT);
    expect(embedded.tokens.findAccessToken(access)).toBeUndefined();
    expect(await embedded.refresh(String(json["refresh_token"]))).toMatchObject(BAD_GRANT);
    expect(embedded.tokens.grants()).toEqual([]);
    expect(embedded.events).toContainEqual(
      expect.objectContaining({ step: "token.revoked", reason: expect.stringContaining("again") }),
    );
  });

  test("T7 gives at most one pair when eight redeem it at the same moment", async () => {
    const embedded = new Embedded();
    for (let round = 0; round < 10; round++) {
      const got = await embedded.code();
      const answers = await Promise.all(Array.from({ length: 8 }, () => embedded.redeem(got)));
      const good = answers.filter(({ status }) => status === 200);
      expect(good.length).toBeLessThanOrEqual(1);
      expect(answers.filter(({ status }) => status === 400).length).toBe(8 - good.length);
      // Nobody can say which of the eight was the thief.
      expect(embedded.tokens.grants()).toEqual([]);
      for (const { json } of good) {
        expect(embedded.tokens.findAccessToken(String(json["access_token"]))).toBeUndefined();
      }
    }
  });

  test.each([
    ["another verifier", { code_verifier: "x".repeat(43) }],
    ["no verifier", { code_verifier: undefined }],
    ["another redirect URI", { redirect_uri: "http://127.0.0.1:4399/other" }],
    ["no redirect URI", { redirect_uri: undefined }],
    ["another client", { client_id: "secretive", client_secret: "s3cret-s3cret" }],
  ])("T8 is worth nothing with %s", async (_what, changed) => {
    const embedded = new Embedded();
    const got = await embedded.code();
    const { status, json } = await embedded.redeem(got, changed);
    expect(status).toBe(400);
    expect(["invalid_grant", "invalid_request"]).toContain(String(json["error"]));
    expect(json["access_token"]).toBeUndefined();
  });

  test("T8 of one host is worth nothing at another", async () => {
    const embedded = new Embedded();
    const got = await embedded.code();
    const elsewhere = await embedded.redeem(got, {}, embedded.issuer("notion"));
    expect(elsewhere).toMatchObject(BAD_GRANT);
    expect((await embedded.redeem(got)).status).toBe(200);
  });

  test("ends after a minute", async () => {
    const embedded = new Embedded();
    const got = await embedded.code();
    embedded.aheadMs = 61_000;
    expect(await embedded.redeem(got)).toMatchObject(BAD_GRANT);
  });
});

describe("T9 without PKCE by S256 nobody is asked anything:", () => {
  test.each([
    ["no challenge", { code_challenge: undefined, code_challenge_method: undefined }],
    ["plain", { code_challenge_method: "plain" }],
    ["no method, which means plain", { code_challenge_method: undefined }],
    ["a challenge that is none", { code_challenge: "short" }],
  ])("%s", async (_what, changed) => {
    const embedded = new Embedded();
    for (const client_id of ["conf", "secretive"]) {
      const { id, location } = await embedded.authorize({ ...changed, client_id });
      expect(id).toBeUndefined();
      expect(location?.searchParams.get("error")).toBe("invalid_request");
    }
  });
});

describe("T10 a client knows whom an answer is from:", () => {
  test("a code comes with the issuer", async () => {
    const embedded = new Embedded();
    const asked = await embedded.authorize({}, embedded.issuer("notion"));
    const back = await embedded.approve(asked);
    expect(back.searchParams.get("iss")).toBe("https://notion.mcp.test");
  });

  test("an error too", async () => {
    const embedded = new Embedded();
    const { location } = await embedded.authorize({ response_type: "token" });
    expect(location?.origin).toBe(new URL(REDIRECT_URI).origin);
    expect(Object.fromEntries(location?.searchParams ?? [])).toMatchObject({
      error: "invalid_request",
      state: "a state",
      iss: "https://memory.mcp.test",
    });
  });

  test("and the answer is never anything but a redirect with a query", async () => {
    const embedded = new Embedded();
    for (const response_mode of ["fragment", "form_post", "web_message", "jwt"]) {
      const { response, location } = await embedded.authorize({ response_mode });
      expect(response.status).toBe(303);
      expect(location?.searchParams.get("error")).toBe("unsupported_response_mode");
      expect(location?.hash).toBe("");
    }
  });

  test("a person's no as well", async () => {
    const embedded = new Embedded();
    const asked = await embedded.authorize();
    const back = await embedded.follow(
      asked,
      await embedded.server.deny(asked.issuer, asked.id ?? ""),
    );
    expect(Object.fromEntries(back.searchParams)).toEqual({
      error: "access_denied",
      error_description: "The person did not give leave",
      state: "a state",
      iss: "https://memory.mcp.test",
    });
    expect(embedded.tokens.grants()).toEqual([]);
  });
});

describe("T11 a token is for one server:", () => {
  test("a resource of another host is refused", async () => {
    const embedded = new Embedded();
    for (const resource of [
      "https://notion.mcp.test/mcp",
      "https://memory.mcp.test/mcp/",
      "https://memory.mcp.test/other",
      "http://memory.mcp.test/mcp",
      "https://memory.mcp.test:444/mcp",
      "https://memory.mcp.test/mcp#x",
      "mcp",
      "",
    ]) {
      const { id, location } = await embedded.authorize({ resource });
      expect([resource, id]).toEqual([resource, undefined]);
      expect(location?.searchParams.get("error")).toBe("invalid_target");
    }
  });

  test.each(["/mcp", "/sse", "", "/"])("%p below the host means its server", async (path) => {
    const embedded = new Embedded();
    const { access } = await embedded.tokensOf({ resource: `https://memory.mcp.test${path}` });
    expect(embedded.tokens.findAccessToken(access)?.slug).toBe("memory");
  });

  test("without a resource the host says which", async () => {
    const embedded = new Embedded();
    const { access } = await embedded.tokensOf({ resource: undefined }, embedded.issuer("notion"));
    expect(embedded.tokens.findAccessToken(access)?.slug).toBe("notion");
  });

  test("the root issuer needs one", async () => {
    const embedded = new Embedded();
    const { location } = await embedded.authorize({ resource: undefined }, embedded.issuer());
    expect(location?.searchParams.get("error")).toBe("invalid_target");
    const { access } = await embedded.tokensOf({}, embedded.issuer());
    expect(embedded.tokens.findAccessToken(access)?.slug).toBe("memory");
  });

  test("two servers at once are none", async () => {
    const embedded = new Embedded();
    const root = embedded.issuer();
    const [memory = "", notion = ""] = ["memory", "notion"].map(
      (slug) => embedded.hosts.resourcesOf(root, slug)[0],
    );
    const ask = async (...resources: readonly string[]): Promise<string | null | undefined> => {
      const asked = await embedded.authorize({ resource: undefined }, root);
      expect(asked.location?.searchParams.get("error")).toBe("invalid_target");
      const url = new URL(`${root.issuer}/authorize?${asked.query}`);
      for (const resource of resources) url.searchParams.append("resource", resource);
      const response = await embedded.request(root, `/authorize${url.search}`);
      return new URL(response.headers.get("location") ?? "").searchParams.get("error");
    };
    expect(await ask(memory, notion)).toBe("invalid_target");
    expect(await ask(...Array.from({ length: 20 }, (_, at) => `${memory}/${at}`))).toBe(
      "invalid_target",
    );
    // The same twice is one.
    expect(await ask(memory, memory.replace(/mcp$/, "sse"))).toBeNull();
  });

  test("unless one server has the root to itself", async () => {
    const embedded = new Embedded({ rootServer: "notion" });
    const { access } = await embedded.tokensOf({ resource: undefined }, embedded.issuer());
    expect(embedded.tokens.findAccessToken(access)?.slug).toBe("notion");
  });

  test("a refresh token does nothing at another host, and gives no token for another server", async () => {
    const embedded = new Embedded();
    const { refresh } = await embedded.tokensOf();
    const elsewhere = await embedded.refresh(refresh, {}, embedded.issuer("notion"));
    expect(elsewhere).toMatchObject(BAD_GRANT);
    const other = await embedded.refresh(refresh, { resource: "https://notion.mcp.test/mcp" });
    expect(other).toMatchObject({ status: 400, json: { error: "invalid_target" } });
    const own = await embedded.refresh(refresh, { resource: "https://memory.mcp.test/sse" });
    expect(own.status).toBe(200);
  });

  test("at the root a refresh cannot change the server either", async () => {
    const embedded = new Embedded();
    const root = embedded.issuer();
    const { refresh } = await embedded.tokensOf({}, root);
    const resource = embedded.hosts.resourcesOf(root, "notion")[0];
    expect((await embedded.refresh(refresh, { resource }, root)).json["error"]).toBe(
      "invalid_target",
    );
  });
});

describe("T12 a person is asked every time:", () => {
  test("the second request of the same browser and client waits again", async () => {
    const embedded = new Embedded();
    const first = await embedded.authorize();
    await embedded.approve(first);
    const second = await embedded.authorize({}, first.issuer, first.cookies);
    expect(second.id).toBeDefined();
    expect(second.location?.searchParams.has("code")).toBe(false);
  });

  test("and one that asks not to be asked is refused", async () => {
    const embedded = new Embedded();
    const first = await embedded.authorize();
    await embedded.approve(first);
    const { location } = await embedded.authorize({ prompt: "none" }, first.issuer, first.cookies);
    expect(location?.searchParams.get("error")).toBe("consent_required");
    expect(location?.searchParams.has("code")).toBe(false);
  });

  test("what was approved goes on in the browser that began it only", async () => {
    const embedded = new Embedded();
    const asked = await embedded.authorize();
    const to = await embedded.server.approve(asked.issuer, asked.id ?? "", "owner");
    const path = new URL(to).pathname;
    const stranger = await embedded.request(asked.issuer, path);
    expect(stranger.status).toBe(400);
    expect(stranger.headers.get("location")).toBeNull();
    const other = await embedded.authorize();
    const name = "__Secure-mcp-resume";
    const cookie = `${name}=${other.cookies.values(name)[0]}`;
    const swapped = await embedded.request(asked.issuer, path, { headers: { cookie } });
    expect(swapped.headers.get("location") ?? "").not.toContain("code=");
  });

  test("and once only", async () => {
    const embedded = new Embedded();
    const asked = await embedded.authorize();
    const to = await embedded.server.approve(asked.issuer, asked.id ?? "", "owner");
    expect(await embedded.server.pending(asked.issuer, asked.id ?? "")).toBeUndefined();
    await expect(embedded.server.approve(asked.issuer, asked.id ?? "", "owner")).rejects.toThrow();
    const cookie = asked.cookies.header(new URL(to)) ?? "";
    await embedded.follow(asked, to);
    const again = await embedded.request(asked.issuer, new URL(to).pathname, {
      headers: { cookie },
    });
    expect(again.headers.get("location") ?? "").not.toContain("code=");
  });

  test("nobody waits longer than ten minutes, or at another host", async () => {
    const embedded = new Embedded();
    const asked = await embedded.authorize();
    expect(
      await embedded.server.pending(embedded.issuer("notion"), asked.id ?? ""),
    ).toBeUndefined();
    embedded.aheadMs = 601_000;
    expect(await embedded.server.pending(asked.issuer, asked.id ?? "")).toBeUndefined();
    await expect(embedded.server.approve(asked.issuer, asked.id ?? "", "owner")).rejects.toThrow();
  });
});
