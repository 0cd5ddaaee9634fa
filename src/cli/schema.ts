/**
 * The command `schema`: the JSON Schema of the config file, for editors. config.schema.json in the
 * repository is its output.
 */
import { configJsonSchema } from "../config/schema.ts";

/** The JSON Schema as text, with a line end at its end. */
export function schemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}
