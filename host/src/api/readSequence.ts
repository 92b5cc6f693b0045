import type { ReadSequenceArgument, SequenceData } from "../contract.ts";
import { activeSequence, describeSequence, pinnedSequence } from "../premiere/sequence.ts";

export const readSequence = ({ pin }: ReadSequenceArgument): SequenceData =>
  describeSequence(pin === undefined ? activeSequence() : pinnedSequence(pin));
