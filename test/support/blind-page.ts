// Pairs to be judged blind: `npm run demo -- --blind CLIPS_DIR --before TAKES_DIR [-o blind.html]`, then `--judge=ABB-... blind-key.json`.
// For ten clips that have their real sound: the real spectrogram on top, under it two takes in an order drawn by lot, ours and a
// class at random on the same events, ours with another seed and the take of an older version (TAKES_DIR/CLIP.wav): a picture
// that came twice would be known for ours. Which is which stands in blind-key.json alone. The clips are not the project's to
// pass on, so neither is the page.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { generateRequestSchema, type TakeRecord } from "../../local-server/protocol/index.ts";
import { createEngine } from "../../local-server/src/engine/engine.ts";
import { createRandom } from "../../local-server/src/random.ts";
import { frameStrip, soundOf, spectrumStrip, takeSound } from "./strips.ts";

const CLIPS = [
  ...["hammer-spoon", "drumstick-bag", "paper-tear-portrait", "congas", "pistol-shots", "tennis-serve"],
  ...["pancake-flip", "waterfall", "rain-car-wipers", "woman-and-train-23976"],
];
const SECONDS = 10;
const SIZE = { width: 900, height: 120 };
const root = resolve(import.meta.dirname, "../..");

interface Pair {
  readonly clip: string;
  readonly against: "random" | "before";
  readonly ours: "A" | "B";
  /** What each of the two sounds as, for after the judging. */
  readonly A: string;
  readonly B: string;
}

const { values, positionals } = parseArgs({
  options: {
    blind: { type: "boolean" },
    before: { type: "string" },
    judge: { type: "string" },
    out: { type: "string", short: "o", default: "blind.html" },
    seed: { type: "string", default: "7" },
  },
  allowPositionals: true,
});

/** Answers, one letter a pair ("-" for no difference), against the key. */
function count(answers: string, keyPath: string): void {
  const pairs: Pair[] = JSON.parse(readFileSync(keyPath, "utf8"));
  for (const against of ["random", "before"] as const) {
    const own = pairs.map((pair, i) => ({ pair, answer: answers[i] })).filter(({ pair }) => pair.against === against);
    const ours = own.filter(({ pair, answer }) => answer === pair.ours).length;
    const ties = own.filter(({ answer }) => answer === "-").length;
    console.log(`ours against ${against}: ${ours} for, ${own.length - ours - ties} against, ${ties} no difference`);
  }
}

/** Ours as it comes, without words; the same events with a class that is drawn by lot; ours once more with another seed. */
async function makeTakes(clip: string, folder: string, random: ReturnType<typeof createRandom>) {
  const engine = createEngine({ quiet: true });
  const watcher = { signal: new AbortController().signal, onProgress() {}, onNote() {} };
  const { classes } = JSON.parse(readFileSync(join(root, "models/foley-mini/bank/bank.json"), "utf8"));
  const make = async (name: string, fields: object): Promise<TakeRecord> => {
    const request = generateRequestSchema.parse({ video: clip, channels: "mono", ...fields });
    return (await engine.run({ request, targets: [join(folder, `${name}.wav`)] }, watcher)).takes[0]!.record;
  };
  try {
    const ours = await make("ours", {});
    const mode = ours.chosen[0]?.mode ?? "event";
    const others = classes.filter(
      (one: { id: string; mode: string }) => one.mode === mode && one.id !== ours.chosen[0]?.class,
    );
    const { name } = others[random.int(others.length)];
    const events = ours.events.map(({ sound: _, variation: __, ...event }) => ({ ...event, sound: null }));
    const other = await make("random", {
      prompt: name.replace(/,| and /g, " "),
      ...(mode === "event" ? { events } : {}),
    });
    return { ours, other, again: await make("again", { seed: ours.seed + 1 }) };
  } finally {
    engine.kill();
  }
}

const soundsAs = ({ chosen }: Pick<TakeRecord, "chosen">): string =>
  chosen.map((one) => one.class).join(" + ") || "silent";

async function build(clipsFolder: string, before: string, out: string, seed: number): Promise<void> {
  const random = createRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), "foley-blind-"));
  const pairs: (Pair & { html: string })[] = [];
  try {
    for (const stem of CLIPS) {
      const name = readdirSync(clipsFolder).find((file) => file.startsWith(`${stem}.`));
      const old = join(before, `${stem}.wav`);
      if (!name || !existsSync(old)) {
        console.log(`${stem}: left out, ${name ? `no ${old}` : "no such clip"}`);
        continue;
      }
      const clip = join(clipsFolder, name);
      const own = mkdtempSync(join(folder, "clip-"));
      const { ours, other, again } = await makeTakes(clip, own, random);
      const seconds = Math.min(SECONDS, ours.seconds);
      const strip = (sound: Float32Array) => `<img src="${spectrumStrip(sound, seconds, SIZE.width, SIZE.height)}">`;
      const top = `<img src="${frameStrip(clip, seconds, 10, 60)}"><small>real</small>${strip(soundOf(clip, seconds))}`;
      const take = (which: string) => strip(takeSound(join(own, `${which}.wav`)));
      const record = JSON.parse(readFileSync(old.replace(/wav$/, "take.json"), "utf8"));
      const rivals = [
        { against: "random" as const, us: ours, mine: take("ours"), html: take("random"), words: soundsAs(other) },
        {
          against: "before" as const,
          us: again,
          mine: take("again"),
          html: strip(takeSound(old)),
          words: soundsAs(record),
        },
      ];
      for (const { against, us, mine, html, words } of rivals) {
        const first = random.int(2) === 0;
        const [a, b] = first ? [mine, html] : [html, mine];
        const [A, B] = first ? [soundsAs(us), words] : [words, soundsAs(us)];
        const both = `${top}<small>A</small>${a}<small>B</small>${b}`;
        pairs.push({ clip: stem, against, ours: first ? "A" : "B", A, B, html: both });
      }
      console.log(stem);
    }
    for (let i = pairs.length - 1; i > 0; i--) {
      const j = random.int(i + 1);
      [pairs[i], pairs[j]] = [pairs[j]!, pairs[i]!];
    }
    const style = `body{margin:24px;background:#18191b;color:#e6e7e9;font:14px system-ui,sans-serif}section{width:${SIZE.width}px;margin-bottom:36px}img{display:block;width:100%}small{color:#a3a7ad}`;
    const sections = pairs.map(({ html }, i) => `<section><h3>${i + 1}</h3>${html}</section>`);
    const task = "<p>Which of A and B is nearer to the real sound? One letter a pair, - for no difference.</p>";
    writeFileSync(out, `<!doctype html><meta charset="utf-8"><style>${style}</style>${task}${sections.join("")}`);
    const key = pairs.map(({ html: _, ...pair }) => pair);
    writeFileSync(out.replace(/\.html$/, "-key.json"), `${JSON.stringify(key, null, 1)}\n`);
    console.log(`${pairs.length} pairs in ${out}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.judge !== undefined) count(values.judge, positionals[0] ?? "blind-key.json");
else if (positionals[0] === undefined || values.before === undefined || !existsSync(positionals[0])) {
  console.error("expected CLIPS_DIR with clips that have their sound, and --before TAKES_DIR");
  process.exitCode = 2;
} else await build(resolve(positionals[0]), resolve(values.before), values.out, Number(values.seed));
