import { readFileSync } from "node:fs";

/** Of the wire: what was right for one of these stays right. */
export const API_VERSIONS = ["1"] as const;

export const PRODUCT_VERSION: string = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
).version;
