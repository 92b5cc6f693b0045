import { createWriteStream, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import yazl from "yazl";
import { lastLines, run, SetupError } from "../process.mjs";
import { filesUnder } from "./files.mjs";

/** One date for all: the same files make the same archive. */
const MADE = new Date(2020, 0, 1);
/** Without a time stamp an installed panel dies with its certificate; servers come and go, so several are tried. */
const TIME_STAMPS = [
  "http://timestamp.digicert.com",
  "http://timestamp.sectigo.com",
  "http://timestamp.apple.com/ts01",
];

/** Puts a folder's files into an archive, the right to run them kept. */
export async function zipFolder(folder, target) {
  const archive = new yazl.ZipFile();
  for (const file of filesUnder(folder)) {
    const mode = statSync(join(folder, file)).mode & 0o111 ? 0o100755 : 0o100644;
    archive.addFile(join(folder, file), file, { mtime: MADE, mode });
  }
  archive.end();
  await pipeline(archive.outputStream, createWriteStream(target));
}

/**
 * Signs a folder into a .zxp and has the tool check it. Premiere on Windows refuses unsigned panels even in debug mode.
 * @throws SetupError with the tool's words
 */
export async function signFolder(folder, target, { tool, certificate, password }) {
  let said = "";
  for (const server of TIME_STAMPS) {
    rmSync(target, { force: true });
    const signed = await run(tool, ["-sign", folder, target, certificate, password, "-tsa", server]);
    said = signed.output;
    if (signed.code !== 0) continue;
    const checked = await run(tool, ["-verify", target, "-certinfo"]);
    if (checked.code === 0) return;
    said = checked.output;
  }
  rmSync(target, { force: true });
  throw new SetupError(`the package could not be signed:\n${lastLines(said).replaceAll(password, "***")}`);
}

/** Makes a certificate of one's own, good for tests and for one's own machines. */
export async function makeCertificate(tool, target, password) {
  const { code, output } = await run(tool, ["-selfSignedCert", "US", "NA", "Foley", "Foley tester", password, target]);
  if (code !== 0)
    throw new SetupError(`no certificate could be made:\n${lastLines(output).replaceAll(password, "***")}`);
}
