import { Button, ButtonGroup, Checkbox, Content, Dialog, DialogTrigger, Divider, Heading } from "@adobe/react-spectrum";
import { useState } from "react";
import { useAppState, useText } from "../app.ts";

interface ConsentProps {
  readonly isDisabled: boolean;
  /** Where the model is to be used, by name. */
  readonly place: string;
  /** With the id of the licence that was agreed to. */
  readonly onAgreed: (licence: string) => void;
}

/** The licence of published weights, and a yes to it that somebody has to give by hand. */
export function Consent({ isDisabled, place, onAgreed }: ConsentProps) {
  const text = useText();
  const terms = useAppState((state) => state.terms);
  const [agrees, setAgrees] = useState(false);
  if (terms === null) return null;
  return (
    <DialogTrigger onOpenChange={() => setAgrees(false)}>
      <Button variant="accent" isDisabled={isDisabled}>
        {text("importAsk")}
      </Button>
      {(close) => (
        <Dialog size="M">
          <Heading>{text("licence")}</Heading>
          <Divider />
          <Content>
            <p lang="en">{terms.terms}</p>
            <Checkbox isSelected={agrees} onChange={setAgrees}>
              {text("licenceAgree", { licence: terms.id, place })}
            </Checkbox>
          </Content>
          <ButtonGroup>
            <Button variant="secondary" onPress={close}>
              {text("cancel")}
            </Button>
            <Button
              variant="accent"
              isDisabled={!agrees}
              onPress={() => {
                close();
                onAgreed(terms.id);
              }}
            >
              {text("importNow")}
            </Button>
          </ButtonGroup>
        </Dialog>
      )}
    </DialogTrigger>
  );
}
