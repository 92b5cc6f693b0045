import fc from "fast-check";
import { expect, test } from "vitest";
import { generateRequestSchema } from "../../../local-server/protocol/index.ts";
import { newId, readTarget, stemOf, targetOf } from "../../../local-server/src/jobs/names.ts";

const ID = "0193b2a0-0000-7000-8000-0000deadbeef";
const stem = (fields: object) => stemOf(ID, generateRequestSchema.parse(fields));

test("files are called by the words, else by the clip, and by the job", () => {
  expect(stem({ prompt: "Heavy steps, on GRAVEL!" })).toBe("heavy-steps-on-gravel-deadbeef");
  expect(stem({ video: "/a/Shot 12 (new).mov" })).toBe("shot-12-new-deadbeef");
  expect(stem({ prompt: "雨" })).toBe("take-deadbeef");
  expect(stem({ prompt: "a".repeat(100) })).toBe(`${"a".repeat(40)}-deadbeef`);
});

const plain = generateRequestSchema.parse({});
test("whatever the words, a name is plain, inside the folder, and read back", () => {
  const property = fc.property(
    fc.string({ unit: "grapheme", maxLength: 80 }),
    fc.nat(16),
    fc.nat(3),
    (words, n, tries) => {
      const name = stemOf(newId(), { ...plain, prompt: words });
      const path = targetOf("/t", name, n, tries);
      expect(path).toMatch(/^\/t\/[a-z0-9-]+\.wav$/);
      expect(readTarget(path.slice(3))).toBe(name);
    },
  );
  fc.assert(property);
});

test("ids are UUIDs of version 7 that sort by time", () => {
  const [early, late] = [newId(1_700_000_000_000), newId(1_700_000_000_001)];
  expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(early < late).toBe(true);
  expect(Number.parseInt(early.replaceAll("-", "").slice(0, 12), 16)).toBe(1_700_000_000_000);
});
