import { Item, Picker, TextField } from "@adobe/react-spectrum";
import type { ImportResource } from "local-server/protocol";
import { useState } from "react";
import { attempt } from "../actions/attempt.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { languageOf } from "../i18n/text.ts";
import { noticeOfBody } from "../state/notice.ts";
import { timeLeft } from "../state/progress.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { ProgressBar } from "../ui/ProgressBar.tsx";
import { Consent } from "./Consent.tsx";

const DTYPES = ["int8", "q8", "fp16", "fp32"] as const;

/** Published weights become a model: where they lie, where they are used, consent, how far it is. */
export function ImportModel() {
  const text = useText();
  const importing = useAppState((state) => state.importing);
  return (
    <div className="card stack" data-testid="import">
      <h3>{text("importTitle")}</h3>
      {importing?.state === "running" ? (
        <Progress importing={importing} />
      ) : (
        <>
          <Outcome importing={importing} />
          <Form />
        </>
      )}
    </div>
  );
}

function Form() {
  const app = useApp();
  const text = useText();
  const terms = useAppState((state) => state.terms);
  const models = useAppState((state) => state.models);
  const language = languageOf(useAppState((state) => state.language));
  // What came to nothing is asked for again as it was.
  const importing = useAppState((state) => state.importing);
  const last = importing?.state === "done" ? null : importing;
  const [dir, setDir] = useState(last?.dir ?? "");
  const [id, setId] = useState(last?.id ?? "hunyuan");
  const [dtype, setDtype] = useState<(typeof DTYPES)[number]>(last?.dtype ?? "int8");
  const [territory, setTerritory] = useState("");
  const place = territoryOf(territory);
  const isExcluded = terms?.excluded.includes(place) ?? false;
  const isTaken = models.some((model) => model.id === id);
  const isNamed = /^[a-z0-9][a-z0-9-]{0,40}$/.test(id);
  const isWhole = dir.trim() !== "" && isNamed && !isTaken && /^[A-Z]{2}$/.test(place) && !isExcluded;
  return (
    <>
      <p className="dim">{text("importHint")}</p>
      <div className="fields wide">
        <TextField label={text("importFolder")} value={dir} onChange={setDir} width="100%" />
        <TextField
          label={text("importName")}
          value={id}
          onChange={setId}
          width="100%"
          {...(isNamed && !isTaken ? {} : { validationState: "invalid" as const })}
          errorMessage={text(isTaken ? "importTaken" : "importNameRule")}
        />
        <Picker
          label={text("importPrecision")}
          selectedKey={dtype}
          width="100%"
          onSelectionChange={(key) => setDtype(DTYPES.find((one) => one === key) ?? "int8")}
        >
          {DTYPES.map((one) => (
            <Item key={one}>{text(`precision.${one}`)}</Item>
          ))}
        </Picker>
        <TextField
          label={text("territory")}
          value={territory}
          onChange={setTerritory}
          maxLength={2}
          width="100%"
          description={nameOf(place, language) ?? text("territoryHint")}
        />
      </div>
      {isExcluded && (
        <p className="bad" role="alert">
          {text("territoryExcluded", { place: nameOf(place, language) ?? place })}
        </p>
      )}
      <p className="row">
        <Consent
          isDisabled={!isWhole}
          place={nameOf(place, language) ?? place}
          onAgreed={(licence) =>
            void attempt(app, () => app.server.importModel({ dir: dir.trim(), id, dtype, licence, territory: place }))
          }
        />
      </p>
    </>
  );
}

function Progress({ importing }: { readonly importing: ImportResource }) {
  const app = useApp();
  const text = useText();
  const line = text(`import.${importing.stage}`, { id: importing.id });
  const { fraction, secondsLeft } = importing;
  return (
    <div className="running row" data-testid="importing">
      <div className="grow">
        <div className="row number">
          <span className="grow clip-text">{line}</span>
          <span className="dim">{secondsLeft === null ? "" : text("left", { time: timeLeft(secondsLeft) })}</span>
        </div>
        <ProgressBar label={line} fraction={fraction} />
      </div>
      <IconButton
        icon="close"
        label={text("importCancel")}
        onPress={() => void attempt(app, () => app.server.cancelImport())}
      />
    </div>
  );
}

/** What came of the last one. */
function Outcome({ importing }: { readonly importing: ImportResource | null }) {
  const text = useText();
  if (importing === null) return null;
  if (importing.state === "done") return <p role="status">{text("importDone", { id: importing.id })}</p>;
  if (importing.error === null) return null;
  if (importing.state === "cancelled") return <p role="status">{text("importCancelled", { id: importing.id })}</p>;
  const { text: sentence, detail } = noticeOfBody(importing.error, text);
  return (
    <div role="alert">
      <p className="bad">{sentence}</p>
      {detail && <p className="dim wrap-text">{detail}</p>}
    </div>
  );
}

/** Both are in use for the same places. */
function territoryOf(typed: string): string {
  const code = typed.trim().toUpperCase();
  return { UK: "GB", EL: "GR" }[code] ?? code;
}

/** Null where it is the name of no place. */
function nameOf(code: string, language: string): string | null {
  if (!/^[A-Z]{2}$/.test(code)) return null;
  const name = new Intl.DisplayNames([language], { type: "region" }).of(code);
  return name === undefined || name === code ? null : name;
}
