/**
 * The way of a person through a real gateway over HTTPS, with a browser that runs no scripts: what is
 * shown, who may decide, and that nobody else's browser can.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AskingClient, statusWith } from "../../helpers/auth/asking-client.ts";
import { Browser, type Page } from "../../helpers/auth/browser.ts";
import { testFetch } from "../../helpers/auth/fetch.ts";
import {
  authorizeAt,
  PERSON,
  signIn,
  startSecureGateway,
  type SecureGateway,
} from "../../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";

let secure: SecureGateway;

beforeAll(async () => {
  const servers = { echo: fixtureServer("echo", { instances: "session" }) };
  const proxy = { auth: { redirectHosts: "any", redirectSchemes: ["cursor"] } };
  secure = await startSecureGateway({ servers, proxy });
});
afterAll(() => secure[Symbol.asyncDispose]());

const GONE = "There is nothing to decide here";

/** A browser that shows the consent page. */
async function atConsent(
  client: AskingClient,
  browser = new Browser(),
): Promise<{ readonly browser: Browser; readonly page: Page }> {
  const page = await signIn(browser, await browser.open(client.url()));
  expect(page.status).toBe(200);
  expect(page.forms[0]?.buttons.map(({ value }) => value)).toContain("allow");
  return { browser, page };
}

/** The request of this page can still be allowed, so whatever was tried has decided nothing. */
async function expectUndecided(browser: Browser, page: Page, client: AskingClient): Promise<void> {
  const again = await browser.open(page.url);
  const { leftFor } = await browser.submit(again, { button: "Allow" });
  expect(client.codeOf(leftFor)).not.toBe("");
}

describe("a person", () => {
  test("signs in, allows, and the client gets in where it asked to", async () => {
    const client = await AskingClient.register(secure);
    const { leftFor } = await authorizeAt(new Browser(), client.url());
    const { status, accessToken } = await client.token(client.codeOf(leftFor));
    expect(status).toBe(200);
    expect(await statusWith(secure.mcp("echo"), accessToken)).toBe(200);
    await secure.gateway.untilLogged(/auth user\.signed-in .*user="owner"/);
    await secure.gateway.untilLogged(/auth authorize\.approved .*user="owner"/);
  });

  test("denies, or cancels before signing in, and the client is told", async () => {
    const client = await AskingClient.register(secure);
    const denied = await authorizeAt(new Browser(), client.url(), { isApproved: false });
    const browser = new Browser();
    const cancelled = await browser.submit(await browser.open(client.url()), { button: "Cancel" });
    for (const { leftFor } of [denied, cancelled]) {
      expect(leftFor?.origin).toBe("https://claude.ai");
      expect(leftFor?.searchParams.get("error")).toBe("access_denied");
      expect(leftFor?.searchParams.get("state")).toBe(client.state);
      expect(leftFor?.searchParams.get("iss")).toBe(secure.origin("echo"));
      expect(leftFor?.searchParams.has("code")).toBeFalse();
    }
  });

  test("who mistypes is told so, keeps the name, and can try again", async () => {
    const client = await AskingClient.register(secure);
    const browser = new Browser();
    const first = await browser.open(client.url());
    const wrong = await signIn(browser, first, { user: PERSON.user, password: "not this one" });
    expect(wrong.status).toBe(403);
    expect(wrong.words).toContain("User name and password do not belong together");
    expect(wrong.forms[0]?.fields.get("username")).toBe(PERSON.user);
    expect(wrong.forms[0]?.fields.get("password")).toBe("");
    const page = await signIn(browser, wrong);
    const { leftFor } = await browser.submit(page, { button: "Allow" });
    expect(client.codeOf(leftFor)).not.toBe("");
  });

  test("who is not the one that is signed in can change that and go on", async () => {
    const client = await AskingClient.register(secure);
    const { browser, page } = await atConsent(client);
    const asked = await browser.submit(page, { button: "Not you?" });
    expect(asked.words).toContain("Sign in");
    const { leftFor } = await browser.submit(await signIn(browser, asked), { button: "Allow" });
    expect(client.codeOf(leftFor)).not.toBe("");
  });

  test("decides once", async () => {
    const client = await AskingClient.register(secure);
    const { browser, page } = await atConsent(client);
    const answers = await Promise.all([
      browser.submit(page, { button: "Allow" }),
      browser.submit(page, { button: "Allow" }),
      browser.submit(page, { button: "Deny" }),
    ]);
    expect(answers.filter(({ leftFor }) => leftFor !== undefined)).toHaveLength(1);
    expect(answers.filter(({ title }) => title.includes(GONE))).toHaveLength(2);
    expect((await browser.open(page.url)).status).toBe(400);
  });

  test("with two requests open signs in once and decides about both", async () => {
    const first = await AskingClient.register(secure);
    const second = await AskingClient.register(secure);
    const browser = new Browser();
    const pages = [await browser.open(first.url()), await browser.open(second.url())] as const;
    await signIn(browser, pages[0]);
    const left = await browser.submit(await browser.open(pages[1].url), { button: "Allow" });
    expect(second.codeOf(left.leftFor)).not.toBe("");
    const other = await browser.submit(await browser.open(pages[0].url), { button: "Allow" });
    expect(first.codeOf(other.leftFor)).not.toBe("");
  });
});

describe("what is shown", () => {
  test("T2 a client that nobody vouches for has an unverified name, and its host is in bold", async () => {
    const redirectUri = "https://evil.example/callback";
    const client = await AskingClient.register(secure, { name: "Claude", redirectUri });
    const { page } = await atConsent(client);
    expect(page.words).toContain("unverified name");
    expect(page.words).not.toContain("verified:");
    expect(page.bold).toContain("evil.example");
    expect(page.bold).toContain("echo");
    expect(page.bold).toContain(PERSON.user);
    // The name is not repeated where it would pass for ours.
    expect(page.words).toContain("Let this program use echo?");
  });

  test("T5 a program of this machine comes with a warning, and only its port may differ", async () => {
    const redirectUri = "http://127.0.0.1:33418/callback";
    const client = await AskingClient.register(secure, { redirectUri });
    const { page } = await atConsent(client);
    expect(page.words).toContain("a program on the computer in front of you");
    expect(page.bold).toContain("127.0.0.1:33418");
    const ask = (uri: string): Promise<Page> =>
      new Browser().open(client.url({ redirect_uri: uri }));
    expect((await ask("http://127.0.0.1:50000/callback")).status).toBe(200);
    for (const other of ["http://127.0.0.1:33418/other", "http://127.0.0.2:33418/callback"]) {
      const refused = await ask(other);
      expect(refused.status).toBe(400);
      expect(refused.leftFor).toBeUndefined();
    }
  });

  test("an app that is opened by its own links is named by them", async () => {
    const redirectUri = "cursor://anysphere.cursor-mcp/oauth/callback";
    const { page } = await atConsent(await AskingClient.register(secure, { redirectUri }));
    expect(page.bold).toContain("cursor:");
    expect(page.words).toContain("whichever app on this device opens cursor: links");
    expect(page.headers.get("content-security-policy")).toContain("form-action 'self' cursor:;");
  });

  test("T29 nothing that a client says becomes part of a page", async () => {
    const name = `<img src=x onerror=alert(1)>"'><script>alert(2)</script>`;
    const client = await AskingClient.register(secure, { name });
    const browser = new Browser();
    const asked = await browser.open(client.url());
    const consent = await signIn(browser, asked);
    const said = "<b onclick=alert(3)>";
    const wrongUser = await browser.submit(await browser.open(client.url()), {
      button: "Not you?",
    });
    const wrong = await signIn(browser, wrongUser, { user: `"><i>${said}`, password: "x" });
    const error = await browser.open(client.url({ response_type: said, redirect_uri: said }));
    const unknown = await browser.open(client.url({ client_id: said }));
    for (const page of [asked, consent, wrong, error, unknown]) {
      for (const element of ["script", "img", "b", "i"])
        expect(page.elements.has(element)).toBeFalse();
      expect(page.html).not.toContain('onerror=alert(1)>"');
    }
    expect(consent.words).toContain("<img src=x onerror=alert(1)>");
    expect(wrong.forms[0]?.fields.get("username")).toContain(said);
    expect(error.status).toBe(400);
    expect(unknown.status).toBe(400);
  });

  test("what cannot go on is a page that says why, with what protects a page", async () => {
    const page = await new Browser().open(
      `${secure.origin("echo")}/authorize?client_id=nobody&response_type=code`,
    );
    expect(page.status).toBe(400);
    expect(page.words).toContain("This request cannot go on");
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(page.leftFor).toBeUndefined();
  });
});

describe("consent", () => {
  test("T12 leave is asked for again in a browser that is signed in and has allowed the same before", async () => {
    const client = await AskingClient.register(secure);
    const { browser, page } = await atConsent(client);
    await browser.submit(page, { button: "Allow" });
    for (const prompt of [undefined, "consent", "none"]) {
      const again = await browser.open(client.url(prompt === undefined ? {} : { prompt }));
      expect(again.leftFor?.searchParams.has("code") ?? false).toBeFalse();
      if (prompt !== "none") expect(again.words).toContain("Allow");
    }
  });
});

describe("decisions", () => {
  const forms: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
    "from another site": { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    "from another site, by a browser that says no more": {
      origin: "https://evil.example",
      "sec-fetch-site": null,
    },
    "from a page without an origin": { origin: "null", "sec-fetch-site": "cross-site" },
    "from another host of the same domain": {
      origin: "https://notion.mcp.test",
      "sec-fetch-site": "same-site",
    },
    "without a word of where it is from": { origin: null, "sec-fetch-site": null },
  };
  for (const [name, headers] of Object.entries(forms)) {
    test(`T13 the word of a person does not count ${name}`, async () => {
      const client = await AskingClient.register(secure);
      const { browser, page } = await atConsent(client);
      for (const button of ["Allow", "Deny", "Not you?"]) {
        const answer = await browser.submit(page, { button, headers });
        expect(answer.status).toBe(403);
        expect(answer.leftFor).toBeUndefined();
      }
      await expectUndecided(browser, page, client);
    });
  }

  test("T13 the word of a person does not count as anything but a form", async () => {
    const client = await AskingClient.register(secure);
    const { browser, page } = await atConsent(client);
    for (const type of ["application/json", "text/plain", "multipart/form-data; boundary=x"]) {
      const answer = await browser.submit(page, {
        button: "Allow",
        headers: { "content-type": type },
      });
      expect(answer.status).toBe(403);
    }
    await expectUndecided(browser, page, client);
  });

  test("T13 the word of a person does not count in a browser that did not begin the request, signed in or not", async () => {
    const client = await AskingClient.register(secure);
    const { browser, page } = await atConsent(client);
    const stranger = new Browser();
    expect((await stranger.submit(page, { button: "Allow" })).status).toBe(400);
    const { browser: signedIn } = await atConsent(await AskingClient.register(secure));
    expect((await signedIn.submit(page, { button: "Allow" })).status).toBe(400);
    // Nor is it shown there: what was begun elsewhere is nobody else's to decide.
    expect((await signedIn.open(page.url)).words).toContain(GONE);
    await expectUndecided(browser, page, client);
  });

  test("T13 a password does not count from another site", async () => {
    const client = await AskingClient.register(secure);
    const browser = new Browser();
    const page = await browser.open(client.url());
    const answer = await browser.submit(page, {
      fields: { username: PERSON.user, password: PERSON.password },
      headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    });
    expect(answer.status).toBe(403);
    expect((await browser.open(page.url)).words).toContain("Sign in");
  });
});

describe("pages", () => {
  test("T14 no page can be put into a frame, cached, or take anything from elsewhere", async () => {
    const client = await AskingClient.register(secure);
    const browser = new Browser();
    const asked = await browser.open(client.url());
    const consent = await signIn(browser, asked);
    const gone = await browser.open(`${secure.origin("echo")}/sign-in/nothing`);
    const link = await browser.open(`${secure.origin("echo")}/set-up/nothing`);
    for (const { headers, html } of [asked, consent, gone, link]) {
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("base-uri 'none'");
      expect(policy).not.toContain("unsafe");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(html).toContain('<html lang="en">');
      expect(html).not.toContain("<script");
      expect(html).not.toMatch(/ (?:src|href)=/);
    }
    const policy = consent.headers.get("content-security-policy");
    expect(policy).toContain("form-action 'self' https://claude.ai;");
  });
});

describe("cookies", () => {
  const NAME = /^__Host-mcp-proxy-session/;
  const sessionOf = (browser: Browser): { readonly name: string; readonly value: string } => {
    const cookie = browser.cookies.all().find(({ name }) => NAME.test(name));
    if (cookie === undefined) throw new Error("no session");
    return cookie;
  };

  test("T15 the cookie is another one after a sign-in, and the one before is dead", async () => {
    const client = await AskingClient.register(secure);
    const browser = new Browser();
    const asked = await browser.open(client.url());
    const before = sessionOf(browser);
    const consent = await signIn(browser, asked);
    const after = sessionOf(browser);
    expect(after.name).toBe(before.name);
    expect(after.value).not.toBe(before.value);
    const planted = new Browser();
    planted.cookies.plant(asked.url.href, before.name, before.value);
    expect((await planted.open(consent.url)).words).toContain(GONE);
    expect((await planted.submit(consent, { button: "Allow" })).status).toBe(400);
    // And whoever signs out has another one again.
    const out = await browser.submit(consent, { button: "Not you?" });
    expect(sessionOf(browser).value).not.toBe(after.value);
    planted.cookies.plant(asked.url.href, after.name, after.value);
    expect((await planted.open(out.url)).words).toContain(GONE);
  });

  test("T15 a cookie that somebody has made up is not taken", async () => {
    const client = await AskingClient.register(secure);
    const browser = new Browser();
    await browser.open(client.url());
    const { name } = sessionOf(browser);
    const made = "A".repeat(43);
    const other = new Browser();
    other.cookies.plant(client.url().href, name, made);
    await other.open(client.url());
    expect(sessionOf(other).value).not.toBe(made);
  });

  test("T15 the cookie is for this host only, out of reach of scripts, and goes over https only", async () => {
    const client = await AskingClient.register(secure);
    const { headers } = await testFetch(client.url(), { redirect: "manual" });
    const given = headers.getSetCookie().find((one) => one.startsWith("__Host-mcp-proxy-session"));
    const attributes = given?.split("; ").slice(1).sort();
    expect(attributes).toEqual(["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
  });
});
