/** Own faults as errors of a request. */
import { describe, expect, test } from "bun:test";
import { failureAnswer } from "../../../src/bridge/exchange.ts";
import { GatewayError } from "../../../src/kernel/error.ts";
import { textOf } from "../../../src/wire/key-text.ts";
import { encodeOutgoing } from "../../../src/wire/message.ts";

describe("failureAnswer", () => {
  test("a fault of ours tells its code, whether to try again, and what may be shown", () => {
    const error = new GatewayError("UPSTREAM_EXITED", "it ended", {
      retryable: true,
      data: { exitCode: 3 },
      detail: "for the log only",
    });
    expect(JSON.parse(textOf(encodeOutgoing(failureAnswer('"x"', error)))) as unknown).toEqual({
      jsonrpc: "2.0",
      id: "x",
      error: {
        code: -32603,
        message: "it ended",
        data: { gateway: { code: "UPSTREAM_EXITED", retryable: true, exitCode: 3 } },
      },
    });
  });

  test("anything else says nothing of the inside", () => {
    const text = textOf(
      encodeOutgoing(failureAnswer(undefined, new Error("secret of the inside"))),
    );
    expect(text).toContain('"code":-32603');
    expect(text).not.toContain("secret");
    expect(text).not.toContain('"id"');
  });
});
