#!/usr/bin/env node
// `npm run foley -- VERB ...` from a clone, `foley VERB ...` when installed.
import { foley } from "./launch.mjs";
import { exitWith } from "./process.mjs";

await exitWith(() => foley(process.argv.slice(2)));
