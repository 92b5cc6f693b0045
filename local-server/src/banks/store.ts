import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type UserBank, userBankSchema } from "../../protocol/index.ts";
import { UserError } from "../errors.ts";
import { dataFolder } from "../onnx/bundle.ts";
import { fileError, publish, withTempFolder, writeSynced } from "../takes/temp.ts";

/** Where the user's banks are kept: a folder each, with bank.json and text.f32. */
const banksFolder = (): string => join(dataFolder(), "banks");

const RECORD = "bank.json";
const EMBEDDINGS = "text.f32";

/** A bank that was added, with its embeddings [rows, dims]. @throws UserError not_found, damaged */
export async function readBank(id: string): Promise<{ bank: UserBank; text: Float32Array }> {
  const bank = await readRecord(id);
  const path = join(banksFolder(), id, EMBEDDINGS);
  const bytes = await readFile(path).catch(() => {
    throw damaged(path, "nothing readable", id);
  });
  const { rows, dims } = bank.text;
  if (bytes.length !== 4 * rows * dims) throw damaged(path, `${bytes.length} bytes`, id);
  return { bank, text: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)) };
}

async function readRecord(id: string): Promise<UserBank> {
  const ids = await listIds();
  if (!ids.includes(id)) {
    const known = ids.join(", ") || "none";
    throw new UserError("not_found", `one of your banks (${known})`, JSON.stringify(id), "see `foley bank list`");
  }
  const path = join(banksFolder(), id, RECORD);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch {
    throw damaged(path, "no JSON", id);
  }
  const parsed = userBankSchema.safeParse(json);
  if (parsed.success && parsed.data.id === id) return parsed.data;
  const issue = parsed.success ? "another id" : `${parsed.error.issues[0]!.path.join(".")}`;
  throw damaged(path, issue, id);
}

const damaged = (path: string, came: string, id: string): UserError =>
  new UserError("damaged", `${path} as it was written`, came, `run foley bank remove ${id}, then add the folder again`);

/** Where a sound of a bank lies, and what is wrong with it if it is not the file that was measured. */
export async function findSound(
  { folder }: UserBank,
  { id, bytes, modifiedMs }: UserBank["sounds"][number],
): Promise<{ path: string; problem: "gone" | "another file" | null }> {
  const path = join(folder, id);
  const facts = await stat(path).catch(() => null);
  const isSame = facts?.size === bytes && facts.mtimeMs === modifiedMs;
  return { path, problem: isSame ? null : facts ? "another file" : "gone" };
}

async function listIds(): Promise<string[]> {
  const entries = await readdir(banksFolder(), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && /^[a-z0-9][a-z0-9-]{0,40}$/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}

/** All banks that can be read; `problem` says what is wrong with one that cannot. */
export async function listBanks(): Promise<{ id: string; bank: UserBank | null; problem: string | null }[]> {
  const banks = [];
  for (const id of await listIds()) {
    try {
      banks.push({ id, bank: await readRecord(id), problem: null });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      banks.push({ id, bank: null, problem: error.message });
    }
  }
  return banks;
}

/** The bank that was made of a folder, if any. */
export async function bankOfFolder(folder: string): Promise<string | null> {
  return (await listBanks()).find(({ bank }) => bank?.folder === folder)?.id ?? null;
}

/** @throws UserError target_exists */
export async function assertFree(id: string): Promise<void> {
  if (!(await listIds()).includes(id)) return;
  const todo = `run foley bank remove ${id} first, or give another --name`;
  throw new UserError("target_exists", "a name that no bank has", JSON.stringify(id), todo);
}

/** Writes a bank whole or not at all. @throws UserError target_exists, disk_full, target_not_writable */
export async function saveBank(bank: UserBank, text: Float32Array): Promise<void> {
  await assertFree(bank.id);
  const folder = join(banksFolder(), bank.id);
  try {
    await mkdir(folder, { recursive: true });
    await withTempFolder(folder, async (temp) => {
      await writeSynced(join(temp, EMBEDDINGS), new Uint8Array(text.buffer, text.byteOffset, text.byteLength), folder);
      await writeSynced(join(temp, RECORD), `${JSON.stringify(bank, null, 1)}\n`, folder);
      publish(temp, [EMBEDDINGS, RECORD], folder);
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw fileError(error, folder);
  }
}

/** Forgets a bank; its sounds stay where they are. Returns their folder, or null where the bank was damaged. @throws UserError not_found */
export async function removeBank(id: string): Promise<string | null> {
  const bank = await readRecord(id).catch((error: UserError) => {
    if (error.code === "damaged") return null;
    throw error;
  });
  await rm(join(banksFolder(), id), { recursive: true, force: true });
  return bank?.folder ?? null;
}
