import type { HelloData } from "../contract.ts";
import { engine, premiere } from "../premiere/globals.ts";

/** Put in by the build: a hash of the script's sources. */
declare const __BUILD__: string;
export const BUILD: string = __BUILD__;

export function hello(_argument: Record<string, never>): HelloData {
  return {
    build: BUILD,
    appVersion: premiere().version,
    scriptVersion: engine().version,
    projectOpen: Boolean(premiere().project),
  };
}
