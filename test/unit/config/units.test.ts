/** Durations and sizes as people write them. */
import { describe, expect, test } from "bun:test";
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
} from "../../../src/config/units.ts";

describe("durations", () => {
  test.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["1.5s", 1_500],
    [" 5 m ", 300_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["0ms", 0],
    ["5x", undefined],
    ["5", undefined],
    ["s", undefined],
    ["-5s", undefined],
    ["5M", undefined],
    ["1h30m", undefined],
    ["", undefined],
  ])("%j is %p ms", (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs);
    expect(new RegExp(DURATION_PATTERN).test(text)).toBe(durationMs !== undefined);
  });

  test.each([
    [0, "0ms"],
    [1_500, "1500ms"],
    [90_000, "90s"],
    [120_000, "2m"],
    [86_400_000, "1d"],
  ])("%d ms are written %j", (durationMs, text) => expect(formatDuration(durationMs)).toBe(text));
});

describe("sizes", () => {
  test.each([
    ["64MiB", 67_108_864],
    ["10MB", 10_000_000],
    ["10mb", 10_000_000],
    ["512B", 512],
    ["1.5KiB", 1_536],
    ["1 GiB", 1_073_741_824],
    ["10", undefined],
    ["10M", undefined],
    ["10Mi", undefined],
    ["-1B", undefined],
  ])("%j is %p bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
    expect(new RegExp(SIZE_PATTERN).test(text)).toBe(bytes !== undefined);
  });

  test.each([
    [67_108_864, "64MiB"],
    [1_000, "1000B"],
    [1_536, "1536B"],
    [2_048, "2KiB"],
    [1_073_741_824, "1GiB"],
  ])("%d bytes are written %j", (bytes, text) => expect(formatSize(bytes)).toBe(text));
});
