// `npm start`: set-up, then a take for the bundled clip, then the panel on it. `npm start -- VIDEO "prompt" [options of generate]`: for yours.
import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { foley } from "./launch.mjs";
import { callerFolder, exitWith, root } from "./process.mjs";
import { ensureReady } from "./setup.mjs";

const SAMPLE = { video: join(root, "test", "fixtures", "walk-wood-floor.mp4"), prompt: "footsteps on a wooden floor" };
const OWN_TARGET = ["-o", "--out-dir", "--mux", "--json"];
const NO_OPEN = "--no-open";

/** Somebody is there to see the panel and to end its server. */
const canOpen = () => process.stdin.isTTY === true && process.stdout.isTTY === true && !process.env.CI;

/** First of NAME-1, NAME-2, ... that no take has yet, so that a second start is a second take. */
function freeName(folder, name) {
  for (let number = 1; ; number++) {
    const path = join(folder, `${name}-${number}`);
    if (![".wav", ".mp4", "-take1.wav"].some((ending) => existsSync(path + ending))) return path;
  }
}

async function start(args) {
  const opens = canOpen() && !args.includes(NO_OPEN);
  const rest = args.filter((arg) => arg !== NO_OPEN);
  const out = rest.includes("--json") ? process.stderr : process.stdout;
  await ensureReady({ need: { ffmpeg: true, panel: true }, out });
  const words = rest.findIndex((arg) => arg.startsWith("-"));
  const given = words < 0 ? rest : rest.slice(0, words);
  const options = words < 0 ? [] : rest.slice(words);
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
  if (code !== 0) {
    removeIfEmpty(folder);
    return code;
  }
  const takes = [`${name}.wav`, ...manyOf(name)].filter((path) => existsSync(path));
  return showPanel(opens, ["serve", "--open", "--clip", video, ...takes.flatMap((take) => ["--take", take])]);
}

/** Names of the takes where more than one was asked for. */
const manyOf = (name) => Array.from({ length: 16 }, (_, i) => `${name}-take${i + 1}.wav`);

/** The panel with clip and takes in it, until it is ended by Ctrl-C; for a script only how to get there. */
async function showPanel(opens, command) {
  if (opens) {
    console.log("\nThe panel opens in your browser; Ctrl-C ends it.");
    return foley(command);
  }
  console.log(`\nThe panel on it:  npm run foley -- ${command.map(quoted).join(" ")}`);
  return 0;
}

const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word));

function removeIfEmpty(folder) {
  try {
    rmdirSync(folder);
  } catch {
    // older takes lie in it
  }
}

await exitWith(() => start(process.argv.slice(2)));
