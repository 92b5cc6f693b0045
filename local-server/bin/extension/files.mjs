import { constants, copyFileSync, lstatSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { SetupError } from "../process.mjs";

/** Every file under a folder, relative, with forward slashes, in order; what is neither file nor folder comes along. */
export function filesUnder(folder) {
  const found = [];
  const visit = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inside = join(path, entry.name);
      if (entry.isDirectory()) visit(inside);
      else found.push(relative(folder, inside).split(sep).join("/"));
    }
  };
  visit(folder);
  return found.sort();
}

/** Copies what `keep` lets through; what lies there as nothing, or as the desktop's own, is left out. */
export function copyFolder(from, to, keep = () => true) {
  for (const file of filesUnder(from)) {
    const source = join(from, file);
    if (!keep(file) || /(^|\/)(\.DS_Store|\.bin)(\/|$)/.test(file) || statSync(source).size === 0) continue;
    copyOne(source, join(to, file));
  }
}

export function copyOne(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
}

export const bytesUnder = (folder) =>
  filesUnder(folder).reduce((sum, file) => sum + lstatSync(join(folder, file)).size, 0);

/**
 * What breaks a signature or is refused at the exchange: links, empty files, the desktop's own files, two names that differ in
 * case only. @throws SetupError naming them
 */
export function checkTree(folder) {
  const seen = new Map();
  const wrong = [];
  for (const file of filesUnder(folder)) {
    const stat = lstatSync(join(folder, file));
    if (!stat.isFile()) wrong.push(`${file} is no plain file`);
    else if (stat.size === 0) wrong.push(`${file} is empty`);
    if (/(^|\/)(\.DS_Store|__MACOSX|\.bin|\.debug)(\/|$)/.test(file)) wrong.push(`${file} does not belong there`);
    if (/[#\u0080-\uffff]/.test(file)) wrong.push(`${file}: letters that an installer stumbles over`);
    if (seen.has(file.toLowerCase())) wrong.push(`${file} and ${seen.get(file.toLowerCase())} are one on Windows`);
    seen.set(file.toLowerCase(), file);
  }
  if (wrong.length > 0) throw new SetupError(`the package must not hold these:\n${wrong.join("\n")}`);
}
