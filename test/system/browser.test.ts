/**
 * The pages in a real browser, against the compiled executable over HTTPS: what a policy lets through,
 * what a frame shows, and what a person with a phone, the dark or a screen reader gets.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { AskingClient, statusWith } from "../helpers/auth/asking-client.ts";
import { testAuthority } from "../helpers/auth/authority.ts";
import { Chromium } from "../helpers/auth/chromium.ts";
import {
  PERSON,
  setUpLink,
  startSecureGateway,
  type SecureGateway,
} from "../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../helpers/fixtures.ts";
import { until } from "../helpers/wait.ts";

let secure: SecureGateway;

beforeAll(async () => {
  const servers = { echo: fixtureServer("echo", { instances: "session" }) };
  const proxy = { auth: { redirectHosts: "any" } };
  secure = await startSecureGateway({ servers, proxy, binary: true, isSetUp: false });
  await using chromium = await Chromium.start({ width: 390 });
  const page = await chromium.open(await setUpLink(secure.gateway));
  await page.getByLabel("New password").fill(PERSON.password);
  await page.getByLabel("The same again").fill(PERSON.password);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByText(secure.mcp("echo")).waitFor();
  expect(chromium.complaints).toEqual([]);
});
afterAll(() => secure[Symbol.asyncDispose]());

/** A client of this machine that waits for the browser to come back. */
function listenForCallback(scheme: "http" | "https") {
  const arrived: URL[] = [];
  const { certificate } = testAuthority();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    ...(scheme === "https" ? { tls: certificate } : {}),
    fetch: (request) => {
      const url = new URL(request.url);
      if (url.pathname === "/callback") arrived.push(url);
      return new Response("You are back.", { headers: { "content-type": "text/html" } });
    },
  });
  const host = scheme === "https" ? "client.mcp.test" : "127.0.0.1";
  return {
    redirectUri: `${scheme}://${host}:${server.port}/callback`,
    arrival: () => until(() => arrived[0], { what: "the browser comes back" }),
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

async function signInOn(page: Page): Promise<void> {
  await page.getByLabel("User name").fill(PERSON.user);
  await page.getByLabel("Password").fill(PERSON.password);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Allow" }).waitFor();
}

describe("a person with Chromium", () => {
  for (const scheme of ["http", "https"] as const) {
    test(`signs in, allows, and arrives at a client at ${scheme}, which gets in`, async () => {
      await using callback = listenForCallback(scheme);
      const client = await AskingClient.register(secure, callback);
      await using chromium = await Chromium.start();
      const page = await chromium.open(client.url());
      await signInOn(page);
      await page.getByRole("button", { name: "Allow" }).click();
      const { status, accessToken } = await client.token(client.codeOf(await callback.arrival()));
      expect(status).toBe(200);
      expect(await statusWith(secure.mcp("echo"), accessToken)).toBe(200);
      await page.getByText("You are back.").waitFor();
      // A policy that cuts the way off says so here, and nowhere else.
      expect(chromium.complaints).toEqual([]);
    });
  }

  for (const name of ["Cancel", "Deny"]) {
    test(`says ${name}, and arrives at the client as well`, async () => {
      await using callback = listenForCallback("http");
      const client = await AskingClient.register(secure, callback);
      await using chromium = await Chromium.start();
      const page = await chromium.open(client.url());
      if (name === "Deny") await signInOn(page);
      await page.getByRole("button", { name }).click();
      expect((await callback.arrival()).searchParams.get("error")).toBe("access_denied");
      expect(chromium.complaints).toEqual([]);
    });
  }
});

test("T14 a frame of another site stays empty, in the same browser that is signed in", async () => {
  await using callback = listenForCallback("https");
  const client = await AskingClient.register(secure, callback);
  await using chromium = await Chromium.start();
  const page = await chromium.open(client.url());
  await signInOn(page);
  const framed = new URL(callback.redirectUri);
  framed.pathname = "/frame";
  for (const url of [page.url(), String(client.url())]) {
    const evil = await chromium.open(framed);
    await evil.setContent(`<iframe src="${url.replaceAll("&", "&amp;")}"></iframe>`);
    const frame = await until(() => evil.frames().find((one) => one.parentFrame() !== null));
    await until(() => frame.url().startsWith("chrome-error:"), { what: "the frame is refused" });
    expect(await frame.getByRole("button", { name: "Allow" }).count()).toBe(0);
  }
  expect(chromium.complaints.join("\n")).toMatch(/frame-ancestors|X-Frame-Options/i);
  // Not the page is broken but the frame: on its own it still works.
  await page.getByRole("button", { name: "Deny" }).click();
  await callback.arrival();
});

describe("every page", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [360, 900]) {
      test(`can be read and used in the ${colorScheme}, ${width} pixels wide`, async () => {
        await using chromium = await Chromium.start({ colorScheme, width });
        const check = async (page: Page): Promise<void> => {
          expect(await page.evaluate<readonly string[]>(FAULTS)).toEqual([]);
        };
        const redirectUri = "http://127.0.0.1:33418/callback";
        const client = await AskingClient.register(secure, { redirectUri, name: "x".repeat(80) });
        const page = await chromium.open(client.url());
        await check(page);
        await page.getByLabel("User name").fill("nobody");
        await page.getByLabel("Password").fill("not this one");
        await page.keyboard.press("Enter");
        await page.getByRole("alert").waitFor();
        await check(page);
        await signInOn(page);
        await check(page);
        await check(await chromium.open(`${secure.origin("echo")}/sign-in/nothing`));
      });
    }
  }
});

/**
 * What is wrong with a page for its reader: texts with too little contrast (WCAG 2.2, 1.4.3), fields
 * without a label, buttons too small for a thumb, a page wider than its window, no language.
 */
const FAULTS = `(() => {
  const faults = [];
  const parse = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (color) => {
    const [r, g, b] = parse(color).map((c) => {
      const s = c / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if ((parse(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  for (const element of document.body.querySelectorAll("*")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!hasText && element.tagName !== "INPUT") continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) faults.push("contrast " + contrast.toFixed(1) + " of " + element.outerHTML.slice(0, 80));
  }
  for (const field of document.querySelectorAll("input")) {
    if (field.labels.length === 0) faults.push("no label for " + field.name);
    if (field.autocomplete === "") faults.push("nothing for password managers at " + field.name);
  }
  for (const one of document.querySelectorAll("button, input")) {
    const { height } = one.getBoundingClientRect();
    if (height < 44) faults.push(height + " pixels high: " + one.outerHTML.slice(0, 80));
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push("wider than the window");
  if (document.documentElement.lang === "") faults.push("no language");
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one heading");
  return faults;
})()`;
