/** What a CEP panel is given by its host program, as far as we use it. */
export interface CepDoor {
  /** Runs on Premiere's one script thread; answers with text, whatever the script returned. */
  evalScript(script: string, callback: (result: string) => void): void;
  /** JSON: version, locale, colours. */
  getHostEnvironment(): string;
  /** A `file://` address. */
  getSystemPath(kind: "extension"): string;
  getExtensionId(): string;
  addEventListener(type: string, listener: (event: { readonly data: unknown }) => void): void;
  /** JSON: a list of keys that shall reach the panel and not Premiere. */
  registerKeyEventsInterest(keys: string): void;
}

/** Node, as CEP mixes it into the page; the few calls that we make. */
export interface NodeDoor {
  readonly fs: {
    readonly promises: {
      readFile(path: string, encoding: "utf8"): Promise<string>;
      mkdir(path: string, options: { readonly recursive: true; readonly mode?: number }): Promise<unknown>;
      copyFile(from: string, to: string): Promise<void>;
      rename(from: string, to: string): Promise<void>;
      unlink(path: string): Promise<void>;
      chmod(path: string, mode: number): Promise<void>;
      stat(path: string): Promise<{ readonly size: number }>;
    };
    openSync(path: string, flags: "a"): number;
    closeSync(file: number): void;
  };
  readonly path: { join(...parts: string[]): string; isAbsolute(path: string): boolean; dirname(path: string): string };
  readonly os: { homedir(): string; tmpdir(): string };
  readonly childProcess: {
    spawn(
      program: string,
      args: readonly string[],
      options: {
        readonly cwd: string;
        readonly detached: true;
        readonly windowsHide: true;
        readonly stdio: readonly ["ignore", number, number];
        readonly env: Readonly<Record<string, string | undefined>>;
      },
    ): Child;
  };
  readonly process: { readonly platform: string; readonly env: Readonly<Record<string, string | undefined>> };
}
export interface Child {
  readonly pid?: number | undefined;
  once(event: "exit", listener: (code: number | null) => void): unknown;
  once(event: "error", listener: (error: Error) => void): unknown;
  unref(): void;
}

type Require = (name: string) => unknown;
interface CepWindow {
  readonly __adobe_cep__?: CepDoor;
  readonly cep_node?: { readonly require: Require; readonly process: NodeDoor["process"] };
  readonly require?: Require;
  readonly process?: NodeDoor["process"];
}

/** The door to Premiere, or null in a plain browser. */
export const cepDoor = (): CepDoor | null => (window as CepWindow).__adobe_cep__ ?? null;

/** @throws Error where the panel was built without `--enable-nodejs` */
export function nodeDoor(): NodeDoor {
  const { cep_node: mixed, require: plain, process: plainProcess } = window as CepWindow;
  const load = mixed?.require ?? plain;
  const process = mixed?.process ?? plainProcess;
  if (load === undefined || process === undefined) throw new Error("this panel was opened without Node");
  return {
    fs: load("fs") as NodeDoor["fs"],
    path: load("path") as NodeDoor["path"],
    os: load("os") as NodeDoor["os"],
    childProcess: load("child_process") as NodeDoor["childProcess"],
    process,
  };
}

/** Folder of the extension, as the file system names it. */
export function extensionFolder(door: CepDoor): string {
  const address = decodeURI(door.getSystemPath("extension"));
  const path = address.replace(/^file:\/\//, "");
  return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
}
