// Builds the demo page: `npm run demo [-- OUT.html]`. Clips without sound beside the same clips with a take, in one file that needs
// nothing else: the freely licensed clips of test/fixtures and two drawn ones. Needs ffmpeg.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { generateRequestSchema, type TakeRecord } from "../../local-server/protocol/index.ts";
import { createEngine } from "../../local-server/src/engine/engine.ts";
import { makeWithFfmpeg } from "./clips.ts";
import { frameStrip, smallVideo, spectrumStrip, takeSound } from "./strips.ts";

const root = resolve(import.meta.dirname, "../..");
const fixture = (name: string) => join(root, "test/fixtures", name);

interface Shown {
  readonly clip: string;
  readonly title: string;
  readonly credit: string;
  readonly prompts: readonly string[];
}

/** A ball that bounces, and two sticks that take turns left and right: one picture moved over another. */
async function drawn(folder: string): Promise<Shown[]> {
  const disc = "format=rgba,geq=r=240:g=150:b=60:a='255*lt(hypot(X-24,Y-24),24)'";
  const draw = (name: string, thing: string, x: string, y: string) =>
    makeWithFfmpeg(
      ...["-f", "lavfi", "-i", "color=0x2b3038:s=480x270:r=30:d=6,drawbox=y=236:h=34:color=0x59616d:t=fill"],
      ...["-f", "lavfi", "-i", thing],
      ...["-filter_complex", `[0][1]overlay=x='${x}':y='${y}':shortest=1,format=yuv420p`, "-c:v", "libx264"],
      join(folder, name),
    );
  const phase = "mod(t,0.8)/0.8";
  await draw("bounce.mp4", `color=white:s=48x48:r=30:d=6,${disc}`, "60+60*t", `188-640*${phase}*(1-${phase})*0.9`);
  const swing = "max(0,1-9*abs(mod(t+0.25,0.5)-0.25))";
  const side = "if(lt(mod(t,1),0.5),90,350)";
  await draw("sticks.mp4", "color=0xd8b070:s=40x90:r=30:d=6", side, `40+106*${swing}`);
  return [
    { clip: join(folder, "bounce.mp4"), title: "A drawn ball", credit: "drawn", prompts: ["ball bouncing"] },
    {
      clip: join(folder, "sticks.mp4"),
      title: "Drawn blows, left and right",
      credit: "drawn",
      prompts: ["wooden knock", "铁匠打铁"],
    },
  ];
}

const CLIPS: readonly Shown[] = [
  {
    clip: fixture("walk-wood-floor.mp4"),
    title: "A man walks in, stands at a table, walks off",
    credit: "Intel Corporation, IoT sample videos, CC BY 4.0, cut",
    prompts: ["", "footsteps on gravel and rain", "碎石路上的脚步声和雨声"],
  },
  {
    clip: fixture("big-buck-bunny.mp4"),
    title: "A meadow, a bird",
    credit: "Big Buck Bunny, © 2008 Blender Foundation, CC BY 3.0, cut and made smaller",
    prompts: ["", "forest birds and wind in leaves"],
  },
  {
    clip: fixture("static-toy-negative.mp4"),
    title: "A toy; nothing happens",
    credit: "mdn/learning-area, CC0",
    prompts: [""],
  },
];

const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");

function panel(title: string, facts: string, video: string, spectrum: string | null): string {
  const below = spectrum ? `<img alt="spectrogram" src="${spectrum}">` : `<div class="none">no sound</div>`;
  return `<figure><figcaption><b>${escaped(title)}</b> ${escaped(facts)}</figcaption><video controls preload="metadata" src="${video}"></video>${below}</figure>`;
}

const factsOf = ({ chosen, events, notes }: TakeRecord): string =>
  [
    chosen.map((one) => one.class).join(" + ") || "silent",
    `${events.length} events`,
    ...notes.filter((note) => /nothing/.test(note)),
  ].join(" · ");

async function build(out: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "foley-demo-"));
  const engine = createEngine({ quiet: true });
  const watcher = { signal: new AbortController().signal, onProgress() {}, onNote() {} };
  try {
    const sections = [];
    let count = 0;
    for (const { clip, title, credit, prompts } of [...CLIPS, ...(await drawn(folder))]) {
      const panels = [];
      let seconds = 0;
      for (const prompt of prompts) {
        const wav = join(folder, `${count++}.wav`);
        const request = generateRequestSchema.parse({ video: clip, prompt });
        const { record } = (await engine.run({ request, targets: [wav] }, watcher)).takes[0]!;
        seconds = record.seconds;
        const spectrum = record.truePeakDb === null ? null : spectrumStrip(takeSound(wav), seconds, 480, 110);
        const name = prompt === "" ? "After, without words" : `After, “${prompt}”`;
        panels.push(panel(name, factsOf(record), smallVideo(clip, wav, join(folder, "v.mp4")), spectrum));
      }
      const before = panel("Before", "", smallVideo(clip, null, join(folder, "v.mp4")), null);
      const strip = `<img class="strip" alt="frames" src="${frameStrip(clip, seconds, 10, 68)}">`;
      sections.push(
        `<section><h2>${escaped(title)}</h2><p>${escaped(credit)}</p>${strip}<div class="row">${before}${panels.join("")}</div></section>`,
      );
      console.log(`${title}: ${prompts.length} takes`);
    }
    writeFileSync(out, pageOf(sections));
  } finally {
    engine.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function pageOf(sections: readonly string[]): string {
  const style =
    "body{margin:32px auto;max-width:1480px;padding:0 24px;background:#18191b;color:#e6e7e9;font:15px/1.45 system-ui,sans-serif}" +
    "h2{margin:40px 0 2px;font-size:19px}p{margin:0 0 10px;color:#a3a7ad}.strip{width:100%;border-radius:4px}" +
    ".row{display:grid;grid-template-columns:repeat(auto-fill,minmax(340px,1fr));gap:16px;margin-top:12px}" +
    "figure{margin:0;display:grid;grid-row:span 3;grid-template-rows:subgrid;row-gap:6px}" +
    "figcaption{color:#a3a7ad;font-size:13px}figcaption b{display:block;color:#e6e7e9;font-size:14px}" +
    "video,figure img{display:block;width:100%;border-radius:4px}figure img,.none{margin-top:6px;height:110px}" +
    ".none{display:grid;place-items:center;background:#212326;color:#a3a7ad;border-radius:4px}";
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Foley in the editor: before and after</title><style>${style}</style><h1>Before and after</h1><p>Every sound here was made by foley-mini on a processor, for the silent picture beside it. Under each: its spectrogram, 60 Hz to 16 kHz.</p>${sections.join("")}</html>`;
}

const out = resolve(process.argv[2] ?? "demo.html");
await build(out);
console.log(out);
