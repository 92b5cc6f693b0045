import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { TICKS_PER_SECOND, type World } from "./state.ts";

const WINDOWS_ROOT = "C:";

/** A path of the script as a path of this disk. */
export const onDisk = (path: string): string => path.replaceAll("\\", "/").replace(/^C:/i, "");

/** Length of a PCM WAV in ticks, from its header: the file is a real one. */
export function wavTicks(path: string): number {
  const head = Buffer.alloc(4096);
  const file = openSync(path, "r");
  readSync(file, head, 0, head.length, 0);
  closeSync(file);
  const format = head.indexOf("fmt ");
  const data = head.indexOf("data");
  const bytesPerSecond = head.readUInt32LE(format + 16);
  const bytesPerSample = head.readUInt16LE(format + 20);
  const samples = head.readUInt32LE(data + 4) / bytesPerSample;
  return Math.round((samples * bytesPerSample * TICKS_PER_SECOND) / bytesPerSecond);
}

/** File and Folder of ExtendScript over the real disk; in the Windows manner where asked. */
export function fileClasses(world: World) {
  const native = (path: string): string => {
    const clean = join("/", onDisk(path));
    return world.quirks.windows ? `${WINDOWS_ROOT}${clean.replaceAll("/", "\\")}` : clean;
  };

  class Folder {
    readonly #path: string;
    constructor(path: string) {
      if (typeof path !== "string") throw new Error("Folder takes a path");
      this.#path = onDisk(path);
    }
    get exists(): boolean {
      return existsSync(this.#path) && statSync(this.#path).isDirectory();
    }
    get fsName(): string {
      return native(this.#path);
    }
    create(): boolean {
      try {
        mkdirSync(this.#path, { recursive: true });
        return true;
      } catch {
        return false;
      }
    }
    execute(): boolean {
      world.changes.push(`opened folder ${basename(this.#path)}`);
      return this.exists;
    }
    getFiles(mask: string): File[] {
      const ending = mask.replace("*", "");
      return readdirSync(this.#path)
        .filter((name) => name.endsWith(ending))
        .map((name) => new File(join(this.#path, name)));
    }
  }

  class File {
    readonly #path: string;
    encoding = "";
    #open = false;
    constructor(path: string) {
      if (typeof path !== "string") throw new Error("File takes a path");
      this.#path = onDisk(path);
    }
    get exists(): boolean {
      return existsSync(this.#path) && statSync(this.#path).isFile();
    }
    get length(): number {
      return this.exists ? statSync(this.#path).size : -1;
    }
    get fsName(): string {
      return native(this.#path);
    }
    /** URI-encoded, as ExtendScript has it. */
    get name(): string {
      return encodeURI(basename(this.#path));
    }
    get parent(): Folder {
      return new Folder(dirname(this.#path));
    }
    open(mode: string): boolean {
      this.#open = mode === "w" || this.exists;
      if (mode === "w") writeFileSync(this.#path, "");
      return this.#open;
    }
    read(characters = this.length): string {
      if (!this.#open) throw new Error("the file is not open");
      if (this.encoding !== "BINARY" && this.encoding !== "UTF-8") throw new Error("set the encoding before reading");
      const bytes = Buffer.alloc(characters);
      const file = openSync(this.#path, "r");
      const count = readSync(file, bytes, 0, characters, 0);
      closeSync(file);
      return bytes.subarray(0, count).toString(this.encoding === "BINARY" ? "latin1" : "utf8");
    }
    write(text: string): boolean {
      writeFileSync(this.#path, text);
      return true;
    }
    close(): boolean {
      this.#open = false;
      return true;
    }
  }
  return {
    File,
    Folder: Object.assign(Folder, {
      userData: new Folder(world.userData),
      myDocuments: new Folder(world.documents),
      temp: new Folder(world.temp),
      appPackage: new Folder(world.program),
      startup: new Folder(world.program),
    }),
  };
}
