import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type BankIndex, bankSchema, type Manifest, manifestSchema } from "../../local-server/protocol/index.ts";
import { loadBundle } from "../../local-server/src/onnx/bundle.ts";

const models = resolve(import.meta.dirname, "../../models");
const ids = readdirSync(models, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const MAX_BUNDLE_BYTES = 90e6;

test("foley-mini, the default, is among the bundles", () => {
  expect(ids).toContain("foley-mini");
});

describe.each(ids)("bundle %s", (id) => {
  const folder = join(models, id);
  let manifest: Manifest;
  beforeAll(() => {
    manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")));
  });

  test("loads: every listed file is there with its size and hash, under its folder's name", async () => {
    delete process.env.FOLEY_MODELS;
    const bundle = await loadBundle(id);
    expect(bundle.directory).toBe(folder);
  });

  test("lists every file that a role or the licence names, and every file that lies there", () => {
    const named = [manifest.licence.file];
    for (const part of Object.values(manifest.roles).filter((one) => one !== undefined)) {
      if ("graphs" in part) named.push(...Object.values(part.graphs));
      if ("tokenizer" in part) named.push(part.tokenizer, part.tokenizerConfig);
      if ("index" in part) named.push(part.index);
    }
    const listed = Object.keys(manifest.files);
    expect(named.filter((file) => !listed.includes(file))).toEqual([]);
    const lying = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .replaceAll("\\", "/"),
      )
      .filter((file) => !/^(training\/|manifest\.json$|CARD\.md$)|(^|\/)\./.test(file));
    expect(lying.sort()).toEqual(listed.sort());
  });

  test("has a card, and fits a Git repository", () => {
    expect(existsSync(join(folder, "CARD.md"))).toBe(true);
    const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
    expect(bytes).toBeLessThan(MAX_BUNDLE_BYTES);
  });

  test("windows and chunks are longer than what they share", () => {
    const { denoiser, decoder, encoder } = manifest.roles;
    expect(denoiser.overlapLatents * 2).toBeLessThan(denoiser.windowLatents);
    expect(decoder.contextLatents).toBeLessThan(decoder.chunkLatents);
    if (encoder) expect(encoder.contextLatents).toBeLessThan(encoder.chunkLatents);
  });
});

/** Bundles that ship recordings. */
const withBank = ids.filter((id) => existsSync(join(models, id, "bank/bank.json")));

describe.each(withBank)("bank of %s", (id) => {
  const folder = join(models, id, "bank");
  let bank: BankIndex;
  beforeAll(() => {
    bank = bankSchema.parse(JSON.parse(readFileSync(join(folder, "bank.json"), "utf8")));
  });

  test("every class has a sound, every sound a class, and no id comes twice", () => {
    const classes = bank.classes.map(({ id }) => id);
    expect(classes.filter((one) => !bank.sounds.some((sound) => sound.class === one))).toEqual([]);
    expect(bank.sounds.filter((sound) => !classes.includes(sound.class))).toEqual([]);
    expect(new Set(classes).size).toBe(classes.length);
    expect(new Set(bank.sounds.map(({ id }) => id)).size).toBe(bank.sounds.length);
  });

  test("every sound lies inside its file, and its attack inside the sound", () => {
    const lengths = new Map(bank.sounds.map(({ file }) => [file, flacFacts(readFileSync(join(folder, file)))]));
    for (const { id, file, start, samples, onset } of bank.sounds) {
      const { sampleRate, channels, sampleCount } = lengths.get(file)!;
      expect([file, sampleRate, channels]).toEqual([file, 48_000, 1]);
      expect(start + samples, id).toBeLessThanOrEqual(sampleCount);
      expect(onset, id).toBeLessThan(samples);
    }
  });

  test("the tables have the size they state", () => {
    const { text, picture } = bank;
    expect(text.rows).toBe(bank.classes.reduce((sum, { descriptions }) => sum + descriptions.length, 0));
    expect(readFileSync(join(folder, text.file)).length).toBe(4 * text.rows * text.dims);
    if (!picture) return;
    expect(picture.columns).toBe(bank.classes.length);
    expect(readFileSync(join(folder, picture.file)).length).toBe(4 * picture.rows * picture.columns);
  });

  test("the settings of the manifest fit it", () => {
    const { roles } = manifestSchema.parse(JSON.parse(readFileSync(join(models, id, "manifest.json"), "utf8")));
    expect(bank.classes.map(({ id }) => id)).toContain(roles.bank!.fallbackClass);
    expect(bank.text.dims).toBe(roles.text.width);
    if (bank.picture) expect(bank.picture.rows).toBe(roles.semantic.width);
  });

  test("only free licences, and ATTRIBUTION.md names every author and source", () => {
    const attribution = readFileSync(join(folder, "ATTRIBUTION.md"), "utf8");
    for (const { id, licence, author, source } of bank.sounds) {
      expect(licence, id).toMatch(/^(CC0|CC-BY-[34]\.0|Public-Domain)$/);
      expect(attribution.includes(author) && attribution.includes(source), `${id}: ${author}, ${source}`).toBe(true);
    }
  });
});

/** STREAMINFO, RFC 9639 section 8.2: the first block of a FLAC file. */
function flacFacts(bytes: Buffer): { sampleRate: number; channels: number; sampleCount: number } {
  expect(bytes.toString("latin1", 0, 4)).toBe("fLaC");
  const packed = bytes.readBigUInt64BE(18);
  return {
    sampleRate: Number(packed >> 44n),
    channels: Number((packed >> 41n) & 7n) + 1,
    sampleCount: Number(packed & 0xf_ffff_ffffn),
  };
}
