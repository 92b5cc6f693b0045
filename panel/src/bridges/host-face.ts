import type { Take } from "../state/state.ts";

/** What the panel asks of the place it runs in. */
export interface Host {
  /** Whether the picture is shown in the panel (the browser) or beside it (Premiere). */
  readonly showsPicture: boolean;
  /** The host's own colours, where it has some. */
  readonly theme?: () => "dark" | "light" | undefined;
  /** Lays a take under the picture and says where. */
  readonly place: (take: Take) => Promise<void>;
  readonly reveal: (take: Take) => Promise<void>;
  readonly restartServer: () => Promise<void>;
}
