// `npm start`: set-up, then a take for the bundled clip. `npm start -- VIDEO "prompt" [options of generate]`: for yours.
import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { foley } from "./launch.mjs";
import { callerFolder, exitWith, root } from "./process.mjs";
import { ensureReady } from "./setup.mjs";

const SAMPLE = { video: join(root, "test", "fixtures", "walk-wood-floor.mp4"), prompt: "footsteps on a wooden floor" };
const OWN_TARGET = ["-o", "--out-dir", "--mux", "--json"];

/** First of NAME-1, NAME-2, ... that no take has yet, so that a second start is a second take. */
function freeName(folder, name) {
  for (let number = 1; ; number++) {
    const path = join(folder, `${name}-${number}`);
    if (![".wav", ".mp4", "-take1.wav"].some((ending) => existsSync(path + ending))) return path;
  }
}

async function start(args) {
  const out = args.includes("--json") ? process.stderr : process.stdout;
  await ensureReady({ need: { ffmpeg: true }, out });
  const words = args.findIndex((arg) => arg.startsWith("-"));
  const given = words < 0 ? args : args.slice(0, words);
  const options = words < 0 ? [] : args.slice(words);
  const { video, prompt } = given.length > 0 ? { video: given[0], prompt: given.slice(1).join(" ") } : SAMPLE;
  const command = [
    "generate",
    video,
    ...(prompt && !options.includes("--prompt") ? ["--prompt", prompt] : []),
    ...options,
  ];
  if (options.some((option) => OWN_TARGET.includes(option.split("=")[0]))) return foley(command);

  const folder = join(callerFolder(), "takes");
  mkdirSync(folder, { recursive: true });
  const name = freeName(folder, basename(video, extname(video)));
  console.log(`\n${basename(video)}${prompt ? `, "${prompt}"` : ""}`);
  const code = await foley([...command, "-o", `${name}.wav`, "--mux", `${name}.mp4`]);
  if (code !== 0) removeIfEmpty(folder);
  return code;
}

function removeIfEmpty(folder) {
  try {
    rmdirSync(folder);
  } catch {
    // older takes lie in it
  }
}

await exitWith(() => start(process.argv.slice(2)));
