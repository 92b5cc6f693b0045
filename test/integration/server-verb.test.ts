import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { SUBPROTOCOL, serverFileSchema } from "../../local-server/protocol/index.ts";
import { runtimePath } from "../../local-server/src/server/runtime-file.ts";
import { connectRpc } from "../../panel/src/bridges/rpc.ts";
import { foley, tempFolder } from "../support/cli.ts";
import { type RunningServer, serve } from "../support/panel.ts";

/** `foley serve` as it is started: what it prints, writes, refuses, and how it ends. */

const posix = process.platform !== "win32";

async function start(data: string, ...args: string[]): Promise<RunningServer> {
  const running = await serve(data, ...args);
  onTestFinished(() => running.stop("SIGKILL"));
  return running;
}

const fileOf = (data: string) => join(data, "run", "server.json");
const readServerFile = (data: string) => serverFileSchema.parse(JSON.parse(readFileSync(fileOf(data), "utf8")));

test("prints its address with the key behind the #, and writes both where only this user can read them", async () => {
  const data = tempFolder();
  const running = await start(data);
  const { origin, hash } = new URL(running.url);
  const facts = readServerFile(data);
  expect(facts).toMatchObject({
    pid: running.pid,
    apiVersions: ["1"],
    token: new URLSearchParams(hash.slice(1)).get("token"),
  });
  expect(facts.token).toMatch(/^[\w-]{43}$/);
  expect(origin).toBe(`http://127.0.0.1:${facts.port}`);
  if (posix) {
    expect(statSync(fileOf(data)).mode & 0o777).toBe(0o600);
    expect(statSync(join(data, "run")).mode & 0o777).toBe(0o700);
  }
  if (process.platform === "linux") {
    expect(readFileSync(`/proc/${running.pid}/cmdline`, "utf8")).not.toContain(facts.token);
    expect(readFileSync(`/proc/${running.pid}/environ`, "utf8")).not.toContain(facts.token);
  }
  const health = await fetch(`${origin}/v1/health`, { headers: { authorization: `Bearer ${facts.token}` } });
  expect(health.status).toBe(200);
  await running.stop();
  expect(existsSync(fileOf(data))).toBe(false);
});

test("another start on the same data folder is refused politely and names the first, which goes on", async () => {
  const data = tempFolder();
  const running = await start(data);
  const { code, stderr, stdout } = await foley(["serve"], { env: { FOLEY_DATA: data } });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^error in_use: /);
  expect(stderr).toContain(new URL(running.url).origin);
  expect(stderr).not.toContain(readServerFile(data).token);
  expect((await fetch(`${new URL(running.url).origin}/healthz`)).status).toBe(200);
});

test.runIf(process.platform === "linux")(
  "with --open another start opens the panel of the server that runs",
  async () => {
    const data = tempFolder();
    const running = await start(data);
    // Stands for the browser, and says what it was given.
    const bin = tempFolder();
    writeFileSync(join(bin, "xdg-open"), `#!/bin/sh\necho "$1" > ${bin}/opened\n`, { mode: 0o755 });
    const env = { FOLEY_DATA: data, PATH: `${bin}:${process.env.PATH}` };
    const { code, stdout } = await foley(["serve", "--open", "--clip", "a b.mp4"], { env, cwd: bin });
    const { hash } = new URL(/Foley runs already: (\S+)/.exec(stdout)![1]!);
    expect(code).toBe(0);
    expect(Object.fromEntries(new URLSearchParams(hash.slice(1)))).toEqual({
      token: new URLSearchParams(new URL(running.url).hash.slice(1)).get("token"),
      clip: join(bin, "a b.mp4"),
    });
    await expect.poll(() => existsSync(join(bin, "opened"))).toBe(true);
    expect(readFileSync(readFileSync(join(bin, "opened"), "utf8").trim(), "utf8")).toContain(hash);
  },
);

test.runIf(posix)("what a killed server left does not hinder the next", async () => {
  const data = tempFolder();
  const first = await start(data);
  const old = readServerFile(data);
  await first.stop("SIGKILL");
  expect(existsSync(fileOf(data))).toBe(true);
  await start(data);
  expect(readServerFile(data).token).not.toBe(old.token);
});

test.runIf(posix)("a signal ends it with 0, a connected client or not", async () => {
  const data = tempFolder();
  const child = spawn(process.execPath, [resolve("local-server/src/main.ts"), "serve", "--json"], {
    env: { ...process.env, FOLEY_DATA: data },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((settle) => child.once("exit", (...how) => settle(how)));
  const line = await new Promise<string>((settle) => child.stdout.once("data", (text) => settle(String(text))));
  const { port } = JSON.parse(line);
  const closed = Promise.withResolvers<string>();
  await connectRpc({
    url: `ws://127.0.0.1:${port}/v1/socket`,
    subprotocol: SUBPROTOCOL,
    token: readServerFile(data).token,
    clientId: "x",
    onNotification: () => {},
    onClose: closed.resolve,
  });
  child.kill("SIGTERM");
  expect(await closed.promise).toBe("the server stops");
  expect(await ended).toEqual([0, null]);
});

test.runIf(posix)(
  "told to end in the midst of work it lets go within seconds, and the job is there at the next start",
  async () => {
    const data = tempFolder();
    const running = await start(data);
    const { token, port } = readServerFile(data);
    const origin = `http://127.0.0.1:${port}`;
    const key = { authorization: `Bearer ${token}` };
    const body = JSON.stringify({ prompt: "rain", toTicks: "76204800000000", guideStrength: 1, steps: 200 });
    const headers = { ...key, "content-type": "application/json" };
    const asked = await fetch(`${origin}/v1/jobs`, { method: "POST", headers, body });
    const { id } = (await asked.json()) as { id: string };
    const following = fetch(`${origin}/v1/jobs/${id}/events`, { headers: key }).then((answer) => answer.text());
    const stateOf = async (at: string, bearer: Record<string, string>) =>
      ((await (await fetch(`${at}/v1/jobs/${id}`, { headers: bearer })).json()) as { state: string }).state;
    while ((await stateOf(origin, key)) === "queued") await new Promise((settle) => setTimeout(settle, 20));
    // An upload that never ends.
    const upload = connect(port, "127.0.0.1");
    upload.on("error", () => {});
    upload.write(
      `POST /v1/uploads HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n` +
        "Content-Type: video/mp4\r\nContent-Length: 1000000\r\n\r\nabc",
    );
    while (readdirSync(join(data, "uploads")).length === 0) await new Promise((settle) => setTimeout(settle, 20));
    await running.stop("SIGTERM");
    expect(await following).toContain('"state":"running"');
    expect(existsSync(fileOf(data))).toBe(false);
    const again = await start(data);
    const facts = readServerFile(data);
    const bearer = { authorization: `Bearer ${facts.token}` };
    expect(["queued", "running"]).toContain(await stateOf(new URL(again.url).origin, bearer));
    expect(readdirSync(join(data, "uploads"))).toEqual([]);
  },
);

test("with --idle-exit it stays while a client is there, and ends when none is left", async () => {
  const data = tempFolder();
  const child = spawn(process.execPath, [resolve("local-server/src/main.ts"), "serve", "--json", "--idle-exit", "2"], {
    env: { ...process.env, FOLEY_DATA: data },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let running = true;
  const ended = new Promise((settle) => child.once("exit", (code) => settle(code))).finally(() => {
    running = false;
  });
  await new Promise((settle) => child.stdout.once("data", settle));
  const { port, token } = readServerFile(data);
  const rpc = await connectRpc({
    url: `ws://127.0.0.1:${port}/v1/socket`,
    subprotocol: SUBPROTOCOL,
    token,
    clientId: "x",
    onNotification: () => {},
    onClose: () => {},
  });
  await new Promise((settle) => setTimeout(settle, 4500));
  expect(running).toBe(true);
  rpc.close();
  expect(await ended).toBe(0);
  expect(existsSync(fileOf(data))).toBe(false);
});

test("a port that is taken is said", async () => {
  const other = createServer();
  await new Promise<void>((ready) => other.listen(0, "127.0.0.1", ready));
  onTestFinished(() => void other.close());
  const { port } = other.address() as { port: number };
  const { code, stderr } = await foley(["serve", "--port", String(port)], { env: { FOLEY_DATA: tempFolder() } });
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^error address_taken: .*one that is taken/)]);
});

test.each([
  ["no keys", [], /^error usage: expected keys with --host 0\.0\.0\.0.*TLS.*docs\/security\.md/],
  ["a short key", ["--token", "short"], /^error bad_value: expected a key of at least 16/],
  ["no such file", ["--keys", "/nowhere"], /^error not_found/],
])("an address for other machines: %s, no server", async (_, args, words) => {
  const env = { FOLEY_DATA: tempFolder() };
  const { code, stderr } = await foley(["serve", "--host", "0.0.0.0", ...args], { env });
  expect([code, stderr]).toEqual([2, expect.stringMatching(words)]);
});

test.runIf(process.platform === "linux")("an address for other machines, with keys", async () => {
  const data = tempFolder();
  const keys = join(data, "keys");
  writeFileSync(keys, `# who may\nada ${"a".repeat(24)}\n\nbo  ${"b".repeat(24)}\n`, { mode: 0o644 });
  const host = ["--host", "127.0.0.2"];
  const { code, stderr } = await foley(["serve", ...host, "--keys", keys], { env: { FOLEY_DATA: data } });
  expect([code, stderr]).toEqual([2, expect.stringMatching(/a keys file that only you can read.*chmod 600/)]);
  spawnSync("chmod", ["600", keys]);
  mkdirSync(join(data, "clips"));
  const running = await start(data, ...host, "--keys", keys, "--root", join(data, "clips"));
  expect(running.url).toMatch(/^http:\/\/127\.0\.0\.2:\d+\/$/);
  const ask = (path: string, key: string) =>
    fetch(new URL(path, running.url), { headers: { authorization: `Bearer ${key}` } });
  expect((await ask("/v1/health", "a".repeat(24))).status).toBe(200);
  expect((await ask("/v1/health", "b".repeat(24))).status).toBe(200);
  expect((await ask("/v1/health", "c".repeat(24))).status).toBe(401);
  expect(existsSync(fileOf(data))).toBe(false);
});

test.runIf(process.platform === "linux")(
  "a key given as an argument is hidden from the list of processes",
  async () => {
    const running = await start(tempFolder(), "--host", "127.0.0.2", "--token", "k".repeat(32));
    expect(readFileSync(`/proc/${running.pid}/cmdline`, "utf8")).not.toContain("kkkk");
    expect(running.url).not.toContain("kkkk");
  },
);

test("where the server's file lies", () => {
  expect(runtimePath({ FOLEY_RUNTIME: "/r", FOLEY_DATA: "/d" })).toBe(resolve("/r/server.json"));
  expect(runtimePath({ FOLEY_DATA: "/d" })).toBe(resolve("/d/run/server.json"));
  if (process.platform === "linux") {
    expect(runtimePath({ XDG_RUNTIME_DIR: "/run/user/7" })).toBe("/run/user/7/foley/server.json");
  }
});
