import { ActionButton, SearchField, Switch } from "@adobe/react-spectrum";
import { useState } from "react";
import { showTake } from "../actions/clip.ts";
import { playTake } from "../actions/transport.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { clipPathOf, type Take } from "../state/state.ts";
import { Takes } from "./Takes.tsx";

/** All takes on this machine: of the open clip in full, of the others by clip. */
export function AllTakes() {
  const app = useApp();
  const text = useText();
  const takes = useAppState((state) => state.takes);
  const clip = useAppState((state) => state.clip);
  const [search, setSearch] = useState("");
  const [onlyHearted, setOnlyHearted] = useState(false);
  const words = search.trim().toLowerCase();
  const found = takes
    .filter((take) => clipPathOf(take) !== clip?.path || words !== "" || onlyHearted)
    .filter((take) => !onlyHearted || take.hearted)
    .filter((take) => `${take.record.request.prompt} ${take.record.source?.name ?? ""}`.toLowerCase().includes(words))
    .sort((a, b) => b.createdAt_ms - a.createdAt_ms);
  const show = async (take: Take): Promise<void> => {
    if (await showTake(app, take)) playTake(app, take.id);
  };
  return (
    <div className="stack">
      {clip && words === "" && !onlyHearted && <Takes />}
      <section aria-label={text("allTakes")} className="stack">
        <h2>{text("allTakes")}</h2>
        <div className="row wrap">
          <SearchField aria-label={text("search")} value={search} onChange={setSearch} width="160px" />
          <Switch isSelected={onlyHearted} onChange={setOnlyHearted}>
            {text("onlyHearted")}
          </Switch>
        </div>
        {found.length === 0 ? (
          <div className="empty">{text("noneFound")}</div>
        ) : (
          <ul className="list">
            {found.map((take) => (
              <li key={take.id} className="row">
                <div className="grow">
                  <div className="clip-text">{take.record.request.prompt || text("pictureDecides")}</div>
                  <div className="dim clip-text">
                    {take.record.source?.name ?? text("textOnly")} · {take.record.seconds.toFixed(1)} s ·{" "}
                    {new Date(take.createdAt_ms).toLocaleString()}
                  </div>
                </div>
                <ActionButton onPress={() => void show(take)}>{text("open")}</ActionButton>
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}
