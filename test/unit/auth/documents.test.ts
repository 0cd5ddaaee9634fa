/** Clients whose id is the URL of a document: the ones that everybody uses, and what a lie gets. */
import { describe, expect, test } from "bun:test";
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { FetchRefused } from "../../../src/auth/safe-fetch.ts";
import { Embedded, type Params } from "../../helpers/auth/embedded.ts";

const CLAUDE = "https://claude.ai/oauth/mcp-oauth-client-metadata";
const CLAUDE_CODE = "https://claude.ai/oauth/claude-code-client-metadata";
const CHATGPT = "https://chatgpt.com/oauth/client.json";
const VSCODE = "https://vscode.dev/oauth/client-metadata.json";
const CALLBACK = "https://claude.ai/api/mcp/auth_callback";
const KEYS = "https://chatgpt.com/oauth/jwks.json";

/** The web, as far as documents are concerned: texts by URL, and which were asked for. */
class Web {
  readonly pages = new Map<string, string>();
  readonly asked: string[] = [];
  maxAgeSeconds: number | undefined;
  isDown = false;

  get(url: string): Promise<{ body: string; maxAgeSeconds: number | undefined }> {
    this.asked.push(url);
    const body = this.isDown ? undefined : this.pages.get(url);
    if (body === undefined) return Promise.reject(new FetchRefused("it answered with status 403"));
    return Promise.resolve({ body, maxAgeSeconds: this.maxAgeSeconds });
  }

  put(url: string, page: unknown): void {
    this.pages.set(url, typeof page === "string" ? page : JSON.stringify(page));
  }
}

function withWeb(auth: object = {}): { embedded: Embedded; web: Web } {
  const web = new Web();
  return { web, embedded: new Embedded({ fetcher: web, auth }) };
}

function documentOf(client_id: string, more: object = {}): object {
  return {
    client_id,
    client_name: "Claude",
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: "none",
    ...more,
  };
}

/** The page that a person sees instead of a redirect. */
async function refusal(embedded: Embedded, params: Params): Promise<string> {
  const { response, location } = await embedded.authorize(params);
  expect([response.status, location]).toEqual([400, undefined]);
  return response.text();
}

describe("the programs that everybody uses, with their own documents and without:", () => {
  const programs = [
    [CLAUDE, "Claude", CALLBACK],
    [CLAUDE_CODE, "Claude Code", "http://localhost:53219/callback"],
    [CLAUDE_CODE, "Claude Code", "http://127.0.0.1:8080/callback"],
    [VSCODE, "Visual Studio Code", "http://127.0.0.1:33418/"],
    [VSCODE, "Visual Studio Code", "https://vscode.dev/redirect"],
    ["https://chatgpt.com/oauth/codex/client.json", "Codex", "http://127.0.0.1:1455/callback"],
  ] as const;
  test.each(programs)("%s, %s, %s", async (client_id, name, redirect_uri) => {
    const { embedded, web } = withWeb();
    const request = { client_id, redirect_uri };
    const asked = await embedded.authorize(request);
    expect(web.asked).toEqual([client_id]);
    const pending = await embedded.server.pending(asked.issuer, asked.id ?? "");
    const verifiedBy = new URL(client_id).hostname;
    expect(pending).toMatchObject({ clientName: name, verifiedBy, redirectUri: redirect_uri });
    const code = (await embedded.approve(asked)).searchParams.get("code") ?? "";
    const { status, json } = await embedded.redeem({ code, asked }, request);
    expect(status).toBe(200);
    const again = await embedded.refresh(String(json["refresh_token"]), { client_id });
    expect(again.status).toBe(200);
  });

  test("what the document says now counts more than the copy", async () => {
    const { embedded, web } = withWeb();
    web.put(CLAUDE, documentOf(CLAUDE, { client_name: "Claude of now" }));
    const request = { client_id: CLAUDE, redirect_uri: CALLBACK };
    const asked = await embedded.authorize(request);
    const pending = await embedded.server.pending(asked.issuer, asked.id ?? "");
    expect(pending?.clientName).toBe("Claude of now");
  });
});

describe("a document is kept", () => {
  const id = "https://app.example.org/client.json";
  const request = { client_id: id, redirect_uri: "http://localhost/callback" };
  const native = documentOf(id, { redirect_uris: ["http://localhost/callback"] });

  test.each([
    [undefined, 5 * 60],
    [1, 5 * 60],
    [3600, 3600],
    [10_000_000, 24 * 3600],
  ])("for max-age %p: %p seconds", async (maxAge, seconds) => {
    const { embedded, web } = withWeb({ documentHosts: ["app.example.org"] });
    web.maxAgeSeconds = maxAge;
    web.put(id, native);
    expect((await embedded.authorize(request)).id).toBeDefined();
    embedded.aheadMs = seconds * 1000 - 1000;
    expect((await embedded.authorize(request)).id).toBeDefined();
    expect(web.asked.length).toBe(1);
    embedded.aheadMs = seconds * 1000 + 1000;
    expect((await embedded.authorize(request)).id).toBeDefined();
    expect(web.asked.length).toBe(2);
  });

  test("while its host is down, or gives out something else", async () => {
    const { embedded, web } = withWeb({ documentHosts: "any" });
    web.put(id, native);
    await embedded.authorize(request);
    for (const page of ["<html>come back later</html>", documentOf("https://other.example/x")]) {
      embedded.aheadMs += 600_000;
      web.put(id, page);
      expect((await embedded.authorize(request)).id).toBeDefined();
    }
    embedded.aheadMs += 600_000;
    web.isDown = true;
    expect((await embedded.authorize(request)).id).toBeDefined();
    expect(web.asked.length).toBe(4);
  });

  test("for all who ask at once it is fetched once", async () => {
    const { embedded, web } = withWeb({ documentHosts: "any" });
    web.put(id, native);
    await Promise.all(Array.from({ length: 20 }, () => embedded.authorize(request)));
    expect(web.asked).toEqual([id]);
  });

  test("and strangers cannot make this program ask for ever", async () => {
    const { embedded, web } = withWeb({ documentHosts: "any" });
    const startedMs = performance.now();
    for (let at = 0; at < 100; at++) {
      await embedded.authorize({ ...request, client_id: `https://app.example.org/${at}.json` });
    }
    // One a second comes back, and a machine under load takes its time for the hundred.
    const refilled = Math.ceil((performance.now() - startedMs) / 1000);
    expect(web.asked.length).toBeLessThanOrEqual(60 + refilled);
  });
});

describe("T25 a document of a host that is not allowed", () => {
  test("is not fetched, and the person is told which setting it is", async () => {
    const { embedded, web } = withWeb();
    const client_id = "https://evil.example/client.json";
    const text = await refusal(embedded, { client_id, redirect_uri: CALLBACK });
    expect(text).toContain("evil.example");
    expect(text).toContain("proxy.auth.documentHosts");
    expect(web.asked).toEqual([]);
  });

  test.each(["https://claude.ai:8443/x", "https://user@claude.ai/x", "https://claude.ai/../x"])(
    "nor is %s",
    async (client_id) => {
      const { embedded, web } = withWeb();
      await refusal(embedded, { client_id, redirect_uri: CALLBACK });
      expect(web.asked).toEqual([]);
    },
  );
});

describe("T27 a document that is none is shown as an error:", () => {
  const id = "https://claude.ai/oauth/other";
  test.each([
    ["not there", undefined],
    ["a page", "<!doctype html><title>Just a moment</title>"],
    ["a list", [documentOf(id)]],
    ["null", "null"],
    ["of another client", documentOf(CLAUDE)],
    ["with a secret", documentOf(id, { client_secret: "s" })],
    [
      "with a shared secret's method",
      documentOf(id, { token_endpoint_auth_method: "client_secret_post" }),
    ],
    ["without a place to go back to", documentOf(id, { redirect_uris: [] })],
    ["with a place that is no list", documentOf(id, { redirect_uris: CALLBACK })],
    [
      "with a place that is not allowed",
      documentOf(id, { redirect_uris: ["https://evil.example/"] }),
    ],
    ["with a method that nobody knows", documentOf(id, { token_endpoint_auth_method: "magic" })],
  ])("%s", async (_what, page) => {
    const { embedded, web } = withWeb();
    if (page !== undefined) web.put(id, page);
    const text = await refusal(embedded, { client_id: id, redirect_uri: CALLBACK });
    expect(text).toMatch(/program/);
    const token = await embedded.refresh("x".repeat(43), { client_id: id });
    expect([token.status, token.json["access_token"]]).toEqual([token.status, undefined]);
    expect(token.status).toBeGreaterThanOrEqual(400);
  });

  test("of its places only the allowed ones are used", async () => {
    const { embedded, web } = withWeb();
    web.put(
      id,
      documentOf(id, { redirect_uris: ["https://evil.example/", CALLBACK, "javascript:x"] }),
    );
    expect((await embedded.authorize({ client_id: id, redirect_uri: CALLBACK })).id).toBeDefined();
    await refusal(embedded, { client_id: id, redirect_uri: "https://evil.example/" });
    await refusal(embedded, { client_id: id, redirect_uri: "javascript:x" });
  });
});

/** ChatGPT signs: a key of its own, published beside its document. */
function signer() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "1", alg: "ES256", use: "sig" };
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  const assertion = (changed: object = {}, header: object = { alg: "ES256", kid: "1" }): Params => {
    const seconds = Math.floor(Date.now() / 1000);
    const claims = {
      iss: CHATGPT,
      sub: CHATGPT,
      aud: "https://memory.mcp.test",
      jti: randomUUID(),
      iat: seconds,
      exp: seconds + 60,
      ...changed,
    };
    const text = `${encode(header)}.${encode(claims)}`;
    const made = sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return {
      client_id: CHATGPT,
      client_assertion: `${text}.${made.toString("base64url")}`,
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    };
  };
  return { jwks: { keys: [jwk] }, assertion };
}

describe("ChatGPT signs that it is itself:", () => {
  const redirect_uri = "https://chatgpt.com/connector_platform_oauth_redirect";
  const request = { client_id: CHATGPT, redirect_uri };

  test("with the keys beside its document it gets tokens", async () => {
    const { embedded, web } = withWeb();
    const { jwks, assertion } = signer();
    web.put(KEYS, jwks);
    for (const aud of ["https://memory.mcp.test", "https://memory.mcp.test/token"]) {
      const got = await embedded.code(request);
      const { status, json } = await embedded.redeem(got, { redirect_uri, ...assertion({ aud }) });
      expect(status).toBe(200);
      const again = await embedded.refresh(String(json["refresh_token"]), assertion());
      expect(again.status).toBe(200);
    }
    expect(web.asked.filter((url) => url === KEYS).length).toBeLessThanOrEqual(2);
  });

  test("nobody else gets them", async () => {
    const { embedded, web } = withWeb();
    const { jwks, assertion } = signer();
    web.put(KEYS, jwks);
    const used = assertion();
    const got = await embedded.code(request);
    for (const proof of [
      {},
      { client_id: CHATGPT, client_secret: "guess" },
      signer().assertion(),
      assertion({ aud: "https://notion.mcp.test" }),
      assertion({ iss: "https://evil.example" }),
      assertion({ exp: Math.floor(Date.now() / 1000) - 60 }),
      assertion({ jti: undefined }),
      assertion({}, { alg: "none" }),
      assertion({}, { alg: "HS256" }),
    ]) {
      const { status, json } = await embedded.redeem(got, { ...request, ...proof });
      expect([status, json["error"]]).toEqual([401, "invalid_client"]);
    }
    expect((await embedded.redeem(got, { redirect_uri, ...used })).status).toBe(200);
    const second = await embedded.code(request);
    expect((await embedded.redeem(second, { redirect_uri, ...used })).status).toBe(401);
  });

  test("T26 keys at a host that is not allowed are not fetched, and neither are pictures", async () => {
    const { embedded, web } = withWeb();
    const { assertion } = signer();
    const elsewhere = ["https://evil.example/keys.json", "https://127.0.0.1/keys.json"];
    for (const jwks_uri of elsewhere) {
      web.put(
        CHATGPT,
        documentOf(CHATGPT, {
          token_endpoint_auth_method: "private_key_jwt",
          jwks_uri,
          redirect_uris: [redirect_uri],
          logo_uri: "https://evil.example/logo.png",
          client_uri: "https://evil.example/",
          sector_identifier_uri: "https://evil.example/sector.json",
        }),
      );
      const got = await embedded.code(request);
      const { status } = await embedded.redeem(got, { redirect_uri, ...assertion() });
      expect(status).toBeGreaterThanOrEqual(400);
      embedded.aheadMs += 600_000;
    }
    await embedded.register({
      redirect_uris: [CALLBACK],
      jwks_uri: "https://evil.example/keys.json",
      logo_uri: "https://evil.example/logo.png",
      sector_identifier_uri: "https://evil.example/sector.json",
    });
    expect(new Set(web.asked)).toEqual(new Set([CHATGPT]));
  });
});
