/** The webhook of a running gateway: a server that fails for good, and its return. */
import { expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { isSigned, WebhookReceiver } from "../../helpers/webhook-receiver.ts";

test("a server that cannot start is told, and told again when it is back", async () => {
  await using receiver = new WebhookReceiver();
  const secret = "swordfish-swordfish";
  const proxy = { webhook: { url: receiver.url, secret, minInterval: "1s" } };
  const servers = { good: fixtureServer("echo"), broken: { command: "/no/such/program" } };
  await using gateway = await startGateway({ servers, proxy });
  const first = await receiver.message(1);
  expect(first.body.data.servers).toMatchObject([{ server: "broken", event: "server.failed" }]);
  expect(first.body.data.servers[0]?.cause).toMatch(/\/no\/such\/program|ENOENT|not found/i);
  expect(isSigned(first, secret)).toBe(true);
  await gateway.untilLogged(/webhook: a message \(servers: 1\) was delivered/);
  const mended = { ...servers, broken: fixtureServer("echo") };
  await Bun.write(`${gateway.folder}/config.json`, JSON.stringify({ mcpServers: mended, proxy }));
  gateway.signal("SIGHUP");
  const second = await receiver.message(2, 20_000);
  expect(second.body.data.servers).toMatchObject([{ server: "broken", event: "server.recovered" }]);
  await gateway.stop();
  expect(gateway.stderr).not.toContain(secret);
  expect(gateway.stderr).not.toContain("very-secret-path");
  expect(receiver.messages).toHaveLength(2);
}, 60_000);

test("a server that exits again and again is told once it is given up", async () => {
  await using receiver = new WebhookReceiver();
  const proxy = { webhook: { url: receiver.url, minInterval: "1s" }, health: { maxRestarts: 1 } };
  const servers = { ends: fixtureServer("exit-now", { args: ["3"] }) };
  await using gateway = await startGateway({ servers, proxy });
  const { body } = await receiver.message(1, 20_000);
  expect(body.data.servers).toMatchObject([{ server: "ends", event: "server.failed" }]);
  expect(gateway.stderr).toMatch(/ERROR {3}\[ends\]/);
}, 60_000);
