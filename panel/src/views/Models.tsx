import { ActionButton } from "@adobe/react-spectrum";
import { useApp, useAppState, useText } from "../app.ts";
import { ImportModel } from "./ImportModel.tsx";
import { RemoveModel } from "./RemoveModel.tsx";

/** The models on this machine: what they are, under which licence, what they need. */
export function Models() {
  const app = useApp();
  const text = useText();
  const models = useAppState((state) => state.models);
  const options = useAppState((state) => state.options);
  const connection = useAppState((state) => state.connection);
  const provider = connection.state === "up" ? connection.provider : null;
  return (
    <section aria-labelledby="models-title" className="stack">
      <h2 id="models-title">{text("models")}</h2>
      {models.length === 0 && (
        <div className="empty">{text(connection.state === "up" ? "noModels" : "engineDown")}</div>
      )}
      <ul className="stack">
        {models.map((model) => (
          <li key={model.id} className="card stack" data-testid="model">
            <div className="row">
              <h3 className="grow">
                {model.name} <span className="dim">{model.version}</span>
              </h3>
              {options.model === model.id ? (
                <span className="dim">{text("inUse")}</span>
              ) : (
                <ActionButton
                  flexShrink={0}
                  isDisabled={model.problem !== null}
                  onPress={() => app.store.set({ options: { ...options, model: model.id } })}
                >
                  {text("use")}
                </ActionButton>
              )}
              {model.imported && <RemoveModel model={model} />}
            </div>
            <p>{model.description}</p>
            {model.problem && <p className="bad">{model.problem}</p>}
            <dl className="facts">
              <dt>{text("licence")}</dt>
              <dd>
                {model.licence}
                {model.use && <span className="dim"> {model.use}</span>}
              </dd>
              <dt>{text("size")}</dt>
              <dd className="number">{(model.bytes / 1e6).toFixed(1)} MB</dd>
              {provider && (
                <>
                  <dt>{text("provider")}</dt>
                  <dd>{provider.toUpperCase()}</dd>
                </>
              )}
            </dl>
          </li>
        ))}
      </ul>
      <ImportModel />
    </section>
  );
}
