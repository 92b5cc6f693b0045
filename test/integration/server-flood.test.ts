import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createRandom, type Random } from "../../local-server/src/random.ts";
import { type RunningServer, serve } from "../support/panel.ts";
import { serveHere, statusOf } from "../support/server.ts";

/**
 * What the server does with rubbish, in numbers: every request and every frame has its answer, memory stays, and at the end
 * it serves as at the beginning. A process of its own, so that its memory is its own. The same rubbish in every run.
 */

let server: RunningServer;
let port: number;
let token: string;
const data = mkdtempSync(join(tmpdir(), "foley-flood-"));
const heapFile = join(data, "heap");
beforeAll(async () => {
  const watcher = pathToFileURL(resolve(import.meta.dirname, "../support/heap-process.ts"));
  Object.assign(process.env, { NODE_OPTIONS: `--expose-gc --import ${watcher}`, FOLEY_TEST_HEAP: heapFile });
  server = await serve(data);
  delete process.env.NODE_OPTIONS;
  const url = new URL(server.url);
  port = Number(url.port);
  token = new URLSearchParams(url.hash.slice(1)).get("token")!;
});
afterAll(async () => {
  await server.stop();
  rmSync(data, { recursive: true, force: true });
});

/** What the server's process holds after a collection: what it could collect is no leak. */
async function heldMiB(): Promise<number> {
  rmSync(heapFile, { force: true });
  process.kill(server.pid, "SIGUSR2");
  while (!existsSync(heapFile) || readFileSync(heapFile, "utf8") === "") {
    await new Promise((settle) => setTimeout(settle, 20));
  }
  return Number(readFileSync(heapFile, "utf8")) / 2 ** 20;
}
const residentMiB = (): string =>
  `${(Number(execFileSync("ps", ["-o", "rss=", "-p", String(server.pid)], { encoding: "utf8" })) / 1024).toFixed(0)} MiB`;
const hmac = (text: string): string => createHmac("sha256", token).update(text).digest("hex");

/** Runs `work` for 0..count-1, `atOnce` at a time. */
async function many<T>(count: number, atOnce: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

const bytesOf = (random: Random, length: number): Buffer => Buffer.from(Array.from({ length }, () => random.int(256)));
const pick = <T>(random: Random, choices: readonly T[]): T => choices[random.int(choices.length)]!;

/** Sends all at once and ends; what came back until the other side ended. */
function exchange(bytes: Buffer): Promise<string> {
  return new Promise((settle) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(bytes));
    let answer = "";
    socket.setEncoding("latin1");
    socket.on("data", (text) => (answer += text));
    socket.on("error", () => {});
    socket.on("close", () => settle(answer));
  });
}

const HEAD = () => `Host: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n`;

/** A request that is wrong in one of many ways, from its first byte to a flipped character of its body. */
function badRequest(random: Random): Buffer {
  const post = (headers: string, body: string): string => `POST /v1/jobs HTTP/1.1\r\n${HEAD()}${headers}\r\n${body}`;
  const json = "Content-Type: application/json\r\n";
  const noise = bytesOf(random, 1 + random.int(60)).toString("latin1");
  const flipped = (): string => {
    const text = [...'{"prompt":"rain","toTicks":"254016000000","seed":-1}'];
    for (let n = 0; n < 3; n++) text[random.int(text.length)] = String.fromCharCode(33 + random.int(90));
    return text.join("");
  };
  const body = flipped();
  const kinds: (() => string)[] = [
    () => `\u0080${noise}`,
    () => `GET ${noise.replace(/[^\x80-\xff]/g, "\x01")}\x00 HTTP/1.1\r\n${HEAD()}\r\n`,
    () => `GET / HTTP/${random.int(90) + 3}.1\r\n${HEAD()}\r\n`,
    () => `${pick(random, ["GOT", "get", "G ET", "PUTT", "\tGET"])} / HTTP/1.1\r\n${HEAD()}\r\n`,
    () => `GET /v1/jobs HTTP/1.1\r\n${HEAD()}no colon here\r\n\r\n`,
    () => `GET /v1/jobs HTTP/1.1\r\n${HEAD()}X: ${"y".repeat(17_000)}\r\n\r\n`,
    () => `GET /v1/jobs HTTP/1.1\r\n${HEAD()}X: a\x00b\r\n\r\n`,
    () => `GET /v1/%${pick(random, ["", "z", "E0%A4%A", "ff"])} HTTP/1.1\r\n${HEAD()}\r\n`,
    () => `${pick(random, ["PUT", "TRACE", "PROPFIND", "DELETE"])} /v1/jobs HTTP/1.1\r\n${HEAD()}\r\n`,
    () => post(`${json}Content-Length: ${pick(random, ["-1", "x", "1e3", "99999999999999999999"])}\r\n`, "{}"),
    () => post(`${json}Content-Length: 2\r\nContent-Length: 3\r\n`, "{}"),
    () => post(`${json}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n`, "2\r\n{}\r\n0\r\n\r\n"),
    () => post(`${json}Transfer-Encoding: chunked\r\n`, `${pick(random, ["zz", "-2", "fffffffffffffffff"])}\r\n{}\r\n`),
    () => post(`${json}Content-Length: ${body.length + 10}\r\n`, body),
    () => post(`${json}Content-Length: ${body.length}\r\n`, body),
    () => post(`Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n`, body),
    () =>
      `GET /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${noise.length}\r\nConnection: close\r\n\r\n`,
    () => `GET /v1/jobs HTTP/1.1\r\nHost: evil${random.int(1e6)}.example\r\nConnection: close\r\n\r\n`,
  ];
  return Buffer.from(pick(random, kinds)(), "latin1");
}

/** Identifies and hands back the socket and what it hears from then on. */
async function proven(): Promise<{ socket: WebSocket; answers: unknown[] }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/socket`, ["foley.v1"]);
  const answers: unknown[] = [];
  await new Promise<void>((settle, fail) => {
    socket.on("error", fail);
    socket.on("message", (text) => {
      const message = JSON.parse(String(text));
      if (message.method !== "session.hello") {
        if (message.id === "proof") settle();
        else answers.push(message);
        return;
      }
      const params = { clientId: "x", clientNonce: "n", auth: hmac(`c${message.params.challenge}`) };
      socket.send(JSON.stringify({ jsonrpc: "2.0", id: "proof", method: "session.identify", params }));
    });
  });
  return { socket, answers };
}

/** A message that is no good call. */
function badMessage(random: Random, id: number): string {
  const value = (): unknown =>
    pick<() => unknown>(random, [
      () => null,
      () => random.int(1e9) - 5e8,
      () => 1e308,
      () => bytesOf(random, 8).toString("latin1"),
      () => [value()],
      () => ({ [pick(random, ["id", "__proto__", "request", "since", "path", "key"])]: value() }),
    ])();
  const call = (more: object): string => JSON.stringify({ jsonrpc: "2.0", id, ...more });
  return pick<() => string>(random, [
    () => call({ method: pick(random, ["jobs.drop", "toString", "", "session.hello", "state.changed"]) }),
    () => call({ method: "jobs.create", params: value() }),
    () => call({ method: "jobs.cancel", params: value() }),
    () => call({ method: "takes.mark", params: { id: value(), hearted: value() } }),
    () => call({ method: "clips.open", params: { path: value() } }),
    () => call({ method: "state.subscribe", params: { since: pick(random, ["1", 1.5, {}, true]) } }),
    () => call({ method: "jobs.create", params: { key: "k", request: { prompt: "x".repeat(600), toTicks: "1" } } }),
    ...(random.int(3) === 0
      ? [
          () => bytesOf(random, 20).toString("latin1"),
          () => JSON.stringify(value()),
          () => JSON.stringify({ jsonrpc: "2.0", id: value(), method: 5 }),
          () => "[".repeat(5000),
        ]
      : []),
  ])();
}

const UPGRADE = () =>
  `GET /v1/socket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\nSec-WebSocket-Protocol: foley.v1\r\n\r\n`;

/** A frame as a client sends it: masked, with the length as told. */
function frame(first: number, payload: Buffer, random: Random): Buffer {
  const mask = bytesOf(random, 4);
  const length = payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([first, ...length]), mask, payload.map((byte, i) => byte ^ mask[i % 4]!)]);
}

/** Frames that the protocol forbids, each with the code that ends the connection. */
const BAD_FRAMES: [string, number, (random: Random) => Buffer][] = [
  ["text without mask", 1002, () => Buffer.from([0x81, 0x02, 0x68, 0x69])],
  ["RSV1 without extension", 1002, (random) => frame(0xc1, bytesOf(random, 5), random)],
  ["RSV2 and RSV3", 1002, (random) => frame(0xb1, bytesOf(random, 5), random)],
  ["opcode 3", 1002, (random) => frame(0x83, bytesOf(random, 5), random)],
  ["opcode 11", 1002, (random) => frame(0x8b, bytesOf(random, 5), random)],
  ["a ping in pieces", 1002, (random) => frame(0x09, bytesOf(random, 5), random)],
  ["a ping of 126 bytes", 1002, (random) => frame(0x89, bytesOf(random, 126), random)],
  ["a continuation of nothing", 1002, (random) => frame(0x80, bytesOf(random, 5), random)],
  [
    "a new text inside another",
    1002,
    (random) => Buffer.concat([frame(0x01, Buffer.from("a"), random), frame(0x81, Buffer.from("b"), random)]),
  ],
  ["close with one byte", 1002, (random) => frame(0x88, Buffer.from([3]), random)],
  ["close with 1005", 1002, (random) => frame(0x88, Buffer.from([3, 0xed]), random)],
  ["no UTF-8", 1007, (random) => frame(0x81, Buffer.from([0xc0, 0x80, random.int(256)]), random)],
  ["2^62 bytes", 1009, () => Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])],
  ["1 MiB and a byte", 1009, () => Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, 1, 2, 3, 4])],
  [
    "1,025 pieces",
    1008,
    (random) =>
      Buffer.concat([
        frame(0x01, Buffer.alloc(0), random),
        ...Array.from({ length: 1025 }, () => frame(0x00, Buffer.alloc(0), random)),
      ]),
  ],
  ["bytes", 4400, (random) => frame(0x82, bytesOf(random, 20), random)],
  ["no JSON before the proof", 4400, (random) => frame(0x81, Buffer.from("{{{"), random)],
];

/** Upgrades, sends a frame, and hands back the code of the close frame that comes. */
function closeCodeOf(bytes: Buffer): Promise<number> {
  return new Promise((settle) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(UPGRADE()));
    let heard = Buffer.alloc(0);
    let isOpen = false;
    socket.on("data", (part) => {
      heard = Buffer.concat([heard, part]);
      const end = heard.indexOf("\r\n\r\n");
      if (!isOpen && end >= 0) {
        isOpen = true;
        heard = heard.subarray(end + 4);
        socket.write(bytes);
      }
      if (!isOpen) return;
      for (let at = 0; at + 2 <= heard.length; ) {
        const short = heard[at + 1]!;
        const start = at + (short === 126 ? 4 : 2);
        const length = short === 126 ? (heard[at + 2]! << 8) | heard[at + 3]! : short;
        if (heard[at] === 0x88 && start + 2 <= heard.length) {
          settle(heard.readUInt16BE(start));
          return void socket.destroy();
        }
        at = start + length;
      }
    });
    socket.on("error", () => {});
    socket.on("close", () => settle(0));
  });
}

const rounds = async (seed: number, scale: number) => {
  const random = createRandom(seed);
  const requests = Array.from({ length: 4000 * scale }, () => badRequest(random));
  const statuses = await many(requests.length, 16, async (index) => statusOf(await exchange(requests[index]!)));
  const sockets = Math.ceil(55 * scale);
  const told = await many(sockets, 4, async () => {
    const { socket, answers } = await proven();
    // Some calls are wrong only in what they ask for; all have an answer or end the connection, after a hundred.
    const messages = Array.from({ length: 90 }, (_, id) => badMessage(random, id));
    const closed = new Promise((settle) => socket.on("close", settle));
    for (const message of messages) socket.send(message);
    while (answers.length < messages.length && socket.readyState === WebSocket.OPEN) {
      await new Promise((settle) => setTimeout(settle, 5));
    }
    socket.close();
    await closed;
    return { sent: messages.length, answers };
  });
  const frames = await many(1100 * scale, 16, async (index) => {
    const [name, code, make] = BAD_FRAMES[index % BAD_FRAMES.length]!;
    return { name, code, came: await closeCodeOf(make(random)) };
  });
  return { statuses, told, frames };
};

test.runIf(process.platform !== "win32")(
  "10,000 malformed requests, calls and frames: each answered, memory flat, nothing done",
  {
    timeout: 240_000,
  },
  async () => {
    // What is made once has been made after a first, small round.
    await rounds(1, 0.1);
    const before = await heldMiB();
    const { statuses, told, frames } = await rounds(2, 1);
    const after = await heldMiB();
    const sent = statuses.length + told.reduce((sum, one) => sum + one.sent, 0) + frames.length;
    console.log(`${sent} malformed: held ${before.toFixed(1)} -> ${after.toFixed(1)} MiB, resident ${residentMiB()}`);
    expect(sent).toBeGreaterThan(10_000);
    const unexpected = statuses.filter((status) => status < 400 || status > 499);
    expect(unexpected).toEqual([]);
    for (const { sent: count, answers } of told) {
      expect(answers).toHaveLength(count);
      for (const answer of answers) {
        expect(answer).toMatchObject({
          jsonrpc: "2.0",
          error: { code: expect.any(Number), data: { code: expect.any(String) } },
        });
      }
    }
    for (const { name, code, came } of frames) expect([name, came]).toEqual([name, code]);
    expect(after - before).toBeLessThan(4);
    const headers = { authorization: `Bearer ${token}` };
    const { jobs } = (await (await fetch(`http://127.0.0.1:${port}/v1/jobs`, { headers })).json()) as {
      jobs: unknown[];
    };
    expect(jobs).toEqual([]);
  },
);

/** A connection that asks whether the server is there, and stays. */
const waitingOutside = (): Promise<string> =>
  new Promise((settle) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    });
    socket.on("error", () => settle("refused"));
    socket.on("close", () => settle("refused"));
    socket.on("data", () => settle("answered"));
  });

test("1,000 sockets are held, the next waits outside, and when they go there is room again", {
  timeout: 120_000,
}, async () => {
  const held = await many(1000, 50, proven);
  const others = await many(30, 1, waitingOutside);
  expect(others).toContain("refused");
  expect(held.filter(({ socket }) => socket.readyState === WebSocket.OPEN)).toHaveLength(1000);
  const { socket, answers } = held[500]!;
  socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "state.subscribe", params: { since: null } }));
  while (answers.length === 0) await new Promise((settle) => setTimeout(settle, 10));
  expect(answers).toMatchObject([{ id: 1, result: { snapshot: { jobs: [] } } }]);
  console.log(`1,000 sockets: ${residentMiB()}`);
  for (const one of held) one.socket.terminate();
  const deadline = Date.now() + 20_000;
  let status = 0;
  while (status !== 200 && Date.now() < deadline) {
    status = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      (answer) => answer.status,
      () => 0,
    );
  }
  expect(status).toBe(200);
});

test("200 requests that never end their head are told so, and others are served meanwhile", {
  timeout: 60_000,
}, async () => {
  const here = await serveHere({ limits: { headersTimeout_ms: 500 } });
  try {
    const slow = many(200, 200, () => {
      return new Promise<string>((settle) => {
        const socket = connect(here.port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: x"));
        let answer = "";
        socket.on("data", (text) => (answer += text));
        socket.on("error", () => {});
        socket.on("close", () => settle(answer));
      });
    });
    for (let n = 0; n < 20; n++) expect((await here.ask("/v1/jobs")).status).toBe(200);
    expect(new Set((await slow).map(statusOf))).toEqual(new Set([408]));
  } finally {
    await here.close();
  }
});
