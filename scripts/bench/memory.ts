/** Answers from memory, to show what the load generator itself can do. `bun memory.ts PORT` */
export {};
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2] ?? 0),
  idleTimeout: 0,
  maxRequestBodySize: 2 ** 40,
  fetch: async (request) => {
    const message = (await request.json()) as {
      readonly id?: number;
      readonly params?: { readonly arguments?: { readonly text?: string } };
    };
    if (message.id === undefined) return new Response(null, { status: 202 });
    const text = message.params?.arguments?.text ?? "";
    const result = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      serverInfo: { name: "m", version: "1" },
      content: [{ type: "text", text }],
    };
    return Response.json(
      { jsonrpc: "2.0", id: message.id, result },
      { headers: { "mcp-session-id": "m" } },
    );
  },
});
console.log(`Listening on http://127.0.0.1:${server.port}`);
