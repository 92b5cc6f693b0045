export * from "./cue-sheet.ts";
export * from "./errors.ts";
export * from "./manifest.ts";
export * from "./messages.ts";
export * from "./request.ts";
export * from "./time.ts";
export * from "./timecode.ts";
export * from "./user-bank.ts";
