/**
 * An HTTP proxy that only knows the test domain, for programs that resolve names by themselves and
 * take `HTTPS_PROXY`: a CONNECT to it goes to this machine, and nothing else goes anywhere.
 */
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TEST_DOMAIN } from "./authority.ts";

/** A proxy that runs. */
export interface ConnectProxy extends AsyncDisposable {
  readonly url: string;
}

/** Starts it. */
export async function startConnectProxy(): Promise<ConnectProxy> {
  const open = new Set<Duplex>();
  const server = createServer((_, response) => {
    response.writeHead(502).end();
  });
  server.on("connect", (request: IncomingMessage, client: Duplex, head: Buffer) => {
    const [host = "", port = ""] = (request.url ?? "").split(":");
    keep(open, client);
    if (host !== TEST_DOMAIN && !host.endsWith(`.${TEST_DOMAIN}`)) {
      client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      return;
    }
    const upstream: Socket = connect(Number(port), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    keep(open, upstream);
    upstream.once("close", () => client.destroy());
    client.once("close", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
        server.closeAllConnections();
      }),
  };
}

function keep(open: Set<Duplex>, socket: Duplex): void {
  open.add(socket);
  socket.once("close", () => open.delete(socket));
  // A peer that goes away is nothing that a test is about.
  socket.once("error", () => socket.destroy());
}
