/**
 * Pure. The config file: its shape, defaults, ranges and units, and a description of every key.
 *
 * The one source: the checks, the JSON Schema of the `schema` command and the tables of
 * docs/configuration.md come from here. Strings are expanded before they are parsed by it.
 * Each block has a file of its own. Unknown keys are not its business (`unknown-keys.ts`).
 */
import { z } from "zod";
import { PROXY_SHAPE } from "./proxy-schema.ts";
import { SERVER_SHAPE } from "./server-schema.ts";

/** One entry of `mcpServers`. */
export const serverSchema = z.object(SERVER_SHAPE);
/** The block `proxy`. */
export const proxySchema = z.object(PROXY_SHAPE);

/** The keys of the whole file. */
export const FILE_SHAPE = {
  $schema: z
    .string()
    .optional()
    .meta({ description: "The JSON Schema of this file, for editors." }),
  mcpServers: z.record(z.string(), serverSchema).meta({
    description:
      "The servers by name, as in the file of Claude Desktop. The name, made a DNS label, is part of the URL.",
  }),
  proxy: proxySchema.prefault({}).meta({ description: "Settings of the gateway itself." }),
};

/** An entry of `mcpServers` after parsing: times in milliseconds, sizes in bytes. */
export type ServerEntry = z.output<typeof serverSchema>;
/** The block `proxy` after parsing: times in milliseconds, sizes in bytes. */
export type ProxyBlock = z.output<typeof proxySchema>;

/** The JSON Schema (2020-12) of the config file as people write it. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    ...z.toJSONSchema(z.object(FILE_SHAPE).meta({ title: "Remote MCP Proxy configuration" }), {
      io: "input",
    }),
  };
}
