/** HTTPS by the executable: served, renewed while it runs, and kept when the renewal is no good. */
import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { notification, toolCall } from "../helpers/raw-http.ts";
import { initializeRequest } from "../helpers/raw-session.ts";
import { serve } from "../helpers/run-program.ts";
import { SseReader } from "../helpers/sse-reader.ts";
import { SOON_MS, until } from "../helpers/wait.ts";
import { fixtureServer } from "../helpers/fixtures.ts";
import type { Certificate } from "../helpers/auth/x509.ts";
import { makeCertificate } from "./certificate.ts";

const both = "application/json, text/event-stream";

/** The fingerprint of the certificate that a new connection is shown. */
function shownAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.end();
    });
    socket.once("error", reject);
  });
}

function fingerprint({ cert }: Certificate): string {
  return new X509Certificate(cert).fingerprint256;
}

test("HTTPS is served, and its certificate is renewed without cutting a stream", async () => {
  const old = makeCertificate();
  const files = {
    "config.json": { mcpServers: { echo: fixtureServer("echo") } },
    "tls/cert.pem": old.cert,
    "tls/key.pem": old.key,
  };
  const args = ["--port", "0", "--tls-cert", "tls/cert.pem", "--tls-key", "tls/key.pem"];
  await using gateway = await serve(args, { binary: true, files });
  const { url, port } = gateway;
  expect(url).toStartWith("https://127.0.0.1:");
  expect(gateway.stdout).toContain(`${url}/echo/mcp`);
  expect(await shownAt(port)).toBe(fingerprint(old));
  expect(await fetch(`http://127.0.0.1:${port}/health`).then(String, () => "no")).toBe("no");

  const call = (ca: string, init: RequestInit, session?: string) =>
    fetch(gateway.mcp("echo"), {
      ...init,
      headers: {
        accept: both,
        "content-type": "application/json",
        ...(session === undefined ? {} : { "mcp-session-id": session }),
      },
      tls: { ca },
      signal: AbortSignal.timeout(SOON_MS * 3),
    });
  const postTo = (ca: string, message: object, session?: string) =>
    call(ca, { method: "POST", body: JSON.stringify(message) }, session);
  const opened = await postTo(old.cert, initializeRequest());
  const session = opened.headers.get("mcp-session-id") ?? "";
  await opened.text();
  await postTo(old.cert, notification("notifications/initialized"), session);
  const { body } = await call(old.cert, { method: "GET" }, session);
  if (body === null) throw new Error("no stream");
  const stream = new SseReader(body);

  const replace = (name: string, content: string): void => {
    // As certificate programs do it: beside, then in its place.
    writeFileSync(join(gateway.folder, "tls/new"), content);
    renameSync(join(gateway.folder, "tls/new"), join(gateway.folder, "tls", name));
  };
  replace("cert.pem", "-----BEGIN CERTIFICATE-----\nhalf a file");
  await gateway.untilLogged(/the changed TLS certificate cannot be used, the old one stays/);
  expect(await shownAt(port)).toBe(fingerprint(old));

  const renewed = makeCertificate();
  replace("key.pem", renewed.key);
  replace("cert.pem", renewed.cert);
  await gateway.untilLogged(/the TLS certificate was renewed/);
  await until(async () => (await shownAt(port)) === fingerprint(renewed), {
    what: "a new connection is shown the new certificate",
  });

  const told = await postTo(renewed.cert, toolCall(7, "changed", { what: "tools" }), session);
  expect(told.status).toBe(200);
  await told.text();
  const event = await stream.find(({ data }) => data?.includes("list_changed") ?? false);
  expect(event.data).toContain("notifications/tools/list_changed");
  await stream.close();
});
