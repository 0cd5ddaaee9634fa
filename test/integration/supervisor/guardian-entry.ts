/** Our own executable in small: the hidden mode of the guardian and nothing else. */
import { runGuardian } from "../../../src/runtime/guardian.ts";

await runGuardian();
