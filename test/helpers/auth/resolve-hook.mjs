/** Preload for programs under Node, and half of the one for Bun: `mcp.test` and all under it is 127.0.0.1. */
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";

const isOurs = (host) => host === "mcp.test" || String(host).endsWith(".mcp.test");
const lookup = dns.lookup;

dns.lookup = (host, options, callback) => {
  const [given, done] = typeof options === "function" ? [{}, options] : [options, callback];
  if (!isOurs(host)) return lookup(host, given, done);
  const isAll = typeof given === "object" && given?.all === true;
  queueMicrotask(() =>
    isAll ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4),
  );
};
syncBuiltinESMExports();
