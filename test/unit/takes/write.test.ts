import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeSchema } from "../../../local-server/protocol/index.ts";
import { UserError } from "../../../local-server/src/errors.ts";
import { tensor } from "../../../local-server/src/onnx/tensor.ts";
import { decodeSafetensors } from "../../../local-server/src/takes/latents.ts";
import { publish } from "../../../local-server/src/takes/temp.ts";
import { checkTarget, reserveNames, sweepTemp, writeTake } from "../../../local-server/src/takes/write.ts";
import { takeRecord } from "../../support/take-record.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "takes-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const writer = join(import.meta.dirname, "../../support/write-take-process.ts");
const wav = Uint8Array.of(1, 2, 3);
const latents = [tensor(Float32Array.of(1, 2), [1, 1, 2]), tensor(Float32Array.of(3), [1, 1, 1])];
const write = (wavPath: string) => writeTake({ wavPath, wav, record: takeRecord(), latents });
const refusal = async (promise: Promise<unknown>): Promise<UserError> => {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
};
const isRoot = process.getuid?.() === 0;
const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 6);
/** The id of a process that is no more. */
const deadPid = () => spawnSync(process.execPath, ["-e", ""]).pid;

test("a take is a WAV, its record and its latents, and nothing else stays behind", async () => {
  const paths = await write(join(dir, "steps.wav"));
  expect(readdirSync(dir).sort()).toEqual(["steps.latents.safetensors", "steps.take.json", "steps.wav"]);
  expect([...readFileSync(paths.wav)]).toEqual([1, 2, 3]);
  expect(takeSchema.parse(JSON.parse(readFileSync(paths.record, "utf8")))).toEqual(takeRecord());
  expect(decodeSafetensors(readFileSync(paths.latents))).toEqual({ "latents.0": latents[0], "latents.1": latents[1] });
  expect(statSync(paths.wav).nlink).toBe(1);
});

test("without latents there is no file for them", async () => {
  await writeTake({ wavPath: join(dir, "a.WAV"), wav, record: takeRecord(), latents: null });
  expect(readdirSync(dir).sort()).toEqual(["a.WAV", "a.take.json"]);
});

test.each([["x.wav"], ["x.take.json"], ["x.latents.safetensors"]])(
  "an existing %s is never replaced, and no other file of the take appears",
  async (name) => {
    writeFileSync(join(dir, name), "mine");
    const error = await refusal(write(join(dir, "x.wav")));
    expect(error.code).toBe("target_exists");
    expect(error.exit).toBe(2);
    expect(readdirSync(dir)).toEqual([name]);
    expect(readFileSync(join(dir, name), "utf8")).toBe("mine");
    expect((await refusal(checkTarget(join(dir, "x.wav")))).code).toBe("target_exists");
  },
);

test("a name that is taken between the look and the publishing takes the files already published back", () => {
  mkdirSync(join(dir, "temp"));
  for (const name of ["a", "b", "c"]) writeFileSync(join(dir, "temp", name), `new ${name}`);
  writeFileSync(join(dir, "c"), "mine");
  expect(() => publish(join(dir, "temp"), ["a", "b", "c"], dir)).toThrow("target_exists");
  expect(readdirSync(dir).sort()).toEqual(["c", "temp"]);
  expect(readFileSync(join(dir, "c"), "utf8")).toBe("mine");
});

test("a dangling link counts as taken", async () => {
  symlinkSync(join(dir, "nowhere"), join(dir, "x.wav"));
  expect((await refusal(write(join(dir, "x.wav")))).code).toBe("target_exists");
  expect((await refusal(checkTarget(join(dir, "x.wav")))).code).toBe("target_exists");
});

test("of several processes that write one target at once exactly one does, whole", async () => {
  for (let round = 0; round < 3; round++) {
    const target = join(dir, `race${round}.wav`);
    const runs = Array.from({ length: 4 }, () =>
      promisify(execFile)(process.execPath, [writer, target, "2"]).then(
        ({ stdout }) => stdout,
        ({ stdout }) => stdout as string,
      ),
    );
    const outcomes = await Promise.all(runs);
    expect(outcomes.filter((text) => text === "written\n").length, outcomes.join("")).toBe(1);
    expect(outcomes.filter((text) => text.startsWith("error target_exists:")).length, outcomes.join("")).toBe(3);
    // Sound and record are of the same process.
    const { provider } = JSON.parse(readFileSync(join(dir, `race${round}.take.json`), "utf8"));
    const bytes = readFileSync(target);
    expect(bytes.length).toBe(2 * 2 ** 20);
    expect(bytes.every((byte) => byte === Number(provider) % 251)).toBe(true);
  }
  expect(readdirSync(dir).length).toBe(6);
});

test("a folder that is missing, is a file, or is too long a name: target_not_writable, in words", async () => {
  writeFileSync(join(dir, "file"), "");
  for (const path of [join(dir, "missing", "x.wav"), join(dir, "file", "x.wav"), join(dir, `${"x".repeat(250)}.wav`)]) {
    for (const act of [checkTarget, write]) {
      const error = await refusal(act(path));
      expect(error.code, error.message).toBe("target_not_writable");
    }
  }
  const error = await refusal(checkTarget(join(dir, "missing", "x.wav")));
  expect(error.came).toBe("a folder that does not exist");
  expect(error.todo).toBe("create it first or choose another place");
  expect(readdirSync(dir)).toEqual(["file"]);
});

test("a folder as the target says so", async () => {
  mkdirSync(join(dir, "x.wav"));
  const error = await refusal(checkTarget(join(dir, "x.wav")));
  expect(error.code).toBe("target_exists");
  expect(error.came).toBe("a folder");
});

// Root may write anywhere, whatever the mode of a folder says.
test("a read-only folder is refused before and at the writing", async ({ skip }) => {
  skip(isRoot, "root may write anywhere");
  mkdirSync(join(dir, "ro"), { mode: 0o555 });
  expect((await refusal(checkTarget(join(dir, "ro", "x.wav")))).code).toBe("target_not_writable");
  expect((await refusal(write(join(dir, "ro", "x.wav")))).code).toBe("target_not_writable");
});

test.runIf(existsSync("/proc/self/status"))(
  "a file system that takes no files (/proc) is refused before the work",
  async () => {
    const error = await refusal(checkTarget("/proc/x.wav"));
    expect(error.code).toBe("target_not_writable");
  },
);

test.runIf(existsSync("/bin/sh"))(
  "a disk that fills up (a limit of 64 KiB a file): disk_full, nothing left behind",
  () => {
    const command = `ulimit -f 64; exec "$0" "$@"`;
    const run = spawnSync("/bin/sh", ["-c", command, process.execPath, writer, join(dir, "big.wav"), "2"], {
      encoding: "utf8",
    });
    expect(run.stdout).toMatch(/^error disk_full: expected room in \S+ for "big.wav"/);
    expect(run.stdout).not.toContain(".foley-");
    expect(run.status).toBe(2);
    expect(readdirSync(dir)).toEqual([]);
  },
);

const shm = "/dev/shm";
const otherDevice = existsSync(shm) && statSync(shm).dev !== statSync(tmpdir()).dev;
// Needs a second file system that everyone may write to: the only way to see links refused without one that lacks them.
test.runIf(otherDevice)("where a link is impossible the file is copied, and still never over another", () => {
  const other = mkdtempSync(join(shm, "takes-"));
  try {
    writeFileSync(join(dir, "a"), "new");
    publish(dir, ["a"], other);
    expect(readFileSync(join(other, "a"), "utf8")).toBe("new");
    writeFileSync(join(dir, "a"), "newer");
    expect(() => publish(dir, ["a"], other)).toThrow("target_exists");
    expect(readFileSync(join(other, "a"), "utf8")).toBe("new");
  } finally {
    rmSync(other, { recursive: true });
  }
});

test("a target that can be written to passes the check and the check leaves nothing", async () => {
  await checkTarget(join(dir, "x.wav"));
  await checkTarget(join(dir, "x.mp4"));
  expect(readdirSync(dir)).toEqual([]);
});

test("free names in order, past those that are taken; a sidecar alone takes a name too", async () => {
  writeFileSync(join(dir, "clip-take1.wav"), "");
  writeFileSync(join(dir, "clip-take3.take.json"), "");
  const names = (await reserveNames(dir, "clip", 3)).map((path) => basename(path));
  expect(names).toEqual(["clip-take2.wav", "clip-take4.wav", "clip-take5.wav"]);
  expect((await refusal(reserveNames(join(dir, "missing"), "clip", 1))).code).toBe("target_not_writable");
});

test("sweeping removes what dead processes left, not what live ones or other machines work on", async () => {
  const dead = deadPid();
  const mine = `.foley-${process.pid}-${HOST}-aaaaaa`;
  const others = `.foley-${dead}-ffffff-aaaaaa`;
  for (const name of [`.foley-${dead}-${HOST}-aaaaaa`, mine, others, ".foley-notes"]) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, "x.wav"), "");
  }
  await sweepTemp(dir);
  expect(readdirSync(dir).sort()).toEqual([mine, others, ".foley-notes"].sort());
  await sweepTemp(join(dir, "missing"));
});

test("sweeping takes back a sidecar whose process died before the WAV had its name, and keeps a whole take", async () => {
  const temp = join(dir, `.foley-${deadPid()}-${HOST}-bbbbbb`);
  mkdirSync(temp);
  for (const name of ["half.take.json", "half.wav"]) writeFileSync(join(temp, name), "");
  linkSync(join(temp, "half.take.json"), join(dir, "half.take.json"));
  await sweepTemp(dir);
  expect(readdirSync(dir)).toEqual([]);
  mkdirSync(temp);
  for (const name of ["whole.take.json", "whole.wav"]) {
    writeFileSync(join(temp, name), "");
    linkSync(join(temp, name), join(dir, name));
  }
  await sweepTemp(dir);
  expect(readdirSync(dir)).toEqual(["whole.take.json", "whole.wav"]);
});
