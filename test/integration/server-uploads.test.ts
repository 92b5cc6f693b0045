import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clipSchema } from "../../local-server/protocol/index.ts";
import { DEFAULT_LIMITS } from "../../local-server/src/server/limits.ts";
import { openUploads } from "../../local-server/src/server/uploads.ts";
import { SAMPLE, tempFolder } from "../support/cli.ts";
import { makeWithFfmpeg } from "../support/clips.ts";
import { rawRequest, type ServerHere, serveHere, statusOf } from "../support/server.ts";

let server: ServerHere;
let folder: string;
const clip = readFileSync(SAMPLE);
beforeAll(async () => {
  server = await serveHere({ limits: { uploadBytes: 2_000_000, uploadsAtOnce: 2, idleBody_ms: 500 } });
  folder = mkdtempSync(join(tmpdir(), "foley-uploads-"));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const uploads = () => join(server.dataFolder, "uploads");
const partials = () => readdirSync(uploads()).filter((name) => name.startsWith("."));
const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code];
const upload = (body: BodyInit, headers: Record<string, string> = {}) =>
  server.ask("/v1/uploads", { method: "POST", headers: { "content-type": "video/mp4", ...headers }, body });
const head = (...more: string[]) => [
  `Host: 127.0.0.1:${server.port}`,
  `Authorization: Bearer ${server.token}`,
  "Content-Type: application/octet-stream",
  ...more,
];

test("a file's name is shown and never a path; the same file is kept once", async () => {
  const names = [
    "../../../../etc/cron.d/x.mp4",
    "..\\..\\boot.mov",
    "/abs/olute.avi",
    "a\u0000b\u202e.mp4",
    "‏clip 😀.mp4",
    "",
    "CON",
  ];
  const paths = new Set<string>();
  for (const name of names) {
    const answer = await upload(clip, { "foley-file-name": encodeURIComponent(name) });
    expect([name, answer.status]).toEqual([name, 201]);
    const { path, name: shown } = clipSchema.parse(await answer.json());
    expect(dirname(dirname(path))).toBe(uploads());
    expect(basename(path)).toMatch(/^[a-z0-9-]{1,40}(\.(mp4|mov|avi))?$/);
    expect(shown).not.toMatch(/[\u0000\u202e/\\]/);
    expect(readFileSync(path).equals(clip)).toBe(true);
    paths.add(path);
  }
  expect(paths.size).toBe(1);
  expect(await codeOf(await upload(clip, { "foley-file-name": "%E0%A4%A" }))).toEqual([400, "bad_request"]);
});

test("AVI and MOV are taken, too, and what is no video leaves nothing behind", { timeout: 60_000 }, async () => {
  const before = readdirSync(uploads()).length;
  for (const [name, ...options] of [
    ["a.avi", "-c:v", "mpeg4"],
    ["b.mov", "-c:v", "prores_ks"],
  ] as const) {
    const path = join(folder, name);
    await makeWithFfmpeg("-f", "lavfi", "-i", "testsrc=s=160x96:r=25:d=1", ...options, path);
    const answer = await upload(readFileSync(path), { "foley-file-name": name });
    expect([name, answer.status]).toEqual([name, 201]);
  }
  expect(await codeOf(await upload("<html>not a video</html>"))).toEqual([422, "unsupported_or_damaged"]);
  expect(await codeOf(await upload(clip.subarray(0, 300_000)))).toEqual([422, expect.stringMatching(/damaged/)]);
  expect(await codeOf(await upload(""))).toEqual([422, "empty_file"]);
  expect(readdirSync(uploads()).length).toBe(before + 2);
  expect(partials()).toEqual([]);
});

test("too much is refused by what is said and by what comes", async () => {
  const said = await rawRequest(server.port, "POST", "/v1/uploads", head("Content-Length: 99999999999"));
  expect(statusOf(said)).toBe(413);
  const part = `${(1_500_000).toString(16)}\r\n${"x".repeat(1_500_000)}\r\n`;
  const lied = await rawRequest(server.port, "POST", "/v1/uploads", head("Transfer-Encoding: chunked"), part + part);
  expect(statusOf(lied)).toBe(413);
  expect(partials()).toEqual([]);
});

test("who sends on after a refusal still gets it: a client that reads only when it has sent", async () => {
  const large = await serveHere({ limits: { uploadBytes: 1000 } });
  try {
    const answer = await new Promise<string>((settle) => {
      const socket = connect(large.port, "127.0.0.1");
      const bytes = 30_000_000;
      let text = "";
      socket.pause();
      socket.write(
        `POST /v1/uploads HTTP/1.1\r\nHost: 127.0.0.1:${large.port}\r\nAuthorization: Bearer ${large.token}\r\n` +
          `Content-Type: video/mp4\r\nContent-Length: ${bytes}\r\n\r\n`,
      );
      socket.write(Buffer.alloc(bytes), () => socket.resume());
      socket.on("data", (part) => {
        text += part;
        if (text.includes("upload_too_large")) socket.destroy();
      });
      socket.on("error", () => {});
      socket.on("close", () => settle(text));
    });
    expect(statusOf(answer)).toBe(413);
  } finally {
    await large.close();
  }
});

test("an upload waits for `100 Continue`, which comes only where it will be taken", async () => {
  const [yes, no] = await Promise.all([
    rawRequest(server.port, "POST", "/v1/uploads", head("Content-Length: 100", "Expect: 100-continue")),
    rawRequest(server.port, "POST", "/v1/uploads", head("Content-Length: 99999999999", "Expect: 100-continue")),
  ]);
  expect(yes).toMatch(/^HTTP\/1\.1 100 Continue\r\n/);
  expect(no).toMatch(/^HTTP\/1\.1 413/);
});

test("one that stops is told so, one that breaks off is cleared away, a third at once has to wait", async () => {
  const open = () => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      `POST /v1/uploads HTTP/1.1\r\n${head("Content-Length: 1000000").join("\r\n")}\r\n\r\n${"x".repeat(1000)}`,
    );
    const answer = new Promise<string>((settle) => {
      let text = "";
      socket.on("data", (data) => (text += data)).on("close", () => settle(text));
    });
    return { socket, answer };
  };
  const sockets = [open(), open()];
  while (partials().length < 2) await new Promise((settle) => setTimeout(settle, 10));
  const third = await upload(clip);
  expect([await codeOf(third), third.headers.get("retry-after")]).toEqual([[429, "too_many"], "5"]);
  sockets[0]!.socket.destroy();
  expect(statusOf(await sockets[1]!.answer)).toBe(408);
  while (partials().length > 0) await new Promise((settle) => setTimeout(settle, 10));
  expect((await upload(clip)).status).toBe(201);
});

test("a disk without room is said before anything is written", async () => {
  const full = await serveHere({ limits: { diskReserveBytes: Number.MAX_SAFE_INTEGER / 2 } });
  try {
    const headers = { "content-type": "video/mp4" };
    const answer = await full.ask("/v1/uploads", { method: "POST", headers, body: clip });
    expect(await codeOf(answer)).toEqual([507, "disk_full"]);
    expect(readdirSync(join(full.dataFolder, "uploads"))).toEqual([]);
  } finally {
    await full.close();
  }
});

test("halves that a killed server left are gone after the next start, whole files stay", async () => {
  const left = tempFolder();
  writeFileSync(join(left, ".partial-x"), "half");
  mkdirSync(join(left, "whole"));
  await openUploads(left, DEFAULT_LIMITS);
  expect(readdirSync(left)).toEqual(["whole"]);
});

test("paths: what is no plain file, or is not there, is refused by name", async () => {
  const open = (path: unknown) => server.post("/v1/clips", { path });
  const fifo = join(folder, "fifo.mp4");
  execFileSync("mkfifo", [fifo]);
  symlinkSync(join(folder, "loop.mp4"), join(folder, "loop.mp4"));
  symlinkSync(join(folder, "nothing"), join(folder, "dangling.mp4"));
  const cases: [unknown, number, string][] = [
    [fifo, 422, "not_regular_file"],
    ["/dev/zero", 422, "not_regular_file"],
    [folder, 422, "not_regular_file"],
    [join(folder, "loop.mp4"), 404, "not_found"],
    [join(folder, "dangling.mp4"), 404, "not_found"],
    [join(folder, "none.mp4"), 404, "not_found"],
    ["relative.mp4", 404, "not_found"],
    ["", 422, "bad_value"],
    [`${SAMPLE}\u0000.mp4`, 404, "not_found"],
    [`/${"x".repeat(4096)}`, 422, "bad_value"],
    [`/${"é".repeat(3000)}`, 404, "not_found"],
    [`/${"x".repeat(300)}`, 404, "not_found"],
    ["file:///etc/passwd", 404, "not_found"],
    ["http://127.0.0.1:1/x.mp4", 404, "not_found"],
    ["/etc/passwd", 422, "unsupported_or_damaged"],
    [5, 422, "bad_value"],
    [null, 422, "bad_value"],
  ];
  for (const [path, status, code] of cases) {
    const answer = await open(path);
    expect([path, ...(await codeOf(answer))]).toEqual([path, status, code]);
  }
  const tricky = ["-y.mp4", "%d.mp4", "a;b|c&d$(e)`f`'g\".mp4", "concat:a|b.mp4", "line\nbreak.mp4"];
  for (const name of tricky) {
    writeFileSync(join(folder, name), clip);
    expect([name, (await open(join(folder, name))).status]).toEqual([name, 200]);
  }
});

test("shared, only files in the roots can be named, whatever way is tried", async () => {
  const root = join(folder, "root");
  mkdirSync(root);
  writeFileSync(join(root, "in.mp4"), clip);
  symlinkSync(SAMPLE, join(root, "out.mp4"));
  mkdirSync(join(folder, "root-beside"));
  writeFileSync(join(folder, "root-beside", "x.mp4"), clip);
  const shared = await serveHere({ shared: { roots: [root], names: [] } });
  try {
    const open = (path: string) => shared.post("/v1/clips", { path });
    expect((await open(join(root, "in.mp4"))).status).toBe(200);
    const outside = [
      SAMPLE,
      join(root, "out.mp4"),
      `${root}/../root-beside/x.mp4`,
      join(folder, "root-beside", "x.mp4"),
      "/etc/passwd",
      "/no/such/file",
      root.slice(0, -1),
    ];
    for (const path of outside) {
      expect([path, ...(await codeOf(await open(path)))]).toEqual([path, 403, "outside_roots"]);
      for (const request of [
        { video: path },
        { video: join(root, "in.mp4"), guide: { kind: "file", path } },
        { video: join(root, "in.mp4"), guide: { kind: "folder", path } },
        { video: join(root, "in.mp4"), regenerate: { take: path, fromTicks: "0", toTicks: "1" } },
      ]) {
        expect([request, ...(await codeOf(await shared.post("/v1/jobs", request)))]).toEqual([
          request,
          403,
          "outside_roots",
        ]);
      }
    }
    const sent = await shared.ask("/v1/uploads", {
      method: "POST",
      headers: { "content-type": "video/mp4" },
      body: clip,
    });
    const { path } = clipSchema.parse(await sent.json());
    expect((await open(path)).status).toBe(200);
    expect(shared.jobs.jobs()).toEqual([]);
    expect(existsSync(path)).toBe(true);
  } finally {
    await shared.close();
  }
});
