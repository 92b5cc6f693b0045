import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../support/cli.ts";
import { publishedFolder } from "../support/published.ts";

const MAIN = resolve(import.meta.dirname, "../../local-server/src/main.ts");

/** util-linux's `script` gives a program a terminal. */
function hasTerminal(): boolean {
  try {
    return /util-linux/.test(execFileSync("script", ["--version"], { encoding: "utf8" }));
  } catch {
    return false;
  }
}

/** Answers typed at once, before the questions: none may be lost. */
async function typed(answers: string, models: string): Promise<string> {
  const command = `"${process.execPath}" "${MAIN}" models import "${publishedFolder()}" --id tiny`;
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    env: { ...process.env, FOLEY_MODELS: models, FOLEY_PROVIDERS: "cpu" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  let shown = "";
  child.stdout.on("data", (chunk) => {
    shown += chunk;
    if (answers !== "" && shown.includes("Country you use it in")) {
      child.stdin.write(answers);
      answers = "";
    }
  });
  await new Promise((settle) => child.on("close", settle));
  return shown;
}

test.skipIf(!hasTerminal())("a terminal is asked for country and agreement, and shown how far it is", async () => {
  const models = tempFolder();
  const refused = await typed("FR\nyes\n", models);
  expect(refused).toMatch(/grants nothing in the European Union/);
  expect(refused).toMatch(/error licence: expected a territory that the licence covers, came FR/);
  expect(await typed("US\nno\n", models)).toMatch(/error licence: expected agreement to the licence/);
  expect(existsSync(join(models, "tiny"))).toBe(false);
  const made = await typed("us\nyes\n", models);
  expect(made).toMatch(/writing denoiser \d+ %/);
  expect(made).toMatch(/imported tiny \(int8, \d+ MB\) in [\d.]+ s, \d+ MiB at most/);
});
