import type { SelectionData } from "host/contract";
import { secondsOfTicks, ticksOfString } from "local-server/protocol";
import type { Clip } from "../../state/state.ts";
import { type HostAdapter, HostRefusal, type Media, type Selection } from "../host-adapter.ts";
import type { Address } from "../server.ts";
import { type HostCaller, HostFailure } from "./caller.ts";
import type { CepDoor, NodeDoor } from "./door.ts";
import { takeFileName } from "./files.ts";
import { placeTake } from "./place.ts";
import { clipOf, saidOf, selectionOf, sourceOf, targetOf, wholeSamples } from "./selection.ts";
import { environmentOf, followTheme } from "./theme.ts";

export interface CepHostOptions {
  readonly door: CepDoor;
  readonly node: NodeDoor;
  readonly caller: HostCaller;
  readonly launch: () => Promise<Address>;
  /** Folder of the extension. */
  readonly folder: string;
  /** What the server says of a file: Premiere may read it at another rate. */
  readonly probe: (path: string) => Promise<Clip>;
  /** Told when the panel gets the focus: Premiere does not tell of every change. */
  readonly onFocus: (listener: () => void) => void;
}

/** Events come in bursts: the selection is read when they have rested this long. */
const REST_MS = 200;
const NOTHING: Selection = { clip: null, range: null, announcement: null, problem: null };

/** Premiere as the host: its selection is the range, its timeline holds the takes. */
export function createCepHost(options: CepHostOptions): HostAdapter {
  const { door, node, caller, launch, folder, probe, onFocus } = options;
  let seen: SelectionData | null = null;
  let tell: ((selection: Selection) => void) | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Files that do not show what the timeline shows: Premiere reads them at another rate, or past their end. */
  const untrue = new Set<string>();
  /** Takes whose clips were found moved: asked again, they are placed all the same. */
  const moved = new Set<string>();

  async function read(): Promise<Selection> {
    try {
      seen = asRendered(await caller.call("readSelection", {}));
      return selectionOf(seen);
    } catch (error) {
      if (!(error instanceof HostFailure)) throw error;
      seen = null;
      if (error.code === "NO_SELECTION")
        return { ...NOTHING, clip: clipOf(await caller.call("readSequence", {}), null) };
      return { ...NOTHING, problem: saidOf(error.code, error.detail) };
    }
  }

  function asRendered(data: SelectionData): SelectionData {
    const isUntrue = data.route.kind === "source" && untrue.has(data.route.mediaPath);
    return isUntrue ? { ...data, route: { kind: "render", reasons: ["interpreted"] } } : data;
  }

  async function readAndTell(): Promise<void> {
    try {
      tell?.(await read());
    } catch {
      // Premiere is busy, which is said of itself; the next event reads again.
    }
  }

  function soon(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void readAndTell(), REST_MS);
  }

  /** The file shows the range as the timeline does, as far as the server can tell. */
  async function isTrue({ route }: SelectionData, media: Media): Promise<boolean> {
    if (route.kind !== "source") return false;
    const { count, duration } = await probe(route.mediaPath);
    const fps = count.rate.num / count.rate.den;
    const isAtItsRate = route.readAtFps === null || Math.abs(route.readAtFps - fps) < 0.005;
    return isAtItsRate && ticksOfString(media.toTicks ?? "0") <= duration + ticksOfString("1000000000");
  }

  async function render(data: SelectionData, range: Parameters<HostAdapter["prepare"]>[1]): Promise<Media> {
    const { pin } = data.sequence;
    const { path } = await caller.call("renderRange", {
      pin,
      startTicks: String(range.from),
      endTicks: String(range.to),
      name: `foley-${pin.sequenceId.replace(/[^A-Za-z0-9]/g, "").slice(0, 12)}-${range.from}-${Date.now()}`,
      presets: [node.path.join(folder, "presets", "foley-render.epr")],
    });
    return { video: path, fromTicks: "0", toTicks: String(wholeSamples(range)), target: targetOf(data, range) };
  }

  return {
    name: "premiere",
    showsPicture: false,
    startsServer: true,
    findServer: launch,
    followTheme: (listener) => followTheme(door, listener),
    followSelection(listener) {
      tell = listener;
      void caller.call("watch", { extensionId: door.getExtensionId() }).then(
        ({ eventType }) => door.addEventListener(eventType, soon),
        () => {},
      );
      onFocus(soon);
      void readAndTell();
    },
    followBusy: (listener) => caller.onBusy(listener),
    readSelectionAgain: soon,
    peek: (clip, range) =>
      seen !== null && seen.sequence.pin.sequenceId === clip.sequence?.sequenceId ? sourceOf(seen, range) : null,
    async prepare(clip, range) {
      try {
        await read();
        const data = seen ?? (await bySequence(caller, clip));
        if (data.sequence.pin.sequenceId !== clip.sequence?.sequenceId)
          throw new HostRefusal({ key: "host.otherSequence", values: { name: clip.name } }, null);
        if (data.route.kind === "refuse") throw asRefusal(data.route.failure);
        const media = sourceOf(data, range);
        if (media === null) return await render(data, range);
        if (await isTrue(data, media)) return media;
        untrue.add(media.video ?? "");
        soon();
        throw new HostRefusal(
          {
            key: "host.mustRender",
            values: { seconds: secondsOfTicks(ticksOfString(String(range.to - range.from))).toFixed(1) },
          },
          null,
        );
      } catch (error) {
        throw error instanceof HostFailure ? asRefusal(error) : error;
      }
    },
    async place(take, onNewTrack) {
      try {
        return await placeTake(take, { caller, node, onNewTrack, evenIfMoved: moved.has(take.id) });
      } catch (error) {
        if (error instanceof HostRefusal && error.said.key === "host.CLIP_MOVED") moved.add(take.id);
        throw error;
      }
    },
    async reveal(take) {
      const { target } = take.record.request;
      if (target === undefined) return false;
      const pin = { documentId: target.documentId, sequenceId: target.sequenceId };
      try {
        const { takesFolder } = await caller.call("readSequence", { pin });
        const copy = node.path.join(takesFolder, takeFileName(take));
        const isThere = await node.fs.promises.stat(copy).then(
          () => true,
          () => false,
        );
        await caller.call("reveal", { pin, path: isThere ? copy : take.path });
        return true;
      } catch {
        return false;
      }
    },
    dragsBytes: false,
    drag: (take, _url, transfer) => transfer.setData("com.adobe.cep.dnd.file.0", take.path),
    describe: () => {
      const { appVersion, appUILocale } = environmentOf(door);
      return [
        `Premiere ${appVersion ?? "?"} (${appUILocale ?? "?"})`,
        `extension ${door.getExtensionId()}`,
        navigator.userAgent,
      ];
    },
  };
}

const asRefusal = ({ code, message, detail }: Pick<HostFailure, "code" | "message" | "detail">): HostRefusal =>
  new HostRefusal(saidOf(code, detail), message);

/** A range that was typed while nothing is chosen: the sequence alone, to be rendered. */
async function bySequence(caller: HostCaller, clip: Clip): Promise<SelectionData> {
  if (clip.sequence === null) throw new HostFailure("NO_SEQUENCE", "no sequence is open");
  const sequence = await caller.call("readSequence", { pin: clip.sequence });
  const range = { startTicks: "0", endTicks: sequence.endTicks, from: "marks", frames: 0, soundEndTicks: "0" } as const;
  return { sequence, range, clips: [], gaps: [], route: { kind: "render", reasons: [] } };
}
