import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const manifest = read("CSXS/manifest.xml");
const debug = read("CSXS/debug.xml");
const values = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!);

test("every version in it is the product's", () => {
  const versions = ["package.json", "panel/package.json", "host/package.json", "local-server/package.json"].map(
    (path) => JSON.parse(read(path)).version,
  );
  const said = values(manifest, /(?:ExtensionBundleVersion|<Extension Id="[^"]+" Version)="([^"]+)"/g);
  expect(said).toHaveLength(2);
  expect(new Set([...versions, ...said]).size).toBe(1);
});

test("one id for the bundle, one for the panel under it, the same wherever it is named", () => {
  const [bundle] = values(manifest, /ExtensionBundleId="([^"]+)"/g);
  const panels = [...values(manifest, /<Extension Id="([^"]+)"/g), ...values(debug, /<Extension Id="([^"]+)"/g)];
  expect(bundle).toBe("com.foley.editor");
  expect(new Set(panels)).toEqual(new Set([`${bundle}.panel`]));
  expect(panels).toHaveLength(3);
});

test.each([
  ["manifest.xml", manifest],
  ["debug.xml", debug],
])("%s is well formed, and no comment holds a double hyphen: it would be passed over in silence (M)", (_, text) => {
  for (const comment of values(text, /<!--([\s\S]*?)-->/g)) expect(comment).not.toContain("--");
  const open: string[] = [];
  for (const [, close, name, empty] of text
    .replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g, "")
    .matchAll(/<(\/?)([A-Za-z]+)[^>]*?(\/?)>/g)) {
    if (close) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name!);
  }
  expect(open).toEqual([]);
});

test("Premiere from 22 on, always as a range (HET #77), CEP 11 at the least, Node beside the page", () => {
  expect(values(manifest, /<Host Name="PPRO" Version="([^"]+)"/g)).toEqual(["[22.0,99.9]"]);
  expect(values(manifest, /<RequiredRuntime Name="CSXS" Version="([^"]+)"/g)).toEqual(["11.0"]);
  expect(values(manifest, /<Parameter>([^<]+)<\/Parameter>/g)).toEqual(["--enable-nodejs", "--mixed-context", "--v=0"]);
  // Outside Resources the flags are ignored (Samples #92).
  const resources = /<Resources>[\s\S]*<\/Resources>/.exec(manifest)?.[0] ?? "";
  expect(resources).toContain("<CEFCommandLine>");
});

test("every icon it names is there, 23 pixels square", () => {
  const icons = values(manifest, /<Icon Type="[^"]+">\.\/([^<]+)<\/Icon>/g);
  expect(icons.map((path) => path.replace("CSXS/icons/", "")).sort()).toEqual(
    readdirSync(join(root, "CSXS/icons"))
      .filter((name) => name.endsWith(".png"))
      .sort(),
  );
  for (const path of icons) {
    const png = readFileSync(join(root, path));
    expect([png.readUInt32BE(16), png.readUInt32BE(20)], path).toEqual([23, 23]);
  }
});
