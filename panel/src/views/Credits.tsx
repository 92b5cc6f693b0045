import { ActionButton } from "@adobe/react-spectrum";
import { type Credit, creditLines } from "local-server/protocol";
import { attempt } from "../actions/attempt.ts";
import { copyText } from "../actions/copy-text.ts";
import { useApp, useText } from "../app.ts";
import { infoNotice } from "../state/notice.ts";
import { Icon } from "../ui/Icon.tsx";

/** Whom a film must name that a take is heard in, folded away; nothing where no licence asks for it. */
export function Credits({ credits }: { readonly credits: readonly Credit[] }) {
  const app = useApp();
  const text = useText();
  if (credits.length === 0) return null;
  const lines = creditLines(credits);
  const copy = (): Promise<void> =>
    attempt(app, async () => {
      await copyText(lines.join("\n"));
      app.store.set({ notice: infoNotice(text("creditsCopied")) });
    });
  return (
    <details className="more">
      <summary>
        <Icon name="right" /> {text("credits", { count: lines.length })}
      </summary>
      <ActionButton isQuiet onPress={() => void copy()}>
        {text("copyCredits")}
      </ActionButton>
      <ul className="stack dim wrap-text">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </details>
  );
}
