/** Noise: each line counted, a few shown, and a flood made to wait. */
import { describe, expect, test } from "bun:test";
import type { Clock } from "../../../src/kernel/clock.ts";
import type { GatewayEvent } from "../../../src/kernel/event.ts";
import { NoiseMeter } from "../../../src/upstream/noise-meter.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

class Setting {
  nowMs = 0;
  readonly waits: { readonly delayMs: number; readonly go: () => void }[] = [];
  readonly shown: [sample: string, count: number][] = [];
  readonly clock: Clock = {
    nowMs: () => this.nowMs,
    wallMs: () => this.nowMs,
    after: (delayMs, go) => {
      this.waits.push({ delayMs, go });
      return { cancel: () => undefined };
    },
    every: () => ({ cancel: () => undefined }),
  };
  readonly meter = new NoiseMeter({
    server: "one",
    label: "shared",
    clock: this.clock,
    emit: (event: GatewayEvent) => {
      if (event.kind === "child.noise") this.shown.push([event.sample, event.count]);
    },
  });

  lines(count: number, text = "noise"): void {
    for (let line = 0; line < count; line++) this.meter.line(bytes(text));
  }
}

describe("what is shown", () => {
  test("a few lines one by one, the others together when their time has come", () => {
    const setting = new Setting();
    setting.lines(1_000);
    expect(setting.shown).toHaveLength(20);
    setting.meter.sweep(250);
    expect(setting.shown).toHaveLength(20);
    setting.meter.sweep(500);
    expect(setting.shown.at(-1)).toEqual(["noise", 980]);
    setting.lines(5);
    setting.meter.flush();
    expect(setting.shown.at(-1)).toEqual(["noise", 5]);
    const total = setting.shown.reduce((sum, [, count]) => sum + count, 0);
    expect(total).toBe(1_005);
  });

  test("nothing of blank lines, and the beginning of a long one", () => {
    const setting = new Setting();
    setting.lines(3, "  \t ");
    setting.lines(1, "x".repeat(1_000));
    expect(setting.shown).toEqual([["x".repeat(200), 1]]);
  });
});

describe("a flood", () => {
  test("waits in proportion to the time that it took, with a limit", async () => {
    const setting = new Setting();
    const read = (count: number, tookMs: number) =>
      setting.meter.chunk(() => {
        setting.lines(count);
        setting.nowMs += tookMs;
      });
    expect(read(499, 10)).toBeUndefined();
    const rest = read(500, 10);
    expect(setting.waits.at(-1)?.delayMs).toBe(40);
    setting.waits.at(-1)?.go();
    await rest;
    expect(read(500, 1_000)).toBeInstanceOf(Promise);
    expect(setting.waits.at(-1)?.delayMs).toBe(100);
    expect(read(1, 10)).toBeUndefined();
  });
});
