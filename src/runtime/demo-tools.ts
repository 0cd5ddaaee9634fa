/**
 * Pure. What the built-in demo server offers: its tools, its one resource and its one prompt, as
 * tables. A newcomer reads these texts before anything else of this program, in a client's list
 * of tools. The clock, chance and waiting are handed in.
 */

/** What a tool may use of the world. */
export interface DemoWorld {
  readonly wallMs: () => number;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** Rejects when the call is cancelled. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Tells the caller how far it is; says nothing when the caller gave no progress token. */
  readonly progress: (done: number, total: number, message: string) => Promise<void>;
}

/** Arguments as they came; each tool checks its own. */
export type Arguments = Readonly<Record<string, unknown>>;

export interface DemoTool {
  readonly definition: { readonly name: string } & Readonly<Record<string, unknown>>;
  /** The text of the answer. @throws BadArgument */
  readonly run: (args: Arguments, world: DemoWorld) => string | Promise<string>;
}

/** What the model gave cannot be used; the message says what would be right. */
export class BadArgument extends Error {
  override readonly name = "BadArgument";
}

/** Told to the model at the start of a session. */
export const DEMO_INSTRUCTIONS =
  "This is the demo server that Remote MCP Proxy starts when it has no configuration file. " +
  "Its tools are harmless and need no network: use them to see that the connection works.";

const README_URI = "demo://welcome";
const MAX_COUNT = 60;
const MAX_DICE = 100;
const MAX_SIDES = 1000;

export const DEMO_TOOLS: readonly DemoTool[] = [
  {
    definition: {
      name: "echo",
      title: "Echo",
      description: "Gives back the text that it is given. The simplest proof that the way works.",
      inputSchema: schema({ text: { type: "string", description: "What to give back" } }, ["text"]),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    run: (args) => text(args, "text"),
  },
  {
    definition: {
      name: "add",
      title: "Add two numbers",
      description: "Adds two numbers and gives the sum.",
      inputSchema: schema(
        {
          a: { type: "number", description: "The first number" },
          b: { type: "number", description: "The second number" },
        },
        ["a", "b"],
      ),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    run: (args) => String(number(args, "a") + number(args, "b")),
  },
  {
    definition: {
      name: "current_time",
      title: "Current time",
      description:
        "Tells the date and time of the machine that this server runs on, in any time zone.",
      inputSchema: schema(
        {
          timeZone: {
            type: "string",
            description: "Name from the IANA time zone database, such as Europe/Paris",
            default: "UTC",
          },
        },
        [],
      ),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    run: (args, world) => timeIn(optionalText(args, "timeZone") ?? "UTC", world.wallMs()),
  },
  {
    definition: {
      name: "roll_dice",
      title: "Roll dice",
      description: "Rolls dice and tells each of them and their sum.",
      inputSchema: schema(
        {
          count: {
            type: "integer",
            minimum: 1,
            maximum: MAX_DICE,
            default: 1,
            description: "How many dice",
          },
          sides: {
            type: "integer",
            minimum: 2,
            maximum: MAX_SIDES,
            default: 6,
            description: "How many sides each of them has",
          },
        },
        [],
      ),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    run: (args, world) => {
      const count = integer(args, "count", { from: 1, to: MAX_DICE, otherwise: 1 });
      const sides = integer(args, "sides", { from: 2, to: MAX_SIDES, otherwise: 6 });
      const rolled = Array.from({ length: count }, () => 1 + Math.floor(world.random() * sides));
      const sum = rolled.reduce((total, one) => total + one, 0);
      return count === 1 ? `Rolled ${sum}.` : `Rolled ${rolled.join(", ")}: ${sum} in all.`;
    },
  },
  {
    definition: {
      name: "countdown",
      title: "Count down",
      description:
        "Counts down one number a second and reports progress at each. " +
        "Shows how a long call looks in a client, and that it can be cancelled.",
      inputSchema: schema(
        {
          from: {
            type: "integer",
            minimum: 1,
            maximum: MAX_COUNT,
            default: 5,
            description: "Where to begin, in seconds",
          },
        },
        [],
      ),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    run: async (args, world) => {
      const from = integer(args, "from", { from: 1, to: MAX_COUNT, otherwise: 5 });
      for (let left = from; left > 0; left--) {
        await world.progress(from - left, from, `${left} …`);
        await world.sleep(1000);
      }
      return `Counted down from ${from}. Lift-off!`;
    },
  },
];

export const DEMO_RESOURCE = {
  uri: README_URI,
  name: "welcome",
  title: "Welcome to Remote MCP Proxy",
  description: "What you are connected to, and how to serve MCP servers of your own.",
  mimeType: "text/markdown",
};

const WELCOME = `# It works

You are connected to the demo server of Remote MCP Proxy, through the same way that your own
servers will take: your client speaks HTTP to the proxy, and the proxy speaks to a local program
over its standard input and output.

To serve programs of your own, write a \`config.json\` beside the executable. The format is the one
of Claude Desktop:

    {
      "mcpServers": {
        "memory": {
          "command": "npx",
          "args": ["-y", "@modelcontextprotocol/server-memory"]
        }
      }
    }

Then run \`remote-mcp-proxy check\` to see whether it is right, and start \`remote-mcp-proxy\` again.
Each server has a URL of its own; the table at the start shows them.
`;

/** The contents of a resource of the demo, or undefined for an unknown URI. */
export function demoResourceText(uri: unknown): string | undefined {
  return uri === README_URI ? WELCOME : undefined;
}

export const DEMO_PROMPT = {
  name: "tour",
  title: "Take a tour",
  description: "Asks the assistant to try each tool of the demo server and to tell what it saw.",
  arguments: [
    { name: "timeZone", description: "Where you are, such as Europe/Paris", required: false },
  ],
};

/** The one message of the prompt. @throws BadArgument */
export function demoPromptText(args: Arguments): string {
  const timeZone = optionalText(args, "timeZone") ?? "UTC";
  return (
    "Please show me that this connection works. Echo a short greeting, tell me the current time " +
    `in ${timeZone}, roll two dice, and count down from three. Then say in one sentence what you saw.`
  );
}

function schema(properties: Arguments, required: readonly string[]): Arguments {
  return { type: "object", properties, required, additionalProperties: false };
}

function text(args: Arguments, name: string): string {
  const value = optionalText(args, name);
  if (value === undefined)
    throw new BadArgument(`The argument ${name} is missing: a text is needed.`);
  return value;
}

function optionalText(args: Arguments, name: string): string | undefined {
  const value = args[name];
  if (value === undefined || typeof value === "string") return value;
  throw new BadArgument(`The argument ${name} must be a text.`);
}

function number(args: Arguments, name: string): number {
  const value = args[name];
  if (typeof value === "number") return value;
  throw new BadArgument(`The argument ${name} must be a number.`);
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly otherwise: number;
}

function integer(args: Arguments, name: string, { from, to, otherwise }: Range): number {
  const value = args[name];
  if (value === undefined) return otherwise;
  if (typeof value === "number" && Number.isInteger(value) && value >= from && value <= to)
    return value;
  throw new BadArgument(`The argument ${name} must be a whole number from ${from} to ${to}.`);
}

function timeIn(timeZone: string, wallMs: number): string {
  try {
    const when = new Intl.DateTimeFormat("en-GB", {
      dateStyle: "full",
      timeStyle: "long",
      timeZone,
    });
    return when.format(new Date(wallMs));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BadArgument(
      `There is no time zone ${timeZone}: use a name such as Europe/Paris or America/New_York.`,
    );
  }
}
