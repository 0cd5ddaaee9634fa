/**
 * Pure. The config file: its shape, defaults, ranges and units, and a description of every key.
 *
 * The one source: the checks, the JSON Schema of the `schema` command and the tables of
 * docs/configuration.md come from here. Strings are expanded before they are parsed by it.
 * Each block has a file of its own. Unknown keys are not its business (`unknown-keys.ts`).
 */
import * as z from "zod/mini";
import { described, documentedBlock, type BlockOf } from "./block.ts";
import { PROXY_SHAPE } from "./proxy-schema.ts";
import { SERVER_SHAPE } from "./server-schema.ts";

/** An entry of `mcpServers` after parsing: times in milliseconds, sizes in bytes. */
export type ServerEntry = BlockOf<typeof SERVER_SHAPE>;
/** The block `proxy` after parsing: times in milliseconds, sizes in bytes. */
export type ProxyBlock = BlockOf<typeof PROXY_SHAPE>;

/** The keys of the whole file. */
export const FILE_KEYS = ["$schema", "mcpServers", "proxy"] as const;

/** The JSON Schema (2020-12) of the config file as people write it. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const file = {
    $schema: described(z.optional(z.string()), "The JSON Schema of this file, for editors."),
    mcpServers: described(
      z.record(z.string(), documentedBlock(SERVER_SHAPE)),
      "The servers by name, as in the file of Claude Desktop. The name, made a DNS label, is part of the URL.",
    ),
    proxy: described(
      z.prefault(documentedBlock(PROXY_SHAPE), {}),
      "Settings of the gateway itself.",
    ),
  } satisfies Record<(typeof FILE_KEYS)[number], z.ZodMiniType>;
  const whole = z.object(file).register(z.globalRegistry, {
    title: "Remote MCP Proxy configuration",
  });
  return { ...z.toJSONSchema(whole, { io: "input" }) };
}
