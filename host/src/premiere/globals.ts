import type { Application, FileObject, FolderObject, Qe, Time as TimeObject } from "./dom.ts";

/** The one file that names what Premiere and its script engine put into the global object. */
declare const app: Application;
declare const qe: Qe | undefined;
declare const Time: new () => TimeObject;
declare const File: new (path: string) => FileObject;
declare const Folder: {
  new (path: string): FolderObject;
  readonly userData: FolderObject;
  readonly myDocuments: FolderObject;
  readonly temp: FolderObject;
  readonly appPackage?: FolderObject | string | null;
  readonly startup?: FolderObject | null;
};
declare const $: { readonly version: string; sleep(milliseconds: number): void; [name: string]: unknown };
declare const ExternalObject: new (library: string) => unknown;
declare const CSXSEvent: new () => { type: string; data: string; dispatch(): void };

export const premiere = (): Application => app;
export const engine = (): typeof $ => $;
export const newTime = (): TimeObject => new Time();
export const fileAt = (path: string): FileObject => new File(path);
export const folderAt = (path: string): FolderObject => new Folder(path);
export const userDataFolder = (): string => Folder.userData.fsName;
export const documentsFolder = (): string => Folder.myDocuments.fsName;
export const tempFolder = (): string => Folder.temp.fsName;

/** Folders that Premiere's own program may lie in. */
export function programFolders(): string[] {
  const folders: string[] = [];
  const bundle = Folder.appPackage;
  if (bundle) folders.push(typeof bundle === "string" ? folderAt(bundle).fsName : bundle.fsName);
  if (Folder.startup) folders.push(Folder.startup.fsName);
  return folders;
}

/** QE as it is after `enableQE`; undefined where this Premiere has none. */
export function enabledQe(): Qe | undefined {
  app.enableQE();
  return typeof qe === "undefined" ? undefined : qe;
}

/** Sends an event to the panels. */
export function dispatchEvent(type: string, data: string): void {
  if (engine()[PLUG_PLUG] === undefined) engine()[PLUG_PLUG] = new ExternalObject("lib:PlugPlugExternalObject");
  const event = new CSXSEvent();
  event.type = type;
  event.data = data;
  event.dispatch();
}
const PLUG_PLUG = "com.foley.editor.plugplug";
