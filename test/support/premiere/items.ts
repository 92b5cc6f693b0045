import { existsSync } from "node:fs";
import { basename } from "node:path";
import { onDisk, wavTicks } from "./files.ts";
import { type ItemState, newId, newItem, type World } from "./state.ts";
import { timeOf } from "./time.ts";

const collection = <Item>(items: readonly Item[], count: string): object =>
  Object.assign(Object.fromEntries(items.map((item, index) => [index, item])), { [count]: items.length });
export const itemsOf = <Item>(items: readonly Item[]): object => collection(items, "numItems");
export const tracksOf = <Item>(items: readonly Item[]): object => collection(items, "numTracks");
export const sequencesOf = <Item>(items: readonly Item[]): object => collection(items, "numSequences");
export const projectsOf = <Item>(items: readonly Item[]): object => collection(items, "numProjects");

export const stateOf = new WeakMap<object, ItemState>();

const all = (item: ItemState): ItemState[] => [item, ...item.children.flatMap(all)];

/** A project item as the script sees it: made anew at each access. */
export function wrapItem(world: World, state: ItemState): object {
  const { quirks } = world;
  const shown = (): ItemState[] => state.children.filter(({ visibleFromCall }) => visibleFromCall <= world.call);
  const mapping = () => ({
    get audioChannelsType() {
      return 1;
    },
    set audioChannelsType(_type: number) {
      if (quirks.mappingTypeReadOnly) throw new Error("audioChannelsType is read-only");
    },
    audioClipsNumber: state.audioClips,
    setMappingForChannel: () => true,
  });
  const wrapper = {
    get nodeId() {
      state.nodeId ??= newId(world);
      return state.nodeId;
    },
    get name() {
      return state.name;
    },
    get type() {
      return state.type;
    },
    get treePath(): string {
      const path = (item: ItemState): string => (item.parent ? `${path(item.parent)}\\${item.name}` : `\\${item.name}`);
      return path(state);
    },
    get children() {
      return state.type === 1 ? undefined : itemsOf(shown().map((child) => wrapItem(world, child)));
    },
    getMediaPath: () => state.path,
    isOffline: () => state.offline,
    isSequence: () => state.sequence || state.multicam || state.merged,
    isMulticamClip: () => state.multicam,
    isMergedClip: () => state.merged,
    hasProxy: () => state.proxy !== "",
    getProxyPath: () => state.proxy,
    getFootageInterpretation: () => (state.path === "" ? 0 : { frameRate: state.fps }),
    startTime: () => timeOf(state.startTime),
    getInPoint: () => timeOf(state.inTicks),
    getOutPoint: () => timeOf(state.outTicks ?? state.duration),
    clearInPoint: () => {
      state.inTicks = 0;
      return true;
    },
    clearOutPoint: () => {
      state.outTicks = null;
      return true;
    },
    createBin(name: string) {
      const bin = newItem(name, { type: 2, parent: state });
      state.children.push(bin);
      world.changes.push(`bin ${name}`);
      return wrapItem(world, bin);
    },
    findItemsMatchingMediaPath(path: string, ignoreSubclips: number) {
      if (ignoreSubclips !== 0 && ignoreSubclips !== 1) throw new Error("ignoreSubclips is 0 or 1");
      const found = all(state).filter(
        (item) => item.path !== "" && item.path === path && item.visibleFromCall <= world.call,
      );
      return quirks.findsByPath && found.length > 0 ? found.map((item) => wrapItem(world, item)) : 0;
    },
    ...(quirks.mapping === "property" ? { getAudioChannelMapping: mapping() } : {}),
    ...(quirks.mapping === "method" ? { getAudioChannelMapping: mapping } : {}),
    ...(quirks.mapping === "missing"
      ? {}
      : {
          setAudioChannelMapping(changed: { audioClipsNumber: number }) {
            state.audioClips = changed.audioClipsNumber;
            world.changes.push(`mapping ${state.name}`);
            return true;
          },
        }),
    select: () => {
      world.changes.push(`select ${state.name}`);
    },
  };
  stateOf.set(wrapper, state);
  return wrapper;
}

/** importFiles: true, whatever came of it; a missing file or one that is no sound raises a dialog that hangs every script. */
export function importFiles(world: World, paths: string[], suppressUi: unknown, bin: object, stills: unknown): unknown {
  const { quirks } = world;
  if (suppressUi !== true || stills !== false) throw new Error("a modal dialog is open: import options");
  const target = stateOf.get(bin);
  if (target === undefined) throw new Error("importFiles takes a bin");
  for (const path of paths) {
    if (!existsSync(onDisk(path))) throw new Error(`a modal dialog is open: file not found ${path}`);
    world.changes.push(`import ${basename(onDisk(path))}`);
    if (quirks.importLies) continue;
    target.children.push(
      newItem(basename(onDisk(path)), {
        path,
        parent: target,
        duration: wavTicks(onDisk(path)),
        audioClips: quirks.dualMono ? 2 : 1,
        visibleFromCall: world.call + quirks.importAppearsAfterCalls,
      }),
    );
  }
  return quirks.importAnswers;
}
