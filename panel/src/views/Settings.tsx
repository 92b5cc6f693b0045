import { ActionButton, Item, Picker } from "@adobe/react-spectrum";
import { copyDiagnostics } from "../actions/diagnostics.ts";
import { ACTIONS } from "../actions/index.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { KeyList } from "./KeyList.tsx";

export function Settings() {
  const app = useApp();
  const text = useText();
  const language = useAppState((state) => state.language);
  const theme = useAppState((state) => state.theme);
  const options = useAppState((state) => state.options);
  const pick = <Value extends string>(values: readonly Value[], key: unknown): Value | undefined =>
    values.find((value) => value === key);
  return (
    <section aria-labelledby="settings-title" className="stack">
      <h2 id="settings-title">{text("settings")}</h2>
      <div className="fields wide">
        <Picker
          label={text("language")}
          selectedKey={language}
          width="100%"
          onSelectionChange={(key) => app.store.set({ language: pick(["system", "en", "zh"], key) ?? "system" })}
        >
          <Item key="system">{text("asTheSystem")}</Item>
          <Item key="en">English</Item>
          <Item key="zh">中文</Item>
        </Picker>
        <Picker
          label={text("theme")}
          selectedKey={theme}
          width="100%"
          onSelectionChange={(key) => app.store.set({ theme: pick(["system", "dark", "light"], key) ?? "system" })}
        >
          <Item key="system">{text("asTheSystem")}</Item>
          <Item key="dark">{text("dark")}</Item>
          <Item key="light">{text("light")}</Item>
        </Picker>
        <Picker
          label={text("bitDepth")}
          selectedKey={options.bitDepth}
          width="100%"
          onSelectionChange={(key) =>
            app.store.set({ options: { ...options, bitDepth: pick(["16", "24", "32f"], key) ?? "24" } })
          }
        >
          <Item key="24">24 bit</Item>
          <Item key="16">16 bit</Item>
          <Item key="32f">32 bit float</Item>
        </Picker>
      </div>
      <h2>{text("keys")}</h2>
      <KeyList actions={ACTIONS} />
      <div className="row wrap">
        <ActionButton onPress={() => void copyDiagnostics.perform(app)}>{text("copyDiagnostics")}</ActionButton>
      </div>
      <p className="dim">{text("privacy")}</p>
    </section>
  );
}
