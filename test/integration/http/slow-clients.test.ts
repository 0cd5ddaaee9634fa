/** Clients that take for ever to say what they want: others do not notice, and they are cut off. */
import { connect, type Socket } from "node:net";
import { expect, test } from "bun:test";
import { fixtureServer } from "../../helpers/fixtures.ts";
import { startGateway } from "../../helpers/gateway.ts";
import { post, request } from "../../helpers/raw-http.ts";
import { until } from "../../helpers/wait.ts";

const SLOW = 400;
/** The listener's idle time-out, and the coarse clock that it goes by. */
const CUT_DEADLINE_MS = 60_000;

test(
  "T40 half a request for ever is cut off, and does not keep others waiting",
  async () => {
    await using gateway = await startGateway({
      servers: { echo: fixtureServer("echo") },
      proxy: { limits: { keepAlive: "1s" } },
    });
    const halves = [
      "POST /echo/mcp HTTP/1.1\r\nHost: loc",
      "POST /echo/mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n",
      'POST /echo/mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"js',
      "",
    ];
    let cut = 0;
    const sockets = Array.from({ length: SLOW }, (_, index): Socket => {
      const socket = connect(gateway.port, "127.0.0.1");
      socket.on("connect", () => socket.write(halves[index % halves.length] ?? ""));
      socket.on("close", () => cut++);
      socket.on("error", () => undefined);
      socket.resume();
      return socket;
    });
    try {
      await until(() => sockets.every(({ connecting }) => !connecting), { what: "all connect" });
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => post(gateway.mcp("echo"), request(1, "ping"))),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
      expect(cut).toBe(0);
      await until(() => cut === SLOW, { deadlineMs: CUT_DEADLINE_MS, what: "all are cut off" });
      expect((await post(gateway.mcp("echo"), request(2, "ping"))).status).toBe(200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  },
  2 * CUT_DEADLINE_MS,
);
