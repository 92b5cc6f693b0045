import type { GenerateRequest, Ticks } from "local-server/protocol";
import type { Said } from "../i18n/text.ts";
import type { Clip, Placed, Take } from "../state/state.ts";
import type { Address } from "./server.ts";

/** What is chosen in the host: its clip or sequence, and the range in it. */
export interface Selection {
  /** Null: nothing is open there. */
  readonly clip: Clip | null;
  /** Null: nothing is chosen. */
  readonly range: { readonly from: Ticks; readonly to: Ticks } | null;
  /** What will be done to make it readable, before it is done. */
  readonly announcement: Said | null;
  /** Why no sound can be made for it. */
  readonly problem: Said | null;
}

/** What of a request the host answers for: which file, which part of it, where its take belongs. */
export type Media = Pick<GenerateRequest, "video" | "fromTicks" | "toTicks" | "target">;

/**
 * The place that the panel runs in: a browser's page, or Premiere. From the selection to the placed take everything above
 * it is the same code. Methods throw HostRefusal where the host says no.
 */
export interface HostAdapter {
  readonly name: "browser" | "premiere";
  /** Whether the picture is shown in the panel or beside it. */
  readonly showsPicture: boolean;
  /** Whether the panel starts the server, or only finds it. */
  readonly startsServer: boolean;
  /** Where the server listens; starts it where the host may. */
  findServer(): Promise<Address>;
  /** The host's own colours, told now and whenever they change; never told where it has none. */
  followTheme(listener: (theme: "dark" | "light") => void): void;
  /** What is chosen, told now and whenever it changes; never told where the panel itself is where one chooses. */
  followSelection(listener: (selection: Selection) => void): void;
  /** Told when the host stops answering, and when it answers again. */
  followBusy(listener: (busy: boolean) => void): void;
  /** Reads the selection once more and tells it. */
  readSelectionAgain(): void;
  /** What can be read of a range without doing anything for it, or null. */
  peek(clip: Clip, range: { readonly from: Ticks; readonly to: Ticks }): Media | null;
  /** Makes a range of the clip readable for the server, by a render where it must be. */
  prepare(clip: Clip, range: { readonly from: Ticks; readonly to: Ticks }): Promise<Media>;
  /** Lays a take where it belongs, over nothing; reads back where it lies. */
  place(take: Take, onNewTrack: boolean): Promise<Placed>;
  /** Shows the file where it lies. False where that can only be said, not done. */
  reveal(take: Take): Promise<boolean>;
  /** Whether a drag needs the file's bytes at an address of the page's own. */
  readonly dragsBytes: boolean;
  /** Puts a take's file on a drag. `url` holds its bytes, where they are needed and have come. */
  drag(take: Take, url: string | null, transfer: DataTransfer): void;
  /** Lines for the diagnostics. */
  describe(): readonly string[];
}

/** The host says no: a sentence of ours, and what may be tried. */
export class HostRefusal extends Error {
  readonly said: Said;
  /** What the host said, for the diagnostics and the small print. */
  readonly detail: string | null;
  readonly placing: { readonly takeId: string; readonly newTrack: boolean } | null;
  constructor(said: Said, detail: string | null, placing: HostRefusal["placing"] = null) {
    super(said.key);
    this.said = said;
    this.detail = detail;
    this.placing = placing;
  }
}
