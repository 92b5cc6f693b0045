import { ActionButton } from "@adobe/react-spectrum";
import { attempt } from "../actions/attempt.ts";
import { copyDiagnostics } from "../actions/diagnostics.ts";
import { useApp, useAppState, useText } from "../app.ts";

const rateText = ({ num, den }: { num: number; den: number }): string => String(Math.round((100 * num) / den) / 100);

/** One line: what is open, whether the engine is there, and what it computes with. */
export function Status() {
  const app = useApp();
  const text = useText();
  const clip = useAppState((state) => state.clip);
  const connection = useAppState((state) => state.connection);
  const model = useAppState((state) => state.options.model);
  const word = { starting: text("engineStarting"), up: text("engineUp"), down: text("engineDown") }[connection.state];
  return (
    <>
      <div className="row status">
        <span className="grow clip-text" title={clip?.name}>
          {clip ? `${clip.name} · ${rateText(clip.count.rate)} fps${clip.count.dropFrame ? " DF" : ""}` : text("title")}
        </span>
        <span className={`dot ${connection.state}`} role="img" aria-label={word} title={word} />
        {connection.state === "up" ? (
          <button type="button" className="plain nowrap" onClick={() => app.store.set({ view: "models" })}>
            {model} <span className="dim">{connection.provider.toUpperCase()}</span>
          </button>
        ) : (
          <span className="dim nowrap">{word}</span>
        )}
      </div>
      {connection.state === "down" && (
        <div className="notice error" role="alert" style={{ margin: "4px 0 6px" }} data-testid="down">
          <div className="grow">
            <p>{text("engineDownLong")}</p>
            <p className="dim">{connection.reason}</p>
            <div className="row wrap" style={{ marginTop: 4 }}>
              <ActionButton onPress={() => void attempt(app, () => app.server.reconnect())}>
                {text("restart")}
              </ActionButton>
              <ActionButton isQuiet onPress={() => void copyDiagnostics.perform(app)}>
                {text("copyDiagnostics")}
              </ActionButton>
            </div>
          </div>
        </div>
      )}
    </>
  );
}
