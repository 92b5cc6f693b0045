import { createContext, useContext } from "react";
import type { Player } from "./audio/player.ts";
import type { HostAdapter } from "./bridges/host-adapter.ts";
import type { Server } from "./bridges/server.ts";
import { type Text, translate } from "./i18n/text.ts";
import type { State } from "./state/state.ts";
import { type Store, useStore } from "./state/store.ts";

/** What actions act on and views read. Made once, in main.tsx. */
export interface App {
  readonly store: Store<State>;
  readonly server: Server;
  readonly player: Player;
  readonly host: HostAdapter;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error("a view stands outside AppContext");
  return app;
}

export const useAppState = <Picked>(select: (state: State) => Picked): Picked => useStore(useApp().store, select);

/** The interface in the person's language. */
export const useText = (): Text => translate(useAppState((state) => state.language));
