/** Who may ask, and where they are sent back to: rows 1 to 5 and 28 of the threat model. */
import { describe, expect, test } from "bun:test";
import { Embedded, REDIRECT_URI } from "../../helpers/auth/embedded.ts";

const CLAUDE = "https://claude.ai/api/mcp/auth_callback";

interface Registered {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly client_name: string;
  readonly application_type: string;
}

async function registered(embedded: Embedded, body: object): Promise<Registered> {
  const response = await embedded.register({ token_endpoint_auth_method: "none", ...body });
  if (response.status !== 201) throw new Error(await response.text());
  return (await response.json()) as Registered;
}

async function refusal(response: Response): Promise<[status: number, error: string]> {
  const { error } = (await response.json()) as { error: string };
  return [response.status, error];
}

describe("T1 registration, open to everybody,", () => {
  test("is slowed down for all together, and keeps at most 500 clients a host", async () => {
    const embedded = new Embedded();
    const statuses = new Map<number, number>();
    for (let at = 0; at < 2000; at++) {
      // A minute for each sixty: as fast as it lets anybody.
      if (at % 2 === 0) embedded.aheadMs += 1000;
      const { status } = await embedded.register({ redirect_uris: [CLAUDE] });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses.keys()].sort()).toEqual([201, 429]);
    expect(statuses.get(429)).toBeGreaterThan(800);
    const count = embedded.database.query("SELECT count(*) AS n FROM oauth_client").get();
    expect(count).toEqual({ n: 500 });
  });

  test("of one burst lets sixty in and tells the others when to come again", async () => {
    const embedded = new Embedded();
    const burst = await Promise.all(
      Array.from({ length: 70 }, () => embedded.register({ redirect_uris: [CLAUDE] })),
    );
    expect(burst.filter(({ status }) => status === 201).length).toBe(60);
    const last = burst[69];
    expect(last?.status).toBe(429);
    expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(0);
    // People go on.
    expect((await embedded.authorize()).id).toBeDefined();
  });

  test("never drops a client that somebody has given leave to", async () => {
    const embedded = new Embedded();
    const { client_id } = await registered(embedded, { redirect_uris: [REDIRECT_URI] });
    const { refresh } = await embedded
      .redeem(await embedded.code({ client_id }), { client_id })
      .then(({ json }) => ({ refresh: String(json["refresh_token"]) }));
    for (let at = 0; at < 600; at++) {
      embedded.aheadMs += 1000;
      await embedded.register({ redirect_uris: [CLAUDE] });
    }
    expect((await embedded.refresh(refresh, { client_id })).status).toBe(200);
  });

  test("forgets clients that nobody has given leave to after a day", async () => {
    const embedded = new Embedded();
    const { client_id } = await registered(embedded, { redirect_uris: [REDIRECT_URI] });
    embedded.aheadMs = 23 * 3_600_000;
    embedded.sweep();
    expect((await embedded.authorize({ client_id })).id).toBeDefined();
    embedded.aheadMs = 25 * 3_600_000;
    embedded.sweep();
    expect((await embedded.authorize({ client_id })).response.status).toBe(400);
  });

  test.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["no redirect URIs", {}],
    ["an empty list", { redirect_uris: [] }],
    ["eleven", { redirect_uris: Array.from({ length: 11 }, (_, at) => `${CLAUDE}/${at}`) }],
    ["a number", { redirect_uris: [1] }],
    ["another way to prove itself", { redirect_uris: [CLAUDE], token_endpoint_auth_method: "tls" }],
  ])("refuses %s", async (_what, body) => {
    const embedded = new Embedded();
    const [status, error] = await refusal(await embedded.register(body));
    expect(status).toBe(400);
    expect(error).toMatch(/^invalid_(?:redirect_uri|client_metadata)$/);
  });

  test("refuses more than 16 KiB", async () => {
    const embedded = new Embedded();
    const body = { redirect_uris: [CLAUDE], client_uri: `https://x.example/${"x".repeat(17_000)}` };
    expect((await embedded.register(body)).status).toBe(413);
  });
});

describe("T2 a redirect to a host that is not known", () => {
  test("is refused at the registration", async () => {
    const embedded = new Embedded();
    for (const uri of [
      "https://evil.example/callback",
      "https://claude.ai.evil.example/callback",
    ]) {
      const response = await embedded.register({
        client_name: "Claude",
        redirect_uris: [CLAUDE, uri],
      });
      expect(await refusal(response)).toEqual([400, "invalid_redirect_uri"]);
    }
  });

  test("is let in by the configuration, and leaves again with it", async () => {
    const embedded = new Embedded({ auth: { redirectHosts: ["evil.example"] } });
    const redirect_uri = "https://evil.example/callback";
    const client = await registered(embedded, { redirect_uris: [redirect_uri] });
    const request = { client_id: client.client_id, redirect_uri };
    const asked = await embedded.authorize(request);
    // Nobody vouches for it, and the page says so.
    expect(await embedded.server.pending(asked.issuer, asked.id ?? "")).toMatchObject({
      verifiedBy: undefined,
      redirectUri: redirect_uri,
    });
    embedded.auth = { ...embedded.auth, redirectHosts: "any" };
    expect((await embedded.authorize(request)).id).toBeDefined();
    embedded.auth = { ...embedded.auth, redirectHosts: [] };
    const { response, location } = await embedded.authorize(request);
    expect([response.status, location]).toEqual([400, undefined]);
  });
});

/** Where `uri` stands for the registered one; nothing of it may ever be a target. */
const TRICKS: readonly string[] = [
  `${CLAUDE}/`,
  `${CLAUDE}?x=1`,
  `${CLAUDE}#x`,
  `${CLAUDE}%2f..`,
  "https://claude.ai/api/mcp/../mcp/auth_callback",
  "https://claude.ai/api/mcp/%2e%2e/mcp/auth_callback",
  "https://claude.ai:443/api/mcp/auth_callback",
  "https://claude.ai:8443/api/mcp/auth_callback",
  "https://CLAUDE.AI/api/mcp/auth_callback",
  "HTTPS://claude.ai/api/mcp/auth_callback",
  "https://claude.ai.evil.example/api/mcp/auth_callback",
  "https://evil.example/api/mcp/auth_callback",
  "https://claude.ai@evil.example/api/mcp/auth_callback",
  "https://evil.example\\@claude.ai/api/mcp/auth_callback",
  "https://claude.ai\\.evil.example/api/mcp/auth_callback",
  "https://claude.ai%2eevil.example/api/mcp/auth_callback",
  "https:claude.ai/api/mcp/auth_callback",
  "https:///claude.ai/api/mcp/auth_callback",
  "//claude.ai/api/mcp/auth_callback",
  "https://claude.ai/api/mcp/auth_\tcallback",
  "https://claude.ai/api/mcp/auth_callback\n",
  " https://claude.ai/api/mcp/auth_callback",
  "https://claude.ai\u3002evil.example/",
  "http://claude.ai/api/mcp/auth_callback",
];

describe("T3 a redirect URI is compared letter by letter:", () => {
  test("other spellings are shown as an error and never redirected to", async () => {
    const embedded = new Embedded();
    const { client_id } = await registered(embedded, { redirect_uris: [CLAUDE] });
    for (const redirect_uri of TRICKS) {
      const { response, location } = await embedded.authorize({ client_id, redirect_uri });
      expect([redirect_uri, response.status, location]).toEqual([redirect_uri, 400, undefined]);
    }
    expect((await embedded.authorize({ client_id, redirect_uri: CLAUDE })).id).toBeDefined();
  });

  test("given twice or not at all it is none", async () => {
    const embedded = new Embedded();
    const { client_id } = await registered(embedded, { redirect_uris: [CLAUDE] });
    const { location } = await embedded.authorize({ client_id, redirect_uri: undefined });
    expect(location).toBeUndefined();
    const issuer = embedded.issuer("memory");
    const twice = new URLSearchParams({ client_id, response_type: "code", redirect_uri: CLAUDE });
    twice.append("redirect_uri", "https://evil.example/");
    const response = await embedded.request(issuer, `/authorize?${twice.toString()}`);
    expect([response.status, response.headers.get("location")]).toEqual([400, null]);
  });
});

describe("T4 redirects that run something or tell everybody are never allowed:", () => {
  test.each([
    "javascript:alert(1)",
    "javascript://claude.ai/%0aalert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://claude.ai/x",
    "http://192.168.1.1/callback",
    "http://public.example/callback",
    "ftp://claude.ai/x",
    "about:blank",
    "",
    "/callback",
  ])("%s", async (uri) => {
    // Not even by a configuration that allows everything.
    const rules = {
      redirectHosts: "any",
      redirectSchemes: ["javascript", "data", "file"],
    } as const;
    const embedded = new Embedded({
      auth: {
        ...rules,
        clients: { odd: { name: undefined, secret: undefined, redirectUris: [uri] } },
      },
    });
    expect(await refusal(await embedded.register({ redirect_uris: [uri] }))).toEqual([
      400,
      "invalid_redirect_uri",
    ]);
    const { response, location } = await embedded.authorize({
      client_id: "odd",
      redirect_uri: uri,
    });
    expect([response.status, location]).toEqual([400, undefined]);
  });

  test("private-use schemes only where the configuration names them", async () => {
    const uri = "cursor://anysphere.cursor-mcp/oauth/callback";
    const strict = new Embedded();
    expect((await strict.register({ redirect_uris: [uri] })).status).toBe(400);
    const embedded = new Embedded({ auth: { redirectSchemes: ["cursor"] } });
    const { client_id } = await registered(embedded, { redirect_uris: [uri] });
    const asked = await embedded.authorize({ client_id, redirect_uri: uri });
    expect(String(await embedded.approve(asked))).toStartWith(`${uri}?code=`);
  });
});

describe("T5 a program on the person's machine", () => {
  test("may choose its port and nothing else", async () => {
    const embedded = new Embedded();
    const client = await registered(embedded, { redirect_uris: ["http://localhost:1/callback"] });
    const { client_id } = client;
    expect(client.application_type).toBe("native");
    for (const uri of ["http://localhost:53219/callback", "http://localhost/callback"]) {
      expect((await embedded.authorize({ client_id, redirect_uri: uri })).id).toBeDefined();
    }
    for (const uri of [
      "http://localhost:53219/other",
      "http://localhost:53219/callback?x",
      "http://localhost:53219/callback/",
      "http://127.0.0.1:53219/callback",
      "http://[::1]:53219/callback",
      "http://localhost.evil.example:53219/callback",
      "http://evil.example:53219/callback",
      "http://localhost:53219@evil.example/callback",
      "http://user@localhost:53219/callback",
      "https://localhost:53219/callback",
      "http://localhost:99999/callback",
      "http://localhost:/callback:1",
    ]) {
      const { response, location } = await embedded.authorize({ client_id, redirect_uri: uri });
      expect([uri, response.status, location]).toEqual([uri, 400, undefined]);
    }
  });

  test("has no such freedom for a host of the internet", async () => {
    const embedded = new Embedded();
    const uris = [CLAUDE, "http://localhost/callback"];
    const { client_id } = await registered(embedded, { redirect_uris: uris });
    const redirect_uri = "https://claude.ai:4433/api/mcp/auth_callback";
    expect((await embedded.authorize({ client_id, redirect_uri })).location).toBeUndefined();
  });
});

describe("T28 what a client says of itself", () => {
  test("is cut to one line of 80 letters that stand where they stand", async () => {
    const embedded = new Embedded();
    const uris = { redirect_uris: [REDIRECT_URI] };
    for (const [said, shown] of [
      ["Claude\r\nX-Evil: 1", "Claude X-Evil: 1"],
      ["\u202Eedualc\u200B", "edualc"],
      ["x".repeat(200), "x".repeat(80)],
      ["   ", "A program without a name"],
      [42, "A program without a name"],
      ["<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
    ] as const) {
      const client = await registered(embedded, { ...uris, client_name: said });
      expect(client.client_name).toBe(shown);
      const asked = await embedded.authorize({ client_id: client.client_id });
      const pending = await embedded.server.pending(asked.issuer, asked.id ?? "");
      expect(pending?.clientName).toBe(shown);
    }
  });

  test("never makes a second header, whichever parameter it is in", async () => {
    const embedded = new Embedded();
    const evil = "x\r\nset-cookie: evil=1\r\n\r\n<script>";
    const names = [
      "state",
      "scope",
      "client_id",
      "redirect_uri",
      "code_challenge",
      "resource",
      "prompt",
    ];
    for (const name of names) {
      const { response, location } = await embedded.authorize({ [name]: evil });
      expect(response.headers.getSetCookie().join()).not.toContain("evil");
      expect(response.headers.get("location") ?? "").not.toMatch(/[\r\n<]/);
      if (name === "state" && location !== undefined) {
        const asked = await embedded.authorize({ state: evil });
        expect((await embedded.approve(asked)).searchParams.get("state")).toBe(evil);
      }
    }
  });
});

test("a client of one host is unknown at another", async () => {
  const embedded = new Embedded();
  const { client_id } = await registered(embedded, { redirect_uris: [REDIRECT_URI] });
  const elsewhere = await embedded.authorize({ client_id }, embedded.issuer("notion"));
  expect([elsewhere.response.status, elsewhere.location]).toEqual([400, undefined]);
});

test("a registered client with a secret proves itself by either way", async () => {
  const embedded = new Embedded();
  for (const method of ["client_secret_basic", "client_secret_post", undefined]) {
    const body = { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: method };
    const { client_id, client_secret = "" } = await registered(embedded, body);
    const got = await embedded.code({ client_id });
    const wrong = await embedded.redeem(got, { client_id, client_secret: `${client_secret}x` });
    expect(wrong).toMatchObject({ status: 401, json: { error: "invalid_client" } });
    expect((await embedded.redeem(got, { client_id, client_secret })).status).toBe(200);
  }
});

test("a person who is asked too often by one address is asked later", async () => {
  const embedded = new Embedded();
  const answers = await Promise.all(Array.from({ length: 130 }, () => embedded.authorize()));
  expect(answers.filter(({ response }) => response.status === 429).length).toBe(10);
});
