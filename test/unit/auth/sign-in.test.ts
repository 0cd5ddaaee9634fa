/** How long a request waits for its person, and what ends a sign-in meanwhile; with a clock that moves. */
import { expect, test } from "bun:test";
import { BrowserSessions } from "../../../src/auth/browser-sessions.ts";
import { SignIn, type Visit } from "../../../src/auth/sign-in.ts";
import { Embedded } from "../../helpers/auth/embedded.ts";
import { PASSWORD, Town } from "./people.ts";

const MINUTE_MS = 60_000;

/** A request that waits in a browser whose session is known. */
async function waiting(): Promise<{ town: Town; signIn: SignIn; visit: Visit }> {
  const town = new Town();
  await town.accounts.setPassword("owner", PASSWORD);
  const embedded = new Embedded();
  const signIn = new SignIn({
    engine: embedded.server,
    accounts: town.accounts,
    sessions: new BrowserSessions(town.clock),
    clock: town.clock,
    config: () => town.config,
    emit: () => undefined,
  });
  const { issuer, id = "" } = await embedded.authorize();
  const sessionId = signIn.begin({ issuer, id, sessionId: undefined });
  return { town, signIn, visit: { issuer, id, sessionId } };
}

const credentials = {
  user: "owner",
  password: PASSWORD,
  address: "192.0.2.1",
  browser: undefined,
};

test("T13 a request waits ten minutes, whatever its person does meanwhile", async () => {
  const { town, signIn, visit } = await waiting();
  town.clock.move(9 * MINUTE_MS);
  const result = await signIn.signIn(visit, credentials);
  if (result.kind !== "signed-in") throw new Error(result.kind);
  const after = { ...visit, sessionId: result.sessionId };
  expect((await signIn.view(after)).kind).toBe("consent");
  town.clock.move(MINUTE_MS);
  expect((await signIn.view(after)).kind).toBe("gone");
  expect(await signIn.decide(after, true)).toBeUndefined();
});

test("T15 a new password ends a sign-in before its word counts", async () => {
  const { town, signIn, visit } = await waiting();
  const result = await signIn.signIn(visit, credentials);
  if (result.kind !== "signed-in") throw new Error(result.kind);
  const after = { ...visit, sessionId: result.sessionId };
  await town.accounts.setPassword("owner", "another one, longer");
  expect((await signIn.view(after)).kind).toBe("sign-in");
  const url = new URL((await signIn.decide(after, true)) ?? "");
  expect(url.href).toStartWith(visit.issuer.issuer);
});

test("T15 a session id that was planted is not the one of whoever signs in", async () => {
  const { signIn, visit } = await waiting();
  const planted = visit.sessionId;
  const result = await signIn.signIn(visit, credentials);
  if (result.kind !== "signed-in") throw new Error(result.kind);
  expect(result.sessionId).not.toBe(planted);
  expect((await signIn.view(visit)).kind).toBe("gone");
  expect((await signIn.signIn(visit, credentials)).kind).toBe("gone");
});

test("a request of one issuer is none at another", async () => {
  const { signIn, visit } = await waiting();
  const other = { issuer: "https://notion.mcp.test", basePath: "", slug: "notion" };
  expect((await signIn.view({ ...visit, issuer: other })).kind).toBe("gone");
});
