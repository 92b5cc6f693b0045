// `npm run package`: the extension for Premiere as a folder, and as a signed .zxp or an unsigned .zip, for each platform.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { PLATFORMS, PREMIERE_PLATFORMS } from "./extension/platforms.mjs";
import { callerFolder, exitWith, programPath, root, SetupError } from "./process.mjs";
import { ensureReady } from "./setup.mjs";

const USAGE = `usage: npm run package -- [--platform darwin-arm64|win32-x64|linux-x64]… [--out DIR] [--folder-only]
       signed: FOLEY_ZXP_TOOL=ZXPSignCmd with FOLEY_ZXP_CERT=cert.p12 FOLEY_ZXP_PASSWORD=…, or with --self-signed`;

/** The signing tool and certificate of the environment, none yet where one's own is to be made; null where nothing is signed. */
function signing(isSelfSigned) {
  const { FOLEY_ZXP_TOOL: named, FOLEY_ZXP_CERT: certificate, FOLEY_ZXP_PASSWORD: password } = process.env;
  if (!named && !certificate && !isSelfSigned) return null;
  const tool = programPath(named || "ZXPSignCmd");
  if (!tool) throw new SetupError(`${named || "ZXPSignCmd"} is no program. Set FOLEY_ZXP_TOOL to Adobe's ZXPSignCmd.`);
  if (!certificate) {
    if (isSelfSigned) return { tool };
    throw new SetupError("FOLEY_ZXP_TOOL alone signs nothing: give FOLEY_ZXP_CERT or --self-signed.");
  }
  if (!existsSync(certificate)) throw new SetupError(`FOLEY_ZXP_CERT names ${certificate}, which is not there.`);
  if (!password) throw new SetupError("FOLEY_ZXP_PASSWORD must hold the certificate's password.");
  return { tool, certificate, password };
}

/** With a certificate of one's own for this run, gone after it. */
async function withOwnCertificate({ tool }, out, work) {
  const own = { tool, certificate: join(out, "self-signed.p12"), password: randomBytes(16).toString("hex") };
  const { makeCertificate } = await import("./extension/pack.mjs");
  rmSync(own.certificate, { force: true });
  try {
    await makeCertificate(tool, own.certificate, own.password);
    await work(own);
  } finally {
    rmSync(own.certificate, { force: true });
  }
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

async function main() {
  const { values } = parseArgs({
    options: {
      platform: { type: "string", multiple: true },
      out: { type: "string" },
      "folder-only": { type: "boolean" },
      "self-signed": { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const platforms = values.platform ?? PREMIERE_PLATFORMS;
  const unknown = platforms.find((name) => !(name in PLATFORMS));
  if (unknown) throw new SetupError(`${unknown} is none of ${Object.keys(PLATFORMS).join(", ")}.\n${USAGE}`);
  const signer = values["folder-only"] ? null : signing(values["self-signed"]);
  await ensureReady({ need: { panel: true, host: true } });
  const out = values.out ? resolve(callerFolder(), values.out) : join(root, "dist");
  mkdirSync(out, { recursive: true });
  const make = async (by) => {
    for (const platform of platforms) await makeOne(platform, out, by, values["folder-only"]);
  };
  if (signer && !signer.certificate) await withOwnCertificate(signer, out, make);
  else await make(signer);
  return 0;
}

/** One platform's folder and archive, told as they are made. */
async function makeOne(platform, out, signer, isFolderOnly) {
  const { stageExtension, VERSION } = await import("./extension/stage.mjs");
  const { signFolder, zipFolder } = await import("./extension/pack.mjs");
  const { folder, bytes } = await stageExtension(platform, out);
  const sizes = Object.entries(bytes).map(([part, size]) => `${part} ${megabytes(size)}`);
  console.log(`${folder}\n  ${sizes.join(", ")}`);
  if (isFolderOnly) return;
  const target = join(out, `foley-${VERSION}-${platform}${signer ? ".zxp" : "-UNSIGNED.zip"}`);
  if (signer) await signFolder(folder, target, signer);
  else await zipFolder(folder, target);
  console.log(`${target}\n  ${megabytes(statSync(target).size)}${signer ? ", signed" : ", not signed"}`);
}

await exitWith(main);
