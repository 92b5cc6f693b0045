import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, matchesGlob, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { foley, startFoley, tempFolder } from "../support/cli.ts";

/**
 * The Dockerfile as far as it can be tried without Docker: what it copies is there and reaches it, and its commands are
 * commands that work.
 */

const root = resolve(import.meta.dirname, "../..");
const lines = readFileSync(join(root, "Dockerfile"), "utf8")
  .replaceAll("\\\n", " ")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
const stages = lines
  .join("\n")
  .split(/^(?=FROM )/m)
  .map((text) => text.trimEnd().split("\n"));
const wordsOf = (line: string): string[] => line.split(/\s+/).slice(1);
const execOf = (line: string): string[] => JSON.parse(line.slice(line.indexOf("[")));

/** What git knows and .dockerignore lets through: all that a build on a fresh clone can see. */
function visible(): string[] {
  const rules = readFileSync(join(root, ".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line && !line.startsWith("#"));
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  const matches = (file: string, rule: string): boolean => {
    const parts = file.split("/");
    // There the star stands for hidden files, too.
    if (rule === "*") return true;
    return parts.some((_, i) => matchesGlob(parts.slice(0, i + 1).join("/"), rule));
  };
  return files
    .trim()
    .split("\n")
    .filter(
      (file) =>
        !rules.reduce(
          (out, rule) => (rule.startsWith("!") ? out && !matches(file, rule.slice(1)) : out || matches(file, rule)),
          false,
        ),
    );
}

test.skipIf(!existsSync(join(root, ".git")))(
  "all that is copied is there, and no more is sent (skipped without git)",
  () => {
    const files = visible();
    const copied: string[] = [];
    for (const line of lines.filter((one) => one.startsWith("COPY ") && !one.includes("--from="))) {
      const sources = wordsOf(line).slice(0, -1);
      expect(sources.length).toBeGreaterThan(0);
      for (const source of sources) {
        const found = files.filter((file) => file === source || (source.endsWith("/") && file.startsWith(source)));
        expect([line, source, found.length > 0]).toEqual([line, source, true]);
        copied.push(...found);
      }
    }
    const extra = files.filter((file) => !copied.includes(file));
    expect(extra).toEqual([]);
    for (const file of files) expect(file).not.toMatch(/node_modules|^test\/|\/training\//);
  },
);

test("every stage ends with what the next one or the command needs", () => {
  const [build, last] = stages.map((stage) => stage.join("\n")) as [string, string];
  expect(stages).toHaveLength(2);
  const built = /COPY --from=panel \/foley\/(\S+)\/ (\S+)\/$/m.exec(last)!;
  expect(built[1]).toBe("panel/dist");
  expect(built[2]).toBe("panel/dist");
  expect(build).toContain("vite/bin/vite.js build --config panel/vite.config.ts");
  // What the server imports lies in the folders that are copied, and its packages in its own list.
  for (const folder of ["local-server/", "models/"])
    expect(last).toMatch(new RegExp(`^COPY ${folder} ${folder}$`, "m"));
  const { dependencies } = JSON.parse(readFileSync(join(root, "local-server/package.json"), "utf8"));
  for (const name of ["express", "ws", "zod", "onnxruntime-node"]) expect(Object.keys(dependencies)).toContain(name);
  expect(last).toMatch(/^USER node$/m);
  const major = Number(/^FROM node:(\d+)/.exec(last)![1]);
  expect(major).toBe(Number(process.versions.node.split(".")[0]));
});

test.runIf(process.platform === "linux")(
  "its command starts the server it says, and its health check finds it",
  { timeout: 60_000 },
  async () => {
    const data = tempFolder();
    const [program, ...command] = execOf(lines.findLast((line) => line.startsWith("CMD "))!);
    const [checker, ...check] = execOf(lines.find((line) => line.startsWith("HEALTHCHECK "))!.replace(/^.*?CMD/, ""));
    expect([program, checker, existsSync(join(root, command.find((word) => word.endsWith("main.ts"))!))]).toEqual([
      "node",
      "node",
      true,
    ]);
    const args = command.slice(command.indexOf("serve"));
    const env = { FOLEY_DATA: data };
    expect(args.slice(0, 5)).toEqual(["serve", "--host", "0.0.0.0", "--port", "8080"]);
    const bare = await foley(args, { env });
    expect([bare.code, bare.stderr]).toEqual([2, expect.stringMatching(/^error not_found: expected --keys as a file/)]);
    // The same on an address and a port of this test's own.
    mkdirSync(join(data, "secrets"));
    const keys = join(data, "secrets", "keys");
    writeFileSync(keys, `ada ${"k".repeat(32)}\n`, { mode: 0o600 });
    const own = args.map(
      (arg) => ({ "0.0.0.0": "127.0.0.2", "8080": "0", "/run/secrets/foley-keys": keys })[arg] ?? arg,
    );
    const { child, done } = startFoley([...own, "--json"], { env });
    const { port } = JSON.parse(String(await new Promise((settle) => child.stdout!.once("data", settle))));
    const script = check.at(-1)!.replace("127.0.0.1:8080", `127.0.0.2:${port}`);
    expect(script).toContain(String(port));
    await promisify(execFile)(process.execPath, ["-e", script]);
    child.kill("SIGTERM");
    expect((await done).code).toBe(0);
  },
);
