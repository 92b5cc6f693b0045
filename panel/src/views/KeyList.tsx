import type { Action } from "../actions/action.ts";
import { hintOf } from "../actions/keys.ts";
import { useText } from "../app.ts";

/** All keys; the nine that play a take by its number are one line. */
export function KeyList({ actions }: { readonly actions: readonly Action[] }) {
  const text = useText();
  const shown = actions.filter(({ name }) => !/^playTake[2-9]$/.test(name));
  return (
    <dl className="keys">
      {shown.map((action) => (
        <div key={action.name} style={{ display: "contents" }}>
          <dt>
            <kbd>{action.name === "playTake1" ? "1 … 9" : hintOf(action)}</kbd>
          </dt>
          <dd>{text(action.label)}</dd>
        </div>
      ))}
    </dl>
  );
}
