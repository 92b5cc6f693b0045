import { ActionButton, Button, Item, NumberField, Picker, TextArea, TextField } from "@adobe/react-spectrum";
import { secondsOfTicks, type Ticks, ticks } from "local-server/protocol";
import { CUE_SHEET } from "../actions/cue-sheet.ts";
import { canGenerate, generate } from "../actions/generate.ts";
import { setRange } from "../actions/transport.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { PERSISTED } from "../state/persist.ts";
import { type State, takesOfClip } from "../state/state.ts";
import { lengthText } from "../state/timecode.ts";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { TimeField } from "../ui/TimeField.tsx";
import { RunningJob } from "./RunningJob.tsx";
import { plainClass } from "./TakeRow.tsx";

/** What, in which words, and the button. */
export function Cue() {
  const text = useText();
  return (
    <section className="stack" aria-label={text("cue")}>
      <Range />
      <Words />
      <More />
      <GenerateButton />
      <RunningJob />
      <Hints />
    </section>
  );
}

function Range() {
  const app = useApp();
  const text = useText();
  const clip = useAppState((state) => state.clip);
  const range = useAppState((state) => state.range);
  if (clip === null) return <p className="dim">{text("nothingSelected")}</p>;
  return (
    <div className="row range wrap">
      <TimeField
        label={text("inPoint")}
        value={range.from}
        count={clip.count}
        onChange={(from) => setRange(app, { from })}
      />
      <span aria-hidden="true">–</span>
      <TimeField
        label={text("outPoint")}
        value={range.to}
        count={clip.count}
        onChange={(to) => setRange(app, { to })}
      />
      <span className="number dim grow" title={text("length")}>
        {lengthText(ticks(range.to - range.from), clip.count.rate)}
      </span>
      <ActionButton isQuiet onPress={() => setRange(app, { from: 0n as Ticks, to: clip.duration })}>
        {text("wholeClip")}
      </ActionButton>
    </div>
  );
}

/** Classes that the picture was understood as in this clip's takes, as words to add. */
function suggestionsOf(state: State): string[] {
  const words = takesOfClip(state).flatMap(({ record }) => record.chosen.map((choice) => plainClass(choice.class)));
  const said = state.words.prompt.toLowerCase();
  return [...new Set(words)].filter((word) => !said.includes(word)).slice(0, 6);
}

function Words() {
  const app = useApp();
  const text = useText();
  const words = useAppState((state) => state.words);
  const favourites = useAppState((state) => state.favourites);
  const history = useAppState((state) => state.history);
  useAppState((state) => state.takes);
  const state = app.store.get();
  const chosen = takesOfClip(state)[0]?.record.chosen.map((choice) => plainClass(choice.class)) ?? [];
  const prompt = words.prompt.trim();
  const isFavourite = favourites.includes(prompt);
  const setPrompt = (next: string): void =>
    app.store.set({
      words: { ...words, prompt: [...next.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ")].slice(0, 500).join("") },
    });
  const toggleFavourite = (): void =>
    app.store.set({
      favourites: isFavourite ? favourites.filter((old) => old !== prompt) : [prompt, ...favourites].slice(0, 50),
    });
  const suggestions = suggestionsOf(state);
  const older = [...favourites, ...history.filter((old) => !favourites.includes(old))]
    .filter((old) => old !== prompt)
    .slice(0, 5);
  return (
    <div className="stack">
      <div className="words">
        <TextArea
          label={text("words")}
          description={
            prompt === ""
              ? chosen.length > 0
                ? text("pictureDecidesAs", { classes: chosen.join(", ") })
                : text("pictureDecidesHint")
              : null
          }
          value={words.prompt}
          onChange={setPrompt}
          width="100%"
          minWidth={0}
        />
        <div className="star">
          <IconButton
            icon="star"
            label={text(isFavourite ? "unfavourite" : "favourite")}
            pressed={isFavourite}
            disabled={prompt === ""}
            onPress={toggleFavourite}
          />
        </div>
      </div>
      {suggestions.length > 0 && (
        <fieldset className="chips" aria-label={text("suggestions")}>
          {suggestions.map((word) => (
            <button
              type="button"
              className="chip"
              key={word}
              onClick={() => setPrompt(prompt === "" ? word : `${prompt}, ${word}`)}
            >
              + {word}
            </button>
          ))}
        </fieldset>
      )}
      {older.length > 0 && (
        <fieldset className="chips" aria-label={text("historyAndFavourites")}>
          {older.map((old) => (
            <button type="button" className="chip clip-text" key={old} onClick={() => setPrompt(old)}>
              {favourites.includes(old) ? "★ " : ""}
              {old}
            </button>
          ))}
        </fieldset>
      )}
    </div>
  );
}

function More() {
  const app = useApp();
  const text = useText();
  const words = useAppState((state) => state.words);
  const options = useAppState((state) => state.options);
  const seed = useAppState((state) => state.seed);
  const models = useAppState((state) => state.models);
  const open = useAppState((state) => state.moreOpen);
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
          {CUE_SHEET.map((action) => (
            <ActionButton key={action.name} onPress={() => void action.perform(app)}>
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

function GenerateButton() {
  const app = useApp();
  const text = useText();
  const possible = useAppState(() => canGenerate(app));
  const lack = useAppState((state) => {
    if (state.connection.state !== "up") return state.connection.state === "starting" ? "engineStarting" : "engineDown";
    return state.clip === null ? "noClipForButton" : null;
  });
  const seconds = useAppState((state) => secondsOfTicks(ticks(state.range.to - state.range.from)));
  return (
    <Button
      variant="accent"
      UNSAFE_className="generate"
      isDisabled={!possible}
      onPress={() => void generate.perform(app)}
    >
      {lack === null ? text("generate") : text(lack)}
      {seconds > 300 ? ` (${text("tooLong")})` : ""}
    </Button>
  );
}

function Hints() {
  const text = useText();
  const seen = useAppState((state) => state.hintsSeen || state.takes.length > 0 || state.clip === null);
  if (seen) return null;
  return (
    <ol className="hint-list">
      <li>{text("hint1")}</li>
      <li>{text("hint2")}</li>
      <li>{text("hint3")}</li>
    </ol>
  );
}
