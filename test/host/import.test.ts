import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codeOf, dataOf, pinOf, type Scene, scene, writeWav } from "../support/premiere/scene.ts";
import { newItem, type Quirks } from "../support/premiere/state.ts";

const withWav = (quirks: Partial<Quirks> = {}): Scene & { readonly path: string } => {
  const at = scene(quirks);
  return { ...at, path: writeWav(join(at.folder, "take.wav"), 48_000) };
};
const imports = ({ world }: Scene): string[] => world.changes.filter((change) => change.startsWith("import"));
const bins = ({ project }: Scene): string[] => project.root.children.map(({ name }) => name);

test("a take comes into our bin, which is made once; the same take is not imported twice", () => {
  const at = withWav();
  const first = dataOf(at.engine.call("importTake", { pin: pinOf(at), path: at.path }));
  expect(first).toMatchObject({ bin: "Foley (generated)", alreadyThere: false });
  const second = dataOf(at.engine.call("importTake", { pin: pinOf(at), path: at.path }));
  expect(second).toEqual({ ...first, alreadyThere: true });
  const other = writeWav(join(at.folder, "other.wav"), 100);
  dataOf(at.engine.call("importTake", { pin: pinOf(at), path: other }));
  expect(bins(at)).toEqual(["Foley (generated)"]);
  expect(imports(at)).toEqual(["import take.wav", "import other.wav"]);
});

test("a file that is gone, or is no WAV, never reaches importFiles: it would raise a dialog that hangs every panel (CEPR #301, HET #35)", () => {
  const at = withWav();
  rmSync(at.path);
  expect(at.engine.call("importTake", { pin: pinOf(at), path: at.path })).toMatchObject({
    code: "IMPORT_FAILED",
    message: "The take's file is gone. Generate it again.",
  });
  for (const bytes of ["", "not a wav at all, not at all, whatever its name is", "RIFF....WAVE"]) {
    writeFileSync(at.path, bytes);
    expect(codeOf(at.engine.call("importTake", { pin: pinOf(at), path: at.path }))).toBe("IMPORT_FAILED");
  }
  expect(at.world.changes).toEqual([]);
});

test.each([true, undefined, false, []])(
  "what importFiles answers (%s) is not believed: the bin is read (M, SYN)",
  (importAnswers) => {
    const at = withWav({ importAnswers });
    expect(codeOf(at.engine.call("importTake", { pin: pinOf(at), path: at.path }))).toBe("ok");
    const lied = withWav({ importAnswers, importLies: true });
    expect(codeOf(lied.engine.callUntilThere("importTake", { pin: pinOf(lied), path: lied.path }))).toBe("NOT_YET");
    expect(imports(lied)).toHaveLength(1);
  },
);

test.each([1, 2, 9])(
  "an item that shows only %i calls later is waited for, and imported once (3.1: poll in calls of their own)",
  (importAppearsAfterCalls) => {
    const at = withWav({ importAppearsAfterCalls });
    expect(codeOf(at.engine.call("importTake", { pin: pinOf(at), path: at.path }))).toBe("NOT_YET");
    at.world.call = 1;
    const late = withWav({ importAppearsAfterCalls });
    const result = dataOf(late.engine.callUntilThere("importTake", { pin: pinOf(late), path: late.path }));
    expect(result.alreadyThere).toBe(false);
    expect(imports(late)).toHaveLength(1);
  },
);

test("where Premiere's search finds nothing our bin is walked (Guide: array or 0)", () => {
  const at = withWav({ findsByPath: false });
  const { projectItemId } = dataOf(at.engine.call("importTake", { pin: pinOf(at), path: at.path }));
  expect(dataOf(at.engine.call("findTake", { pin: pinOf(at), path: at.path }))).toEqual({ projectItemId, places: [] });
});

test("on Windows paths are native, slashes and case do not matter in finding them", () => {
  const at = withWav({ windows: true, findsByPath: false });
  const forward = `C:${at.path}`;
  const { projectItemId } = dataOf(at.engine.call("importTake", { pin: pinOf(at), path: forward }));
  const item = at.project.root.children[0]!.children[0]!;
  expect(item.path).toBe(`C:${at.path.replaceAll("/", "\\")}`);
  item.path = item.path.toUpperCase();
  expect(dataOf(at.engine.call("findTake", { pin: pinOf(at), path: forward })).projectItemId).toBe(projectItemId);
});

test.each(["property", "method"] as const)(
  "stereo that comes as two mono clips is made one before it is placed (mapping as a %s)",
  (mapping) => {
    for (const mappingTypeReadOnly of [false, true]) {
      const at = withWav({ dualMono: true, mapping, mappingTypeReadOnly });
      dataOf(at.engine.call("importTake", { pin: pinOf(at), path: at.path }));
      expect(at.project.root.children[0]!.children[0]!.audioClips).toBe(1);
    }
  },
);

test("a bin of the user's with another name is left alone, one of ours deeper down is not taken for ours", () => {
  const at = withWav();
  const theirs = newItem("Sound", { type: 2, parent: at.project.root });
  theirs.children.push(newItem("Foley (generated)", { type: 2, parent: theirs }));
  at.project.root.children.push(theirs);
  dataOf(at.engine.call("importTake", { pin: pinOf(at), path: at.path }));
  expect(bins(at)).toEqual(["Sound", "Foley (generated)"]);
});

test("a take is imported into the project it was made for, though another is in front", () => {
  const at = withWav();
  const other = {
    ...at.project,
    documentId: "doc-2",
    root: newItem("b.prproj", { type: 3 }),
    sequences: [],
    active: null,
  };
  at.world.projects.push(other);
  at.world.front = other;
  dataOf(at.engine.call("importTake", { pin: pinOf(at), path: at.path }));
  expect(bins(at)).toEqual(["Foley (generated)"]);
  expect(other.root.children).toEqual([]);
  at.world.projects.shift();
  expect(codeOf(at.engine.call("importTake", { pin: pinOf(at), path: at.path }))).toBe("SEQUENCE_GONE");
});

test("reveal selects the take in the Project panel, or opens its folder where it is not imported", () => {
  const at = withWav();
  expect(dataOf(at.engine.call("reveal", { pin: pinOf(at), path: at.path }))).toEqual({ where: "folder" });
  dataOf(at.engine.call("importTake", { pin: pinOf(at), path: at.path }));
  expect(dataOf(at.engine.call("reveal", { pin: pinOf(at), path: at.path }))).toEqual({ where: "project" });
  expect(codeOf(at.engine.call("reveal", { pin: pinOf(at), path: join(at.folder, "no.wav") }))).toBe("BAD_ARGUMENT");
});
