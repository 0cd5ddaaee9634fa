/** The test domain and the scripted browser do what the tests of authorization build on. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:tls";
import { BUN_PRELOAD, programEnv, testAuthority } from "../../helpers/auth/authority.ts";
import { Browser } from "../../helpers/auth/browser.ts";
import { testFetch } from "../../helpers/auth/fetch.ts";
import { parsePage } from "../../helpers/auth/page.ts";
import { signCertificate } from "../../helpers/auth/x509.ts";

const form = `<title>A &amp; B</title><p>Give <strong>leave&lt;</strong>?</p><form method="post" action="/sent">
<input type="hidden" name="id" value="1&quot;2"><input name="user"><input type="password" name="password">
<button name="go" value="yes">Allow</button><button name="go" value="no">Deny</button></form>
<script>hidden()</script>`;

let server: Bun.Server<undefined>;
beforeAll(() => {
  const { cert, key } = testAuthority().certificate;
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", tls: { cert, key }, fetch: answer });
});
afterAll(() => server.stop(true));

async function answer(request: Request): Promise<Response> {
  const { pathname, host } = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  switch (pathname) {
    case "/away":
      return Response.redirect(`https://b.mcp.test:${server.port}/seen`, 302);
    case "/out":
      return Response.redirect("https://claude.ai/callback?code=1", 303);
    case "/form":
      return new Response(form, {
        headers: [
          ["set-cookie", "__Host-good=1; Path=/; Secure; HttpOnly"],
          ["set-cookie", "__Host-bad=1; Path=/form; Secure"],
        ],
      });
    default:
      return Response.json({ host, pathname, headers, body: await request.text() });
  }
}

const at = (path: string, host = "a.mcp.test"): string => `https://${host}:${server.port}${path}`;

test("the test domain is found, its certificate checked, and a redirect followed without the token", async () => {
  const response = await testFetch(at("/away"), { headers: { authorization: "Bearer x" } });
  const seen = (await response.json()) as { host: string; headers: Record<string, string> };
  expect(response.url).toBe(at("/seen", "b.mcp.test"));
  expect(seen.host).toBe(`b.mcp.test:${server.port}`);
  expect(seen.headers).not.toHaveProperty("authorization");
  const posted = await testFetch(at("/seen"), { method: "POST", body: "text" });
  expect(await posted.json()).toMatchObject({ body: "text" });
  // One level more than the wildcard covers.
  const deep = await testFetch(at("/seen", "x.a.mcp.test")).then(
    () => "trusted",
    (error: Error & { code?: string }) => error.code,
  );
  expect(deep).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
});

test.each([
  ["node", ["node", "--input-type=module"]],
  ["bun", [process.execPath, ...BUN_PRELOAD]],
])("a program under %s finds it too, by fetch and by https", async (_, command) => {
  const code = `const response = await fetch(${JSON.stringify(at("/away"))});
    console.log(response.url);
    const { get } = await import("node:https");
    get(${JSON.stringify(at("/get"))}, (answer) => answer.on("data", (part) => console.log(String(part))));`;
  const env = { PATH: process.env["PATH"] ?? "", ...programEnv() };
  const child = Bun.spawn([...command, "-e", code], { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines = (await child.stdout.text()).split("\n");
  expect(lines[0]).toBe(at("/seen", "b.mcp.test"));
  expect(JSON.parse(lines[1] ?? "")).toMatchObject({ host: `a.mcp.test:${server.port}` });
  expect(await child.exited).toBe(0);
});

test("the browser fills forms, keeps cookies by their rules, and stops where a redirect leaves", async () => {
  const browser = new Browser();
  const page = await browser.open(at("/form"));
  expect(page).toMatchObject({ title: "A & B", bold: ["leave<"] });
  expect(page.words).toBe("Give leave<? Allow Deny");
  expect(page.elements.has("script")).toBe(true);
  expect(browser.cookies.values("__Host-good")).toEqual(["1"]);
  expect(browser.cookies.refused).toEqual(["__Host-bad=1; Path=/form; Secure"]);
  const sent = JSON.parse(
    (await browser.submit(page, { fields: { password: "ä&" }, button: "Deny" })).html,
  );
  expect(sent.body).toBe("id=1%222&user=&password=%C3%A4%26&go=no");
  expect(sent.headers).toMatchObject({
    cookie: "__Host-good=1",
    origin: `https://a.mcp.test:${server.port}`,
    "sec-fetch-site": "same-origin",
  });
  const left = await browser.open(at("/out"));
  expect(left.leftFor?.href).toBe("https://claude.ai/callback?code=1");
  expect(() => browser.submit({ ...page, ...parsePage("") })).toThrow("no form");
});

test("a certificate may be out of date", async () => {
  const { signer, ca } = testAuthority();
  const untilMs = Date.now() - 1000;
  const { cert, key } = signCertificate({
    commonName: "late",
    names: ["late.mcp.test"],
    issuer: signer,
    untilMs,
  });
  const late = Bun.serve({ port: 0, tls: { cert, key }, fetch: () => new Response("") });
  const code = await new Promise((resolve) => {
    const options = { host: "127.0.0.1", port: late.port ?? 0, servername: "late.mcp.test", ca };
    const socket = connect(options, () => resolve("trusted"));
    socket.once("error", (error: Error & { code?: string }) => {
      resolve(error.code);
      socket.destroy();
    });
  });
  expect(code).toBe("CERT_HAS_EXPIRED");
  await late.stop(true);
});
