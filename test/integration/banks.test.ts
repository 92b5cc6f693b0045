import { readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { foley, tempFolder } from "../support/cli.ts";
import { makeWithFfmpeg } from "../support/clips.ts";

/** A user's folder of sounds, in four formats, with two files that are no use. */
async function makeKit(): Promise<string> {
  const folder = tempFolder();
  const knock = (frequency: number) =>
    `aevalsrc='if(gt(t,0.2),0.8*sin(2*PI*${frequency}*t)*exp(-20*(t-0.2)))':s=44100:d=1`;
  const sounds: [string, string, string[]][] = [
    ["FOOTGrvl_Slow Walk 01_Me_Kit.wav", knock(300), []],
    ["FOOTGrvl_Slow Walk 02_Me_Kit.flac", knock(500), []],
    ["FOOTGrvl_Slow Walk 03_Me_Kit.wav", knock(900), ["-ac", "2", "-ar", "96000"]],
    ["glass clink 1.mp3", knock(3000), []],
    ["steady rain.ogg", "anoisesrc=d=5:c=pink:a=0.3:s=5", []],
    ["nothing.wav", "aevalsrc=0:d=1", []],
  ];
  for (const [name, source, options] of sounds) {
    await makeWithFfmpeg("-f", "lavfi", "-i", source, ...options, join(folder, name));
  }
  await writeFile(join(folder, "broken.wav"), "no sound at all");
  return folder;
}

const stateOf = async (folder: string) => {
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(folder, name));
      return [name, size, mtimeMs];
    }),
  );
};

let env: Record<string, string>;

const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await foley([...args, "--json"], { env });
  return { code, stderr, json: stdout === "" ? null : JSON.parse(stdout) };
};

test("a folder becomes a bank, is performed, listed and forgotten; its files stay as they are", {
  timeout: 120_000,
}, async () => {
  const kit = await makeKit();
  env = { FOLEY_DATA: tempFolder() };
  const before = await stateOf(kit);

  const added = await run("bank", "add", kit, "--name", "My Kit");
  expect(added.json).toMatchObject({ id: "my-kit", sounds: 5 });
  expect(added.json.problems.map(({ file }: { file: string }) => file).sort()).toEqual(["broken.wav", "nothing.wav"]);
  expect(added.json.classes).toEqual(
    expect.arrayContaining([
      { class: "footgrvl slow walk", mode: "event", sounds: 3 },
      { class: "glass clink", mode: "event", sounds: 1 },
      { class: "steady rain", mode: "bed", sounds: 1 },
    ]),
  );
  expect(await stateOf(kit)).toEqual(before);

  const out = tempFolder();
  const made = await run(
    ...["generate", "--prompt", "footsteps on gravel and rain", "--to", "3", "--guide", "bank:my-kit"],
    ...["-o", join(out, "a.wav")],
  );
  expect(made.stderr).toBe("");
  const [take] = made.json.takes;
  expect(take.chosen.map(({ class: name }: { class: string }) => name)).toEqual(["footgrvl slow walk", "steady rain"]);
  const sounds = take.events.map(({ sound }: { sound: string }) => sound);
  expect(sounds.every((sound: string) => /^FOOTGrvl_Slow Walk 0[123]/.test(sound))).toBe(true);
  expect(sounds.some((sound: string, i: number) => sound === sounds[i + 1])).toBe(false);
  // What a user's recordings are made of is not ours to know.
  expect([take.recordings, take.credits]).toEqual([[...new Set([...sounds, "steady rain.ogg"])].sort(), []]);

  // The folder itself stands for its bank; a file that is no longer the one that was measured is left out and said.
  const other = new Date(2020, 1, 1);
  await utimes(join(kit, "FOOTGrvl_Slow Walk 02_Me_Kit.flac"), other, other);
  const again = await run("generate", "--prompt", "gravel", "--to", "2", "--guide", kit, "-o", join(out, "b.wav"));
  expect(again.json.takes[0].chosen[0].class).toBe("footgrvl slow walk");
  expect(again.json.notes.join()).toContain("Walk 02_Me_Kit.flac of the bank my-kit is another file");

  expect((await run("bank", "list")).json.banks).toEqual([
    { id: "my-kit", ok: true, name: "My Kit", folder: kit, sounds: 5, classes: 3 },
  ]);
  const twice = await run("bank", "add", kit, "--name", "my kit");
  expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining("error target_exists") });
  expect((await run("bank", "remove", "my-kit")).json).toEqual({ removed: "my-kit", folder: kit });
  expect((await run("bank", "list")).json.banks).toEqual([]);
  const unknown = await run("generate", "--to", "2", "--guide", "bank:my-kit", "-o", join(out, "c.wav"));
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("error not_found") });
  expect((await readdir(kit)).length).toBe(7);
});

test.each([
  ["a folder that is not there", ["bank", "add", "/nowhere/at/all"], "not_found"],
  ["a verb that is none", ["bank", "play", "x"], "usage"],
  ["a bank that is none", ["bank", "remove", "none-such"], "not_found"],
])("%s is refused in one line", async (_, args, code) => {
  env = { FOLEY_DATA: tempFolder() };
  const { code: exit, stderr } = await run(...args);
  expect(exit).toBe(2);
  expect(stderr).toMatch(new RegExp(`^error ${code}: [^\\n]+\\n$`));
});
