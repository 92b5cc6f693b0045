import { ActionButton, TextArea } from "@adobe/react-spectrum";
import { useState } from "react";
import { useApp, useAppState, useText } from "../app.ts";
import { languageOf } from "../i18n/text.ts";
import { type Looked, type State, takesOfClip } from "../state/state.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { plainClass } from "../ui/plain-class.ts";

const SHOWN = 4;
const MOST = 4;
/** What fits less than half as well as the best is no suggestion. */
const LEAST_PART = 0.5;

/** What the picture suggests: looked at for this range, else as the takes of the clip were understood. Best first. */
function suggestionsOf(state: State, look: Looked | null): string[] {
  const isChinese = languageOf(state.language) === "zh";
  const least = LEAST_PART * (look?.suggestions[0]?.score ?? 0);
  const fitting = look?.suggestions.filter(({ score }) => score >= least);
  const seen = fitting?.map(({ label, labelZh }) => (isChinese ? (labelZh ?? label) : label)) ?? [];
  const taken = takesOfClip(state).flatMap(({ record }) => record.chosen.map((choice) => plainClass(choice.class)));
  const said = state.words.prompt.toLowerCase();
  return [...new Set(seen.length > 0 ? seen : taken)]
    .filter((words) => !said.includes(words.toLowerCase()))
    .slice(0, MOST);
}

/** What is to be heard, in words: typed, suggested, kept, or used before. */
export function Words() {
  const app = useApp();
  const text = useText();
  const words = useAppState((state) => state.words);
  const favourites = useAppState((state) => state.favourites);
  const look = useAppState((state) => state.look);
  useAppState((state) => state.range);
  useAppState((state) => state.takes);
  useAppState((state) => state.language);
  useAppState((state) => state.clip);
  const { clip, range } = app.store.get();
  // Of the same clip: while another range of it is looked at, the words of the last one stay.
  const looked = clip !== null && look !== null && app.host.peek(clip, range)?.video === look.path ? look : null;
  const suggestions = suggestionsOf(app.store.get(), looked);
  const first = suggestions[0];
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
  const hint =
    first === undefined || looked?.fits === false
      ? text("pictureDecidesHint")
      : text("pictureDecidesAs", { classes: first });
  return (
    <div className="stack">
      <div className="words" data-words="">
        <TextArea
          label={text("words")}
          description={prompt === "" ? hint : null}
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
      <Earlier prompt={prompt} onPick={setPrompt} />
    </div>
  );
}

/** Kept words first, then those of earlier presses; a few at a time. */
function Earlier({ prompt, onPick }: { readonly prompt: string; readonly onPick: (words: string) => void }) {
  const text = useText();
  const favourites = useAppState((state) => state.favourites);
  const history = useAppState((state) => state.history);
  const [all, setAll] = useState(false);
  const older = [...favourites, ...history.filter((old) => !favourites.includes(old))].filter((old) => old !== prompt);
  if (older.length === 0) return null;
  return (
    <fieldset className="chips" aria-label={text("historyAndFavourites")}>
      {older.slice(0, all ? older.length : SHOWN).map((old) => (
        <button type="button" className="chip earlier clip-text" key={old} onClick={() => onPick(old)}>
          {favourites.includes(old) ? "★ " : ""}
          {old}
        </button>
      ))}
      {older.length > SHOWN && (
        <ActionButton isQuiet UNSAFE_className="chip-more" onPress={() => setAll(!all)}>
          {all ? text("fewer") : text("moreOf", { count: older.length - SHOWN })}
        </ActionButton>
      )}
    </fieldset>
  );
}
