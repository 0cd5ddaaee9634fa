/**
 * The suite's mode `authorization` against the gateway's own authorization server, over HTTPS on a
 * server's subdomain, with a scripted browser as the person. Both scenarios run in one call, because
 * the second builds on what the first has found.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../e2e/free-port.ts";
import { programEnv } from "../helpers/auth/authority.ts";
import { Browser } from "../helpers/auth/browser.ts";
import { startConnectProxy } from "../helpers/auth/connect-proxy.ts";
import { authorizeAt, startSecureGateway } from "../helpers/auth/secure-gateway.ts";
import { fixtureServer } from "../helpers/fixtures.ts";
import { until, withDeadline } from "../helpers/wait.ts";
import { suiteProgram } from "./suite.ts";
import type { Check } from "./verdict.ts";

/** One call of the suite. */
export interface AuthorizationLeg {
  readonly name: string;
  /** Says which server the token is for, as older clients do not. */
  readonly hasResource: boolean;
}

/** In the order in which they run. */
export const AUTHORIZATION_LEGS: readonly AuthorizationLeg[] = [
  { name: "authorization", hasResource: false },
  { name: "authorization-resource", hasResource: true },
];

/** Metadata, its client documents, and the code grant: none may be lost unnoticed. */
export const AUTHORIZATION_CHECKS = [
  "authorization-server-metadata",
  "authorization-server-metadata-cimd",
  "authorization-code-grant",
] as const;

const CLIENT_ID = "conformance";
const SUITE_DEADLINE_MS = 60_000;

/** The checks that the suite made, by the files that it left, and what it said. */
export async function runAuthorization(
  { hasResource }: AuthorizationLeg,
  isBinary: boolean,
): Promise<{ readonly checks: readonly Check[]; readonly output: string }> {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-conformance-"));
  const client = { redirectUris: ["http://127.0.0.1/callback"] };
  await using proxy = await startConnectProxy();
  await using secure = await startSecureGateway({
    servers: { echo: fixtureServer("echo") },
    proxy: { auth: { clients: { [CLIENT_ID]: client } } },
    binary: isBinary,
  });
  const resource = hasResource ? ["--resource", secure.mcp("echo")] : [];
  const words = ["authorization", "--url", secure.origin("echo"), "--client-id", CLIENT_ID];
  const suite = Bun.spawn(
    [process.execPath, suiteProgram, ...words, "-p", `${freePort()}`, "-o", folder, ...resource],
    {
      cwd: folder,
      env: {
        PATH: process.env["PATH"] ?? "",
        ...programEnv(),
        // Its own way of asking finds no preload, but heeds a proxy.
        HTTPS_PROXY: proxy.url,
        NO_PROXY: "127.0.0.1,localhost",
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  const reading = Promise.all(
    [suite.stdout, suite.stderr].map(async (stream) => {
      for await (const part of stream) output += new TextDecoder().decode(part);
    }),
  );
  try {
    const url = await until(
      () =>
        /https:\/\/\S+\/authorize\?\S+(?=\s)/.exec(output)?.[0] ??
        (suite.exitCode === null ? undefined : ""),
      { what: "the suite asks a person" },
    );
    if (url !== "") await authorizeAt(new Browser(), url);
    await withDeadline(Promise.all([suite.exited, reading]), SUITE_DEADLINE_MS, "the suite ends");
    return { checks: checksIn(folder), output };
  } finally {
    suite.kill("SIGKILL");
    await suite.exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

function checksIn(folder: string): readonly Check[] {
  return readdirSync(folder)
    .map((name) => join(folder, name, "checks.json"))
    .filter((file) => existsSync(file))
    .flatMap((file) => JSON.parse(readFileSync(file, "utf8")) as Check[]);
}
