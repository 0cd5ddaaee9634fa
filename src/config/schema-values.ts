/**
 * Pure. Values that several blocks of the config file share.
 */
import * as z from "zod/mini";
import { oneOf } from "./fields.ts";

/** A text that says something. */
export const text = () => z.string().check(z.minLength(1, { error: "must not be empty" }));
/** A list of such texts. */
export const textList = () => z.array(text());
/** Whether clients share a process. */
export const instances = () => oneOf(["auto", "shared", "session"]);
/** Whether people share a process. */
export const isolation = () => oneOf(["user", "none"]);
/** How names of tools are shown. */
export const toolNames = () => oneOf(["snake_case", "keep"]);
/** Who runs what a server is started with. */
export const runtime = () => oneOf(["auto", "self", "system"]);
/** When a server is started. */
export const startOn = () => oneOf(["boot", "demand"]);
