/** Refresh tokens and revocation: rows 16, 17, 18, 49 and 50 of the threat model. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Embedded } from "../../helpers/auth/embedded.ts";

const BAD_GRANT = { status: 400, json: { error: "invalid_grant" } };

function revoke(embedded: Embedded, params: Readonly<Record<string, string>>): Promise<Response> {
  return embedded.request(embedded.issuer("memory"), "/revoke", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(params).toString(),
  });
}

describe("a refresh token", () => {
  test("T16 that was used is dead after the grace, and its use ends the family", async () => {
    const embedded = new Embedded({ auth: { refreshGraceMs: 1000 } });
    const { refresh } = await embedded.tokensOf();
    const { json } = await embedded.refresh(refresh);
    const successor = String(json["refresh_token"]);
    expect(successor).not.toBe(refresh);
    embedded.aheadMs = 999 - 500;
    expect((await embedded.refresh(refresh)).status).toBe(200);
    embedded.aheadMs = 1500;
    expect(await embedded.refresh(refresh)).toMatchObject(BAD_GRANT);
    expect(await embedded.refresh(successor)).toMatchObject(BAD_GRANT);
    expect(embedded.tokens.findAccessToken(String(json["access_token"]))).toBeUndefined();
    expect(embedded.tokens.grants()).toEqual([]);
  });

  test("T16 without a grace works once", async () => {
    const embedded = new Embedded({ auth: { refreshGraceMs: 0 } });
    const { refresh } = await embedded.tokensOf();
    expect((await embedded.refresh(refresh)).status).toBe(200);
    expect(await embedded.refresh(refresh)).toMatchObject(BAD_GRANT);
    expect(embedded.tokens.grants()).toEqual([]);
  });

  test("T17 gives ten pairs within the grace; the eleventh is refused and the family lives", async () => {
    const embedded = new Embedded();
    const { refresh } = await embedded.tokensOf();
    const answers = await Promise.all(Array.from({ length: 10 }, () => embedded.refresh(refresh)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    const pairs = new Set(answers.map(({ json }) => json["refresh_token"]));
    expect(pairs.size).toBe(10);
    expect(await embedded.refresh(refresh)).toMatchObject(BAD_GRANT);
    for (const { json } of answers) {
      expect(embedded.tokens.findAccessToken(String(json["access_token"]))).toBeDefined();
    }
    expect((await embedded.refresh([...pairs].map(String)[0] ?? "")).status).toBe(200);
    // Late it is a reuse like any other.
    embedded.aheadMs = 121_000;
    expect(await embedded.refresh(refresh)).toMatchObject(BAD_GRANT);
    expect(embedded.tokens.grants()).toEqual([]);
  });

  test("lives as long as it is not idle", async () => {
    const embedded = new Embedded({ auth: { refreshTokenIdleMs: 3_600_000 } });
    let { refresh } = await embedded.tokensOf();
    const { refresh: idle } = await embedded.tokensOf();
    for (let hour = 1; hour <= 5; hour++) {
      embedded.aheadMs = hour * 3_500_000;
      const { status, json } = await embedded.refresh(refresh);
      expect(status).toBe(200);
      refresh = String(json["refresh_token"]);
    }
    expect(await embedded.refresh(idle)).toMatchObject(BAD_GRANT);
  });

  test("is always given, also without offline_access and with scopes that nobody knows", async () => {
    const embedded = new Embedded();
    for (const scope of [undefined, "mcp", "mcp offline_access", "claudeai", "openid profile"]) {
      const { status, json } = await embedded.redeem(await embedded.code({ scope }));
      expect([scope, status, json["scope"]]).toEqual([scope, 200, "mcp"]);
      const again = await embedded.refresh(String(json["refresh_token"]), { scope });
      expect([scope, again.status, again.json["scope"]]).toEqual([scope, 200, "mcp"]);
    }
  });

  test("of a confidential client needs its secret", async () => {
    const embedded = new Embedded();
    const client = { client_id: "secretive" };
    const got = await embedded.code(client);
    const secret = { ...client, client_secret: "s3cret-s3cret" };
    const basic = { authorization: `Basic ${btoa("secretive:s3cret-s3cret")}` };
    const refused = { status: 401, json: { error: "invalid_client" } };
    expect(await embedded.redeem(got, client)).toMatchObject(refused);
    expect(await embedded.redeem(got, { ...client, client_secret: "wrong" })).toMatchObject(
      refused,
    );
    const { status, json } = await embedded.redeem(got, secret);
    expect(status).toBe(200);
    const refresh = { grant_type: "refresh_token", refresh_token: String(json["refresh_token"]) };
    expect(await embedded.token({ ...refresh, ...client })).toMatchObject(refused);
    expect((await embedded.token({ ...refresh, ...client }, undefined, basic)).status).toBe(200);
  });

  test("T49 does nothing for a person who was taken out, or may not use the server any more", async () => {
    const users = { alex: { servers: ["memory"], admin: false } };
    const embedded = new Embedded({ auth: { users } });
    const asked = await embedded.authorize();
    const code = (await embedded.approve(asked, "alex")).searchParams.get("code") ?? "";
    const { json } = await embedded.redeem({ code, asked });
    const refresh = String(json["refresh_token"]);
    embedded.auth = { ...embedded.auth, users: { alex: { servers: ["notion"], admin: false } } };
    expect(await embedded.refresh(refresh)).toMatchObject(BAD_GRANT);
    embedded.auth = { ...embedded.auth, users: { blake: { servers: "all", admin: false } } };
    expect(await embedded.refresh(refresh)).toMatchObject(BAD_GRANT);
    embedded.auth = { ...embedded.auth, users };
    expect((await embedded.refresh(refresh)).status).toBe(200);
  });

  test("T49 nobody gives leave to what they may not use themselves", async () => {
    const embedded = new Embedded({
      auth: { users: { alex: { servers: ["notion"], admin: true } } },
    });
    const asked = await embedded.authorize();
    await expect(embedded.approve(asked, "alex")).rejects.toThrow("alex may not use memory");
    expect(embedded.tokens.grants()).toEqual([]);
  });
});

describe("the token endpoint", () => {
  test("tells a client that it does not know from a token that it does not know", async () => {
    const embedded = new Embedded();
    const { refresh } = await embedded.tokensOf();
    const unknown = await embedded.refresh(refresh, { client_id: "who-is-this" });
    expect(unknown).toMatchObject({ status: 401, json: { error: "invalid_client" } });
    expect(await embedded.refresh("x".repeat(43))).toMatchObject(BAD_GRANT);
    expect(await embedded.refresh("x".repeat(100_000))).toMatchObject({ status: 413 });
  });

  test("says what is wrong with a request that is none", async () => {
    const embedded = new Embedded();
    const issuer = embedded.issuer("memory");
    const get = await embedded.request(issuer, "/token");
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    const json = await embedded.request(issuer, "/token", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(json.status).toBe(400);
    const other = await embedded.token({ grant_type: "client_credentials" });
    expect(other).toMatchObject({ status: 400, json: { error: "unsupported_grant_type" } });
  });
});

describe("T18 a token", () => {
  test("that was revoked is refused at the next request, with its family", async () => {
    const embedded = new Embedded();
    for (const kind of ["access", "refresh"] as const) {
      const tokens = await embedded.tokensOf();
      const before = embedded.tokens.findAccessToken(tokens.access);
      expect(before).toBeDefined();
      const answer = await revoke(embedded, { token: tokens[kind], client_id: "conf" });
      expect(answer.status).toBe(200);
      expect(embedded.tokens.findAccessToken(tokens.access)).toBeUndefined();
      expect(await embedded.refresh(tokens.refresh)).toMatchObject(BAD_GRANT);
    }
  });

  test("is nowhere in the file, and neither is a code or a secret", async () => {
    const folder = mkdtempSync(join(tmpdir(), "engine-file-"));
    try {
      const embedded = new Embedded({ folder });
      const { code, asked } = await embedded.code();
      const { json } = await embedded.redeem({ code, asked });
      const renewed = await embedded.refresh(String(json["refresh_token"]));
      const body = { redirect_uris: ["https://claude.ai/api/mcp/auth_callback"] };
      const registered = (await (await embedded.register(body)).json()) as Record<string, unknown>;
      const waiting = await embedded.authorize();
      const secrets = [
        code,
        asked.verifier,
        asked.id,
        waiting.id,
        registered["client_secret"],
        ...[json, renewed.json].flatMap((one) => [one["access_token"], one["refresh_token"]]),
      ].map(String);
      expect(secrets.every((secret) => secret.length >= 40)).toBe(true);
      const files = readdirSync(folder);
      expect(files).toContain("auth.sqlite");
      for (const file of files) {
        const bytes = readFileSync(join(folder, file));
        for (const secret of secrets) expect([file, bytes.includes(secret)]).toEqual([file, false]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("ends when its time is over", async () => {
    const embedded = new Embedded({ auth: { accessTokenLifetimeMs: 60_000 } });
    const { access } = await embedded.tokensOf();
    embedded.aheadMs = 59_000;
    expect(embedded.tokens.findAccessToken(access)).toBeDefined();
    embedded.aheadMs = 61_000;
    expect(embedded.tokens.findAccessToken(access)).toBeUndefined();
  });
});

describe("T50 revocation", () => {
  test("of a token that nobody knows says yes and does nothing", async () => {
    const embedded = new Embedded();
    const { access } = await embedded.tokensOf();
    const answer = await revoke(embedded, { token: "x".repeat(43), client_id: "conf" });
    expect(answer.status).toBe(200);
    expect(embedded.tokens.findAccessToken(access)).toBeDefined();
  });

  test("by another client leaves it", async () => {
    const embedded = new Embedded();
    const body = {
      redirect_uris: ["http://localhost/callback"],
      token_endpoint_auth_method: "none",
    };
    const other = (await (await embedded.register(body)).json()) as { client_id: string };
    const { access, refresh } = await embedded.tokensOf();
    for (const token of [access, refresh]) {
      expect((await revoke(embedded, { token, client_id: other.client_id })).status).toBe(200);
      const secret = { client_id: "secretive", client_secret: "s3cret-s3cret" };
      expect((await revoke(embedded, { token, ...secret })).status).toBe(200);
    }
    expect(embedded.tokens.findAccessToken(access)).toBeDefined();
    expect((await embedded.refresh(refresh)).status).toBe(200);
  });

  test("needs a client that proves itself", async () => {
    const embedded = new Embedded();
    const { access } = await embedded.tokensOf();
    expect((await revoke(embedded, { token: access, client_id: "secretive" })).status).toBe(401);
    expect((await revoke(embedded, { token: access, client_id: "nobody" })).status).toBe(401);
    expect(embedded.tokens.findAccessToken(access)).toBeDefined();
  });
});

test("what has expired is forgotten, also a leave that never had a token", async () => {
  const embedded = new Embedded();
  await embedded.tokensOf();
  const asked = await embedded.authorize();
  await embedded.server.approve(asked.issuer, asked.id ?? "", "owner");
  expect(embedded.tokens.grants().length).toBe(2);
  embedded.aheadMs = 16 * 60_000;
  embedded.tokens.sweep();
  expect(embedded.tokens.grants().length).toBe(1);
  embedded.aheadMs = 91 * 86_400_000;
  embedded.tokens.sweep();
  expect(embedded.tokens.grants()).toEqual([]);
});
