/** T31: what guessing costs the gateway, and T49: what a person who was taken out can still do. */
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AskingClient, statusWith } from "../../helpers/auth/asking-client.ts";
import { Browser } from "../../helpers/auth/browser.ts";
import {
  authorizeAt,
  PERSON,
  signIn,
  startSecureGateway,
} from "../../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";

const servers = { echo: fixtureServer("echo", { instances: "session" }) };

/** Memory that a process really uses, in bytes. */
function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

test("T31 two hundred guesses at once are refused, and take neither the memory nor the person's way in", async () => {
  await using secure = await startSecureGateway({ servers });
  const { pid } = secure.gateway;
  const client = await AskingClient.register(secure);
  const known = new Browser();
  await authorizeAt(known, client.url());
  const guesser = new Browser();
  const page = await guesser.open(client.url());
  // One beforehand, so that what is loaded once is not counted.
  await signIn(guesser, page, { user: "somebody", password: "a first guess" });
  const before = residentBytes(pid);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, at) =>
      signIn(guesser, page, {
        user: at % 2 === 0 ? "owner" : `nobody${at}`,
        password: `guess ${at}`,
      }),
    ),
  );
  const grownBytes = residentBytes(pid) - before;
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 403).length).toBeLessThan(11);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(189);
  const refused = answers.find(({ status }) => status === 429);
  expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(refused?.words).toMatch(/Too many tries\. Try again in/);
  expect(grownBytes).toBeLessThan(60 * 1024 * 1024);
  // Same address, same moment: the browser that signed in before still can, the guesser cannot.
  known.cookies.plant(client.url().href, sessionName(known), "B".repeat(43));
  const { leftFor } = await authorizeAt(known, client.url());
  expect(client.codeOf(leftFor)).not.toBe("");
  expect((await signIn(guesser, page)).status).toBe(429);
  // The log says who guesses and where from, not what: neither names that nobody has nor passwords.
  await secure.gateway.untilLogged(
    /user\.signed-in refused .*user="owner".*wrong.* from 127\.0\.0\.1/,
  );
  const { stderr } = secure.gateway;
  expect(stderr.split("too many tries").length).toBeLessThan(30);
  for (const word of ["nobody1", "a first guess", "guess 1", PERSON.password])
    expect(stderr).not.toContain(word);
});

function sessionName(browser: Browser): string {
  const cookie = browser.cookies.all().find(({ name }) => name.includes("session"));
  if (cookie === undefined) throw new Error("no session");
  return cookie.name;
}

test("T49 a person who is taken out of the configuration is out at once: token, page and password", async () => {
  const proxyOf = (users: object): object => ({ auth: { users } });
  const both = { kim: {}, alex: { admin: true } };
  await using secure = await startSecureGateway({ servers, proxy: proxyOf(both) });
  const client = await AskingClient.register(secure);
  const browser = new Browser();
  const alex = { ...PERSON, user: "alex" };
  const { leftFor } = await authorizeAt(browser, client.url(), alex);
  const { accessToken } = await client.token(client.codeOf(leftFor));
  expect(await statusWith(secure.mcp("echo"), accessToken)).toBe(200);
  const consent = await browser.open(client.url());
  expect(consent.words).toContain("Allow");

  const config = { mcpServers: servers, proxy: proxyOf({ kim: {} }) };
  writeFileSync(join(secure.gateway.folder, "config.json"), JSON.stringify(config));
  secure.gateway.signal("SIGHUP");
  await secure.gateway.untilLogged(/configuration read again/);

  expect(await statusWith(secure.mcp("echo"), accessToken)).toBe(401);
  const { leftFor: denied } = await browser.submit(consent, { button: "Allow" });
  expect(denied?.searchParams.get("error")).toBe("access_denied");
  const asked = await browser.open(client.url());
  expect(asked.words).toContain("Sign in");
  expect((await signIn(browser, asked, alex)).status).toBe(403);
});

test("T49 a server that is taken from a person cannot be allowed any more", async () => {
  const proxy = { auth: { users: { alex: { servers: [] } } } };
  await using secure = await startSecureGateway({ servers, proxy });
  const client = await AskingClient.register(secure);
  const browser = new Browser();
  const page = await signIn(browser, await browser.open(client.url()), { ...PERSON, user: "alex" });
  expect(page.words).toContain("alex may not use the server echo");
  const [form] = page.forms;
  if (form === undefined) throw new Error("no form");
  const buttons = [{ name: "action", value: "allow", text: "Allow" }];
  const forced = await browser.submit(page, { form: { ...form, buttons } });
  expect(forced.leftFor?.searchParams.get("error")).toBe("access_denied");
});
