/**
 * The command `doctor` for commander.
 */
import { Command } from "commander";
import { createSystemClock } from "../runtime/system-clock.ts";
import type { CommandContext } from "./command-context.ts";
import type { DoctorOptions } from "./doctor.ts";

const HELP = `
Give the address that a person types into a client, to the letter. Without a token it stops at the
door; with one it goes on to the handshake and the tools. It registers one client that is never used.

Examples:
  remote-mcp-proxy doctor https://memory.mcp.example.org/mcp
  remote-mcp-proxy doctor https://memory.mcp.example.org/mcp --token-file key.txt --dns 1.1.1.1
  remote-mcp-proxy doctor http://localhost:8080/memory/mcp --call read_graph

Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage.`;

/** `doctor URL [options]`. */
export function doctorCommand(context: CommandContext): Command {
  const collect = (value: string, all: readonly string[] = []): readonly string[] => [
    ...all,
    value,
  ];
  const command = new Command("doctor")
    .description("walk to a server as a hosted client does, and say what is wrong on the way")
    .argument("<url>", "address of the server, as it is typed into a client")
    .option("--token <token>", "access token or API key; visible in the list of processes")
    .option("--token-file <file>", "a file that holds it; - for standard input")
    .option("--call <tool>", "also call this tool, and judge its time and the length of its result")
    .option("--arguments <json>", "the arguments of that call (else {})")
    .option("--dns <address>", "ask this name server, as 1.1.1.1, for how the world sees the name")
    .option(
      "--resolve <host=address>",
      "connect to this address for this host (again for more)",
      collect,
    )
    .option("--ca <file>", "also trust this authority (PEM)")
    .option("--json", "print one JSON document")
    .addHelpText("after", HELP)
    .exitOverride()
    .action(async (url: string) => {
      const { runDoctor } = await import("./doctor.ts"); // no other command needs it
      const complain = (text: string): never => command.error(`error: ${text}`);
      const around = { clock: createSystemClock(), print: context.print, complain };
      context.finish(await runDoctor(url, command.opts<DoctorOptions>(), around));
    });
  return command;
}
