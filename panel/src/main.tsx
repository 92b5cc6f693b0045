import "./compat.ts";
import "./theme/theme.css";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { followLook } from "./actions/look.ts";
import { followHost } from "./actions/selection.ts";
import { followState, reopenLast } from "./actions/session.ts";
import { AppContext, type App as Parts } from "./app.ts";
import { createPlayer } from "./audio/player.ts";
import { clipInAddress } from "./bridges/browser/address.ts";
import { createBrowserHost } from "./bridges/browser/host.ts";
import { cepDoor } from "./bridges/cep/door.ts";
import { openPremiere } from "./bridges/cep/index.ts";
import { connectServer } from "./bridges/server.ts";
import { keepPersisted, loadPersisted } from "./state/persist.ts";
import { initialState, type State } from "./state/state.ts";
import { createStore } from "./state/store.ts";

const store = createStore<State>(initialState(loadPersisted()));
keepPersisted(store);
const door = cepDoor();
const host = door === null ? createBrowserHost(store) : openPremiere(door, (path) => server.openPath(path));
let reopened = false;
const server = connectServer(store, host, () => {
  if (reopened) return;
  reopened = true;
  if (host.showsPicture) void reopenLast(parts, clipInAddress());
});
const parts: Parts = { store, server, player: createPlayer(), host };
followState(parts);
followLook(parts);
followHost(parts);
const root = document.getElementById("root");
if (root === null) throw new Error("the page has no #root");
createRoot(root).render(
  <AppContext.Provider value={parts}>
    <App />
  </AppContext.Provider>,
);
