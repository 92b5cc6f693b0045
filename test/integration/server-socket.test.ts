import { createHmac } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { generateRequestSchema, type TakeResource, TICKS_PER_SECOND } from "../../local-server/protocol/index.ts";
import type { Limits } from "../../local-server/src/server/limits.ts";
import { type ServerHere, serveHere } from "../support/server.ts";

/** The socket's rules, by a client that breaks them. */

let server: ServerHere;
beforeAll(async () => {
  server = await serveHere({ limits: { identify_ms: 1500, requestsInFlight: 4, badMessages: 3 } });
});
afterAll(() => server.close());

/** What the server may say; a test looks at the parts that its message has. */
interface Message {
  readonly id: unknown;
  readonly params: { readonly challenge: string; readonly seq: number; readonly take: TakeResource };
  readonly result: unknown;
  readonly error?: { readonly code: number; readonly data: Readonly<Record<string, string>> };
}

interface Rude {
  readonly socket: WebSocket;
  readonly heard: Message[];
  readonly closed: Promise<[number, string]>;
  send(message: unknown): void;
  /** The next message that was not asked for before. */
  next(): Promise<Message>;
}

function open({ port } = server, protocols: string[] = ["foley.v1"], autoPong = true): Rude {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/socket`, protocols, { autoPong });
  const heard: Message[] = [];
  const waiting: ((message: Message) => void)[] = [];
  let read = 0;
  socket.on("message", (data) => {
    heard.push(JSON.parse(String(data)));
    if (waiting.length > 0) waiting.shift()!(heard[read++]!);
  });
  socket.on("error", () => {});
  return {
    socket,
    heard,
    closed: new Promise((settle) => socket.on("close", (code, reason) => settle([code, String(reason)]))),
    send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    next: () =>
      new Promise((settle) => {
        if (read < heard.length) settle(heard[read++]!);
        else waiting.push(settle);
      }),
  };
}

const hmac = (secret: string, text: string) => createHmac("sha256", secret).update(text).digest("hex");

async function identified(at = server, autoPong = true): Promise<Rude> {
  const rude = open(at, undefined, autoPong);
  const hello = await rude.next();
  const auth = hmac(at.token, `c${hello.params.challenge}`);
  rude.send({ jsonrpc: "2.0", id: 0, method: "session.identify", params: { clientId: "x", clientNonce: "n", auth } });
  expect(await rude.next()).toEqual({ jsonrpc: "2.0", id: 0, result: { proof: hmac(at.token, "sn") } });
  return rude;
}

const call = (id: unknown, method: string, params: unknown = {}) => ({ jsonrpc: "2.0", id, method, params });

test("the greeting tells a challenge that is new each time, and nothing of this machine", async () => {
  const [one, two] = [open(), open()];
  const [a, b] = [await one.next(), await two.next()];
  expect(a).toEqual({
    jsonrpc: "2.0",
    method: "session.hello",
    params: { challenge: expect.stringMatching(/^[\w-]{43}$/), apiVersions: ["1"], capabilities: expect.any(Array) },
  });
  expect(a.params.challenge).not.toBe(b.params.challenge);
  one.socket.close();
  two.socket.close();
});

test.each<[string, number, (rude: Rude) => Promise<void> | void]>([
  [
    "a wrong proof",
    4401,
    (rude) => rude.send(call(1, "session.identify", { clientId: "x", clientNonce: "n", auth: "no" })),
  ],
  ["a call before the proof", 4401, (rude) => rude.send(call(1, "state.subscribe", { since: null }))],
  ["no proof in time", 4408, () => {}],
  ["no JSON before the proof", 4400, (rude) => rude.send("hello")],
  ["bytes", 4400, (rude) => rude.socket.send(Buffer.from([1, 2, 3]))],
  ["a message of over 1 MiB", 1009, (rude) => rude.send("x".repeat(2 ** 20 + 1))],
])("%s ends the connection with %i", async (_, code, act) => {
  const rude = open();
  await rude.next();
  await act(rude);
  expect((await rude.closed)[0]).toBe(code);
});

test("another version of the wire is told so", async () => {
  const rude = open(server, ["foley.v9"]);
  expect((await rude.closed)[0]).toBe(4410);
});

test("the proof of another greeting is worth nothing", async () => {
  const [one, two] = [open(), open()];
  const { params } = await one.next();
  await two.next();
  const auth = hmac(server.token, `c${params.challenge}`);
  two.send(call(1, "session.identify", { clientId: "x", clientNonce: "n", auth }));
  expect((await two.closed)[0]).toBe(4401);
  one.socket.close();
});

test("identifying twice, and an id that is in use, end the connection", async () => {
  const twice = await identified();
  twice.send(call(1, "session.identify", { clientId: "x", clientNonce: "n", auth: "x" }));
  expect((await twice.closed)[0]).toBe(4429);
  const same = await identified();
  same.send(call("a", "state.subscribe", { since: null }));
  same.send(call("a", "state.subscribe", { since: null }));
  expect((await same.closed)[0]).toBe(4409);
});

test("what is no call is answered with its number; who sends nothing else is let go", async () => {
  const rude = await identified();
  const answers: [unknown, number][] = [
    ["{", -32700],
    ["[]", -32600],
    [{ jsonrpc: "1.0", id: 1, method: "x" }, -32600],
  ];
  for (const [message, code] of answers) {
    rude.send(message);
    expect(await rude.next()).toMatchObject({ id: null, error: { code, data: { code: "bad_request" } } });
  }
  rude.send("{");
  expect((await rude.closed)[0]).toBe(4400);
});

test("unknown calls, bad params and refusals come back with their body, and the connection stays", async () => {
  const rude = await identified();
  const cases: [ReturnType<typeof call>, number, string][] = [
    [call(1, "jobs.erase"), -32601, "bad_request"],
    [call(2, "__proto__"), -32601, "bad_request"],
    [call(3, "jobs.create", { key: "k", request: { prompt: 5 } }), -32602, "bad_prompt"],
    [call(4, "jobs.cancel", {}), -32602, "bad_value"],
    [call(5, "jobs.cancel", { id: "x", force: true }), -32602, "bad_value"],
    [call(6, "jobs.cancel", { id: "x" }), -32000, "not_found"],
    [call(7, "clips.open", { path: "/nowhere.mp4" }), -32000, "not_found"],
    [call(8, "takes.remove", { id: "../x" }), -32000, "not_found"],
    [call("text", "takes.mark", { id: "x", locked: "yes" }), -32602, "bad_value"],
  ];
  for (const [message, code, body] of cases) {
    rude.send(message);
    const { id, error } = await rude.next();
    expect([message.method, id, error?.code, error?.data.code]).toEqual([message.method, message.id, code, body]);
    for (const part of ["expected", "came", "todo"]) expect(error?.data[part]).toBeTruthy();
  }
  rude.socket.close();
});

test("more calls at once than allowed are refused one by one", async () => {
  const rude = await identified();
  for (let id = 1; id <= 10; id++) rude.send(call(id, "state.subscribe", { since: null }));
  const answers = [];
  for (let i = 0; i < 10; i++) answers.push(await rude.next());
  expect(answers.filter(({ error }) => error?.data.code === "too_many").map(({ id }) => id)).toEqual([
    5, 6, 7, 8, 9, 10,
  ]);
  expect(answers.flatMap(({ id, result }) => (result ? [Number(id)] : [])).sort()).toEqual([1, 2, 3, 4]);
  rude.socket.close();
});

const within = async (limits: Partial<Limits>, use: (at: ServerHere) => Promise<void>) => {
  const at = await serveHere({ limits });
  try {
    await use(at);
  } finally {
    await at.close();
  }
};

test("a client that answers no ping is let go", () =>
  within({ ping_ms: 50 }, async (at) => {
    const rude = await identified(at, false);
    const polite = await identified(at);
    expect((await rude.closed)[0]).toBe(1006);
    expect(polite.socket.readyState).toBe(WebSocket.OPEN);
    polite.socket.close();
  }));

test("a stopping server says goodbye", () =>
  within({}, async (at) => {
    const rude = await identified(at);
    await at.server.close();
    expect(await rude.closed).toEqual([1001, "the server stops"]);
  }));

test("a client that comes back on a connection that it still holds does not keep a stopping server", () =>
  within({}, async (at) => {
    const socket = connect(at.port, "127.0.0.1");
    const closed = once(socket, "close");
    let answer = "";
    socket.setEncoding("latin1").on("data", (text) => (answer += text));
    const host = `Host: 127.0.0.1:${at.port}`;
    // The beginning of the second request comes with the first: when that is answered, the connection is in use.
    socket.write(
      `GET /healthz HTTP/1.1\r\n${host}\r\n\r\nGET /v1/socket HTTP/1.1\r\n${host}\r\nUpgrade: websocket\r\n`,
    );
    await once(socket, "data");
    const stopped = at.server.close();
    const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
    socket.write(
      `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n${key}\r\nSec-WebSocket-Protocol: foley.v1\r\n\r\n`,
    );
    await closed;
    await stopped;
    expect(answer).not.toContain("101 Switching");
  }));

/** A take whose record is long, so that few changes weigh much. */
async function withTake(at: ServerHere): Promise<string> {
  const events = Array.from({ length: 300 }, (_, i) => ({
    time: i / 300,
    strength: 0.5,
    confidence: 1,
    x: 0,
    sound: null,
    variation: i,
  }));
  const request = generateRequestSchema.parse({ prompt: "rain", toTicks: String(TICKS_PER_SECOND), events });
  const { id } = await at.jobs.create(request);
  while (at.jobs.job(id).state !== "done") {
    expect(at.jobs.job(id).error).toBeNull();
    await new Promise((settle) => setTimeout(settle, 20));
  }
  return at.jobs.takes()[0]!.id;
}

test(
  "for a reader that stops news wait and merge; when it reads on it hears the newest, in order",
  { timeout: 120_000 },
  () =>
    within({ coalesceBytes: 64 * 1024 }, async (at) => {
      const take = await withTake(at);
      const slow = await identified(at);
      slow.send(call(1, "state.subscribe", { since: null }));
      await slow.next();
      slow.socket.pause();
      const bytes = JSON.stringify(at.jobs.take(take)).length;
      const before = process.memoryUsage().arrayBuffers;
      for (let i = 0; i < 1000; i++) {
        at.jobs.markTake(take, { hearted: i % 2 === 0 });
        if (i % 50 === 0) await new Promise((settle) => setImmediate(settle));
      }
      at.jobs.markTake(take, { locked: true });
      expect(bytes * 1000).toBeGreaterThan(20e6);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10e6);
      slow.socket.resume();
      let seq = 0;
      for (;;) {
        const { params } = await slow.next();
        expect(params.seq).toBeGreaterThan(seq);
        seq = params.seq;
        if (params.take.locked) break;
      }
      expect(seq).toBe(at.jobs.seq);
      expect(slow.heard.length).toBeLessThan(900);
      slow.socket.close();
    }),
);

test("one that asks and asks and never reads the answers is let go", { timeout: 120_000 }, () =>
  within({ unsentBytes: 2 ** 20, coalesceBytes: 2 ** 16 }, async (at) => {
    const take = await withTake(at);
    const greedy = await identified(at);
    greedy.socket.pause();
    const answers = 4000;
    for (let id = 1; id <= answers && greedy.socket.readyState === WebSocket.OPEN; id++) {
      greedy.send(call(id, "takes.mark", { id: take, hearted: true }));
      if (id % 20 === 0) await new Promise((settle) => setTimeout(settle, 1));
    }
    greedy.socket.resume();
    expect([1006, 1013]).toContain((await greedy.closed)[0]);
    expect(greedy.heard.length).toBeLessThan(answers);
  }),
);
