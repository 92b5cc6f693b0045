import { ActionButton, defaultTheme, Provider } from "@adobe/react-spectrum";
import { type DragEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { openFile } from "./actions/clip.ts";
import { ACTIONS } from "./actions/index.ts";
import { listenForKeys } from "./actions/keys.ts";
import { useApp, useAppState, useText } from "./app.ts";
import { languageOf } from "./i18n/text.ts";
import { activeJobs, type View } from "./state/state.ts";
import { AllTakes } from "./views/AllTakes.tsx";
import { Cue } from "./views/Cue.tsx";
import { Jobs } from "./views/Jobs.tsx";
import { KeyList } from "./views/KeyList.tsx";
import { Models } from "./views/Models.tsx";
import { Notices } from "./views/Notices.tsx";
import { Picture } from "./views/Picture.tsx";
import { Settings } from "./views/Settings.tsx";
import { Status } from "./views/Status.tsx";
import { Takes } from "./views/Takes.tsx";

const VIEWS: readonly View[] = ["cue", "takes", "jobs", "models", "settings"];

export function App() {
  const app = useApp();
  const language = languageOf(useAppState((state) => state.language));
  const chosen = useAppState((state) => state.theme);
  const hostTheme = useAppState((state) => state.hostTheme);
  const system = useMedia("(prefers-color-scheme: light)") ? "light" : "dark";
  const theme = chosen === "system" ? (hostTheme ?? system) : chosen;
  const drop = useFileDrop();
  useEffect(() => listenForKeys(app), [app]);
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    document.documentElement.style.colorScheme = theme;
    document.documentElement.className = theme;
  }, [language, theme]);
  return (
    <Provider
      theme={defaultTheme}
      colorScheme={theme}
      scale="medium"
      locale={language === "zh" ? "zh-CN" : "en-US"}
      UNSAFE_className={`theme ${theme}`}
    >
      <div className="shell" {...drop}>
        <header className="top">
          <Status />
          <Tabs />
        </header>
        <Notices />
        <Help />
        <Page />
      </div>
    </Provider>
  );
}

function Page() {
  const app = useApp();
  const view = useAppState((state) => state.view);
  const text = useText();
  const pages: Record<View, () => React.ReactNode> = {
    cue: () => (
      <div className="two">
        <div className="stack">
          {app.host.showsPicture && <Picture />}
          <Cue />
        </div>
        <div className="second">
          <Takes />
        </div>
      </div>
    ),
    takes: () => <AllTakes />,
    jobs: () => <Jobs />,
    models: () => <Models />,
    settings: () => <Settings />,
  };
  return (
    <main>
      <h1 className="unseen">{text("title")}</h1>
      <div className="page" role="tabpanel" id="page" aria-label={text(`view.${view}`)}>
        {pages[view]()}
      </div>
    </main>
  );
}

function Tabs() {
  const { store } = useApp();
  const text = useText();
  const view = useAppState((state) => state.view);
  const busy = useAppState((state) => activeJobs(state).length);
  const list = useRef<HTMLDivElement>(null);
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const next = VIEWS[(VIEWS.indexOf(view) + step + VIEWS.length) % VIEWS.length]!;
    store.set({ view: next });
    list.current?.querySelector<HTMLElement>(`[data-view=${next}]`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" ref={list} aria-label={text("views")} onKeyDown={onKey}>
      {VIEWS.map((name) => (
        <button
          type="button"
          role="tab"
          key={name}
          data-view={name}
          aria-selected={view === name}
          aria-controls="page"
          tabIndex={view === name ? 0 : -1}
          onClick={() => store.set({ view: name })}
        >
          {text(`view.${name}`)}
          {name === "jobs" && busy > 0 ? ` ${busy}` : ""}
        </button>
      ))}
    </div>
  );
}

function Help() {
  const { store } = useApp();
  const text = useText();
  const open = useAppState((state) => state.helpOpen);
  if (!open) return null;
  return (
    <section className="card stack" style={{ marginTop: 8 }} aria-label={text("keys")}>
      <div className="row">
        <h2 className="grow">{text("keys")}</h2>
        <ActionButton isQuiet onPress={() => store.set({ helpOpen: false })}>
          {text("close")}
        </ActionButton>
      </div>
      <KeyList actions={ACTIONS} />
    </section>
  );
}

/** A video dropped anywhere on the page is opened, where the panel is where one opens videos. */
function useFileDrop() {
  const app = useApp();
  if (!app.host.showsPicture) return {};
  return {
    onDragOver: (event: DragEvent) => {
      if (event.dataTransfer.types.includes("Files")) event.preventDefault();
    },
    onDrop: (event: DragEvent) => {
      const file = event.dataTransfer.files[0];
      if (!file) return;
      event.preventDefault();
      void openFile(app, file);
    },
  };
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const change = (): void => setMatches(list.matches);
    list.addEventListener("change", change);
    return () => list.removeEventListener("change", change);
  }, [query]);
  return matches;
}
