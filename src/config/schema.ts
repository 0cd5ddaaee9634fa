/**
 * Pure. The config file: its shape, defaults, ranges and units, and a description of every key.
 *
 * The one source: the checks, the JSON Schema of the `schema` command and the tables of
 * docs/configuration.md come from here. Strings are expanded before they are parsed by it.
 * Each block has a file of its own. Unknown keys are not its business (`unknown-keys.ts`).
 */
import * as z from "zod";
import { blockSchema, type BlockOf } from "./block.ts";
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
    $schema: z
      .string()
      .optional()
      .meta({ description: "The JSON Schema of this file, for editors." }),
    mcpServers: z.record(z.string(), blockSchema(SERVER_SHAPE)).meta({
      description:
        "The servers by name, as in the file of Claude Desktop. The name, made a DNS label, is part of the URL.",
    }),
    proxy: blockSchema(PROXY_SHAPE)
      .prefault({})
      .meta({ description: "Settings of the gateway itself." }),
  } satisfies Record<(typeof FILE_KEYS)[number], z.ZodType>;
  const title = "Remote MCP Proxy configuration";
  return { ...z.toJSONSchema(z.object(file).meta({ title }), { io: "input" }) };
}
