/**
 * A gateway as it is on the internet: HTTPS of its own under the test domain, each server on its own
 * subdomain, authentication on, and a first person who has a password.
 */
import { type GatewayOptions, type RunningGateway, startGateway } from "../gateway.ts";
import { until } from "../wait.ts";
import { TEST_DOMAIN, testAuthority } from "./authority.ts";
import { Browser, type Page } from "./browser.ts";

/** Whom `startSecureGateway` sets up. */
export const PERSON = { user: "owner", password: "correct horse battery staple" } as const;

/** A link of the set-up as it stands in the output. */
const SET_UP_LINK = /https?:\/\/\S+set-?up\S*/i;

/** A gateway under the test domain. */
export interface SecureGateway extends AsyncDisposable {
  readonly gateway: RunningGateway;
  /** `https://{server}.mcp.test:PORT`, or `https://mcp.test:PORT`. */
  origin(server?: string): string;
  /** The MCP URL of a server on its subdomain. */
  mcp(server: string): string;
  /** The same by path. */
  pathMcp(server: string): string;
}

/** How to start it; what is left out is as in `startGateway`. */
export interface SecureOptions extends GatewayOptions {
  /** False leaves the set-up link unused. */
  readonly isSetUp?: boolean;
}

/** Starts it and completes the set-up of its first person. */
export async function startSecureGateway(options: SecureOptions = {}): Promise<SecureGateway> {
  const { certFile, keyFile } = testAuthority();
  const gateway = await startGateway({
    ...options,
    env: { MCP_DOMAIN: TEST_DOMAIN, ...options.env },
    args: ["--tls-cert", certFile, "--tls-key", keyFile, ...(options.args ?? [])],
  });
  const origin = (server?: string): string =>
    `https://${server === undefined ? "" : `${server}.`}${TEST_DOMAIN}:${gateway.port}`;
  try {
    if (options.isSetUp ?? true) await setUp(gateway, PERSON.password);
  } catch (error) {
    await gateway.kill();
    throw error;
  }
  return {
    gateway,
    origin,
    mcp: (server) => `${origin(server)}/mcp`,
    pathMcp: (server) => `${origin()}/${server}/mcp`,
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

/** The set-up link of a gateway's first start, once it is printed. */
export function setUpLink(gateway: RunningGateway): Promise<string> {
  return until(() => SET_UP_LINK.exec(gateway.stdout + gateway.stderr)?.[0], {
    what: "a set-up link in the output",
  });
}

/** Gives the first person a password by the link. @throws Error when that is refused */
export async function setUp(gateway: RunningGateway, password: string): Promise<Page> {
  const browser = new Browser();
  const page = await browser.open(await setUpLink(gateway));
  const answer = await browser.submit(page, { fields: passwordFields(page, password) });
  if (answer.status >= 400) throw new Error(`set-up refused: ${answer.status} ${answer.words}`);
  return answer;
}

/** Signs in where that is asked for. @returns the page after it */
export async function signIn(
  browser: Browser,
  page: Page,
  { user, password }: { readonly user: string; readonly password: string } = PERSON,
): Promise<Page> {
  if (!hasPassword(page)) return page;
  const [form] = page.forms;
  const name = [...(form?.types ?? [])].find(([, type]) => type === "text")?.[0];
  const person = name === undefined ? {} : { [name]: user };
  return browser.submit(page, { fields: { ...person, ...passwordFields(page, password) } });
}

/** What a person says to the request of a client. */
export interface Decision {
  readonly user?: string;
  readonly password?: string;
  readonly isApproved?: boolean;
}

/**
 * Opens an authorization URL, signs in and decides. @returns the last page, whose `leftFor` or `url`
 * is the client's callback
 */
export async function authorizeAt(
  browser: Browser,
  authorizationUrl: string | URL,
  { user = PERSON.user, password = PERSON.password, isApproved = true }: Decision = {},
): Promise<Page> {
  const first = await browser.open(authorizationUrl);
  const consent = await signIn(browser, first, { user, password });
  if (consent.leftFor !== undefined || consent.forms.length === 0)
    throw new Error(`no consent page: ${consent.status} ${consent.url} ${consent.words}`);
  return browser.submit(consent, { button: isApproved ? /allow|approve/i : /deny|cancel|refuse/i });
}

function hasPassword(page: Page): boolean {
  return page.forms.some((form) => [...form.types.values()].includes("password"));
}

function passwordFields(page: Page, password: string): Record<string, string> {
  const types = page.forms[0]?.types ?? new Map<string, string>();
  const names = [...types].filter(([, type]) => type === "password").map(([name]) => name);
  if (names.length === 0) throw new Error(`no password field on ${page.url}: ${page.words}`);
  return Object.fromEntries(names.map((name) => [name, password]));
}
