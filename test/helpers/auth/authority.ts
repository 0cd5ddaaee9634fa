/**
 * The test authority and the test domain. `mcp.test` and everything under it means this machine: for
 * tests through `testFetch` (fetch.ts), for programs that they start through `programEnv`, which
 * preloads the resolve hook and trusts the authority. One authority for each test process; its files
 * lie in a temporary folder that goes with the process.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Certificate, signCertificate, type Signer } from "./x509.ts";

/** What tests use for MCP_DOMAIN. */
export const TEST_DOMAIN = "mcp.test";

/** An authority with its certificate for the test domain, as PEM and as files. */
export interface TestAuthority {
  readonly folder: string;
  readonly ca: string;
  readonly caFile: string;
  /** For `mcp.test`, `*.mcp.test`, `localhost` and 127.0.0.1. */
  readonly certificate: Certificate;
  readonly certFile: string;
  readonly keyFile: string;
  /** Signs further ones, for tests with a fault in theirs. */
  readonly signer: Signer;
}

let made: TestAuthority | undefined;

/** The authority of this test process, made at the first call. */
export function testAuthority(): TestAuthority {
  made ??= makeAuthority();
  return made;
}

/** The environment in which a program under Bun or Node finds the test domain and trusts it. */
export function programEnv(): Readonly<Record<string, string>> {
  return {
    NODE_EXTRA_CA_CERTS: testAuthority().caFile,
    NODE_OPTIONS: `--import=file://${join(import.meta.dirname, "resolve-hook.mjs")}`,
  };
}

/** What goes between `bun` and a script so that it finds the test domain; for Node the environment is enough. */
export const BUN_PRELOAD: readonly string[] = [
  "--preload",
  join(import.meta.dirname, "resolve-hook.ts"),
];

function makeAuthority(): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), "remote-mcp-proxy-authority-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const commonName = "Test Authority";
  const signer = { commonName, ...signCertificate({ commonName, isAuthority: true }) };
  const names = [TEST_DOMAIN, `*.${TEST_DOMAIN}`, "localhost", "127.0.0.1"];
  const certificate = signCertificate({ commonName: TEST_DOMAIN, names, issuer: signer });
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    folder,
    ca: signer.cert,
    caFile: write("ca.pem", signer.cert),
    certificate,
    certFile: write("cert.pem", certificate.cert),
    keyFile: write("key.pem", certificate.key),
    signer,
  };
}
