/** Opens the data folder named by its argument once a line comes, and prints the secret it got. */
import { openDataFolder } from "../../../src/runtime/data-folder.ts";

process.stdout.write("ready\n");
for await (const _line of console) break;
const emit = (event: object): void => console.error(JSON.stringify(event));
const folder = openDataFolder(process.argv[2] ?? "", emit, Date.now);
process.stdout.write(`${Buffer.from(folder.secret).toString("hex")}\n`);
