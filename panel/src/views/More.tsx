import { ActionButton, Item, NumberField, Picker, TextField } from "@adobe/react-spectrum";
import { CUE_SHEET } from "../actions/cue-sheet.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { PERSISTED } from "../state/persist.ts";
import type { State } from "../state/state.ts";
import { Icon } from "../ui/Icon.tsx";

/** What is seldom changed, folded away; remembered. */
export function More() {
  const app = useApp();
  const text = useText();
  const words = useAppState((state) => state.words);
  const options = useAppState((state) => state.options);
  const seed = useAppState((state) => state.seed);
  const models = useAppState((state) => state.models);
  const open = useAppState((state) => state.moreOpen);
  useAppState((state) => state.clip);
  const change = (part: Partial<State["options"]>): void => app.store.set({ options: { ...options, ...part } });
  const number = (value: number): number | null => (Number.isNaN(value) ? null : value);
  const known = models.length > 0 ? models : [{ id: options.model, name: options.model }];
  return (
    <details className="more" open={open} onToggle={(event) => app.store.set({ moreOpen: event.currentTarget.open })}>
      <summary>
        <Icon name="right" /> {text("more")} <span className="grow clip-text">{text("moreHolds")}</span>
      </summary>
      <div className="stack" style={{ paddingTop: 4 }}>
        <TextField
          label={text("negative")}
          value={words.negativePrompt}
          width="100%"
          onChange={(negativePrompt) => app.store.set({ words: { ...words, negativePrompt } })}
        />
        <div className="fields">
          <NumberField
            label={text("seed")}
            value={seed ?? Number.NaN}
            minValue={0}
            maxValue={4_294_967_295}
            width="100%"
            hideStepper
            formatOptions={{ useGrouping: false }}
            description={seed === null ? text("seedNew") : undefined}
            onChange={(value) => app.store.set({ seed: number(value) })}
          />
          <NumberField
            label={text("takesCount")}
            value={options.takes}
            minValue={1}
            maxValue={16}
            width="100%"
            onChange={(value) => change({ takes: number(value) ?? 1 })}
          />
          <NumberField
            label={text("targetLoudness")}
            value={options.lufs ?? Number.NaN}
            minValue={-70}
            maxValue={-5}
            step={0.5}
            width="100%"
            hideStepper
            description={options.lufs === null ? text("asItComes") : "LUFS"}
            onChange={(value) => change({ lufs: number(value) })}
          />
          <NumberField
            label={text("guideStrength")}
            value={options.guideStrength ?? Number.NaN}
            minValue={0}
            maxValue={1}
            step={0.05}
            width="100%"
            hideStepper
            description={options.guideStrength === null ? text("asTheModelSays") : text("guideStrengthHint")}
            onChange={(value) => change({ guideStrength: number(value) })}
          />
          <Picker
            label={text("model")}
            selectedKey={options.model}
            width="100%"
            onSelectionChange={(key) => key !== null && change({ model: String(key) })}
          >
            {known.map(({ id, name }) => (
              <Item key={id}>{name}</Item>
            ))}
          </Picker>
          <Picker
            label={text("channels")}
            selectedKey={options.channels}
            width="100%"
            onSelectionChange={(key) => change({ channels: key === "mono" ? "mono" : "stereo" })}
          >
            <Item key="stereo">{text("stereo")}</Item>
            <Item key="mono">{text("mono")}</Item>
          </Picker>
        </div>
        <div className="row wrap">
          {app.host.showsPicture &&
            CUE_SHEET.map((action) => (
              <ActionButton
                key={action.name}
                isDisabled={action.when?.(app) === false}
                onPress={() => void action.perform(app)}
              >
                {text(action.label)}
              </ActionButton>
            ))}
          <ActionButton
            isQuiet
            onPress={() =>
              app.store.set({ options: PERSISTED.options.initial, seed: null, words: { ...words, negativePrompt: "" } })
            }
          >
            {text("reset")}
          </ActionButton>
        </div>
      </div>
    </details>
  );
}
