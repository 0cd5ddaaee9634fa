/**
 * What is seen of authorization: one client's way under one id, from its registration to its first
 * call, in the log and by `auth log`; and no secret anywhere that the gateway writes to.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gatewayCommand, type RunningGateway } from "../../helpers/gateway.ts";
import { Browser } from "../../helpers/auth/browser.ts";
import {
  askTokens,
  asking,
  callbackOf,
  connect,
  discover,
  postMcp,
  register,
} from "../../helpers/auth/oauth-client.ts";
import {
  authorizeAt,
  PERSON,
  setUpLink,
  startSecureGateway,
} from "../../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { request, toolCall } from "../../helpers/raw-http.ts";
import { initializeRequest } from "../../helpers/raw-session.ts";
import { run } from "../../helpers/run-program.ts";
import { until } from "../../helpers/wait.ts";

interface Step {
  readonly step: string;
  readonly outcome: string;
  readonly correlation?: string;
  readonly user?: string;
  readonly reason?: string;
}

const WAY = [
  "client.registered",
  "authorize.asked",
  "user.signed-in",
  "authorize.approved",
  "token.issued",
  "first.use",
];

/** What `auth log` says of this gateway. */
async function stepsOf(gateway: RunningGateway, ...args: string[]): Promise<Step[]> {
  const env = { DATA_DIR: join(gateway.folder, "data") };
  const { stdout } = await run(["auth", "log", "--json", ...args], { env });
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Step);
}

const named = (steps: readonly Step[]): string[] => steps.map(({ step }) => step);

test("one client's way from registration to first use is under one id, in the log and in `auth log`", async () => {
  await using secure = await startSecureGateway({ servers: { echo: fixtureServer("echo") } });
  const { gateway } = secure;
  const url = secure.mcp("echo");
  const { tokens, clientId } = await connect(new Browser(), url);
  const lists = await postMcp(url, tokens.access, request(1, "tools/list"));
  expect(lists.status).toBe(200);
  await (await postMcp(url, tokens.access, request(2, "tools/list"))).text();

  const all = await until(async () => {
    const steps = await stepsOf(gateway);
    return named(steps).includes("first.use") ? steps : undefined;
  });
  const correlation = all.find(({ step }) => step === "client.registered")?.correlation ?? "";
  const way = await stepsOf(gateway, "--correlation", correlation);
  // Each once, in this order; the second call is no step.
  expect(named(way)).toEqual(WAY);
  expect(way.slice(2).map(({ user }) => user)).toEqual(Array(4).fill(PERSON.user));
  const lines = gateway.stderr.split("\n").filter((line) => line.includes(`"${correlation}"`));
  expect(lines.map((line) => / auth (\S+)/.exec(line)?.[1])).toEqual(WAY);
  expect(lines[0]).toContain(clientId);

  const found = await discover(url);
  await askTokens(found, {
    grant_type: "refresh_token",
    client_id: clientId,
    refresh_token: tokens.refresh,
  });
  const other = await register(found);
  const denied = await authorizeAt(new Browser(), asking(found, other).url, { isApproved: false });
  expect(callbackOf(denied).get("error")).toBe("access_denied");
  const later = await until(async () => {
    const steps = await stepsOf(gateway);
    return named(steps).includes("authorize.denied") ? steps : undefined;
  });
  expect(later.find(({ step }) => step === "token.refreshed")?.correlation).toBe(correlation);
  const no = later.find(({ step }) => step === "authorize.denied");
  expect(no?.correlation).not.toBe(correlation);
  expect(await stepsOf(gateway, "-n", "1")).toHaveLength(1);
});

test("`auth log --follow` goes on with what happens", async () => {
  await using secure = await startSecureGateway({ servers: { echo: fixtureServer("echo") } });
  const env = { PATH: process.env["PATH"] ?? "", DATA_DIR: join(secure.gateway.folder, "data") };
  const follower = Bun.spawn([...gatewayCommand(), "auth", "log", "--follow"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let text = "";
    const reading = (async () => {
      for await (const part of follower.stdout) text += new TextDecoder().decode(part);
    })();
    await until(() => text.includes("auth user.set-up"), { what: "what was before" });
    await postMcp(secure.mcp("echo"), "no-such-token", request(1, "ping"));
    await until(() => text.includes("auth request.refused refused"), { what: "what comes now" });
    expect(text).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z auth user\.set-up user="owner"$/m);
    follower.kill("SIGTERM");
    await reading;
  } finally {
    follower.kill("SIGKILL");
    await follower.exited;
  }
});

test("`auth log` of a gateway that never asked anybody says so", async () => {
  const { exitCode, stderr } = await run(["auth", "log"], { env: { DATA_DIR: "data" } });
  expect(stderr).toMatch(/^nothing has happened yet.* \[NOTHING_LOGGED\]$/m);
  expect(exitCode).toBe(1);
});

/** Every secret of a whole life: both kinds of client, refresh, revocation, a key, a session, faults. */
test("T18 T32 no secret is in the log, its files, the output, or the database", async () => {
  const serverSecret = "canary-of-the-server-0123456789";
  await using secure = await startSecureGateway({
    servers: { echo: fixtureServer("echo", { env: { API_TOKEN: serverSecret } }) },
    env: { LOG_DIR: "logs" },
    logLevel: "TRACE",
    isSetUp: false,
  });
  const { gateway } = secure;
  const env = { DATA_DIR: join(gateway.folder, "data") };
  const link = await setUpLink(gateway);
  const browser = new Browser();
  const page = await browser.open(link);
  const { password } = PERSON;
  const done = await browser.submit(page, { fields: { password, repeated: password } });
  expect(done.status).toBe(200);

  const url = secure.mcp("echo");
  const { tokens, clientId, found } = await connect(browser, url);
  const answer = await postMcp(url, tokens.access, initializeRequest());
  const session = answer.headers.get("mcp-session-id") ?? "";
  await answer.text();
  const call = toolCall(3, "echo", { text: "hello" });
  await (await postMcp(url, tokens.access, call, { "mcp-session-id": session })).text();
  const refresh = {
    grant_type: "refresh_token",
    client_id: clientId,
    refresh_token: tokens.refresh,
  };
  const renewed = await askTokens(found, refresh);
  expect(renewed.status).toBe(200);

  // A code that is used twice, with everything right about it but that.
  const { url: again, verifier, redirectUri, state } = asking(found, clientId);
  const code = callbackOf(await authorizeAt(browser, again)).get("code") ?? "";
  const form = {
    grant_type: "authorization_code",
    client_id: clientId,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    code,
  };
  const second = await askTokens(found, form);
  expect([second.status, (await askTokens(found, form)).status]).toEqual([200, 400]);

  const made = await run(["key", "add", "--json"], { env });
  const { key } = JSON.parse(made.stdout) as { key: string };
  expect((await postMcp(url, key, request(1, "ping"))).status).toBe(200);
  await postMcp(url, undefined, request(1, "ping"), { "x-api-key": key });
  // In the wrong places and spoiled, where a careless message would repeat them.
  await postMcp(`${url}?access_token=${tokens.access}&token=${key}`, undefined, request(1, "ping"));
  await postMcp(url, `${tokens.access}x`, request(1, "ping"));
  await postMcp(url, `${key}x`, request(1, "ping"));
  await askTokens(found, { ...form, code: `${code}x` });
  await browser.open(`${secure.origin("echo")}/authorize?client_id=${renewed.access}`);
  await new Browser().open(link);

  const secrets: Record<string, string> = {
    password,
    "access token": tokens.access,
    "refresh token": tokens.refresh,
    "renewed access token": renewed.access,
    "renewed refresh token": renewed.refresh,
    "second access token": second.access,
    code,
    verifier,
    "API key": key,
    "session of MCP": session,
    "secret of a server": serverSecret,
    "link of the set-up": new URL(link).pathname.split("/").at(-1) ?? "",
  };
  for (const { name, value } of browser.cookies.all()) secrets[`cookie ${name}`] = value;
  expect(Object.values(secrets).filter((secret) => secret.length < 16)).toEqual([]);
  expect(Object.keys(secrets).some((name) => name.startsWith("cookie"))).toBe(true);
  expect(state).not.toBe("");

  await until(async () => (await stepsOf(gateway)).length > 10);
  const outputs: Record<string, string> = {
    log: gateway.stderr,
    // The link is printed there once, for the person at the console.
    stdout: gateway.stdout.replaceAll(link, ""),
    ...filesUnder(join(gateway.folder, "data")),
    ...filesUnder(join(gateway.folder, "logs")),
  };
  expect(Object.keys(outputs).some((path) => path.endsWith("auth.sqlite"))).toBe(true);
  expect(Object.keys(outputs).length).toBeGreaterThan(4);
  const leaks = Object.entries(outputs).flatMap(([where, text]) =>
    Object.entries(secrets)
      .filter(([, secret]) => text.includes(secret))
      .map(([what]) => `${what} in ${where}`),
  );
  expect(leaks).toEqual([]);
});

function filesUnder(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) =>
    join(folder, path),
  );
  return Object.fromEntries(
    paths
      .filter((path) => statSync(path).isFile())
      .map((path) => [path, readFileSync(path, "latin1")]),
  );
}
