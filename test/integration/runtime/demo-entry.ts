/** Runs the demo server from the source, as the hidden mode of the executable does. */
import { runDemoServer } from "../../../src/runtime/demo-server.ts";

await runDemoServer("1.2.3");
