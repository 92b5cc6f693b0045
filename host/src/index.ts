import type {
  FindTakeArgument,
  FindTakeData,
  HelloData,
  ImportTakeArgument,
  ImportTakeData,
  PlaceTakeArgument,
  PlaceTakeData,
  ReadSelectionArgument,
  ReadSequenceArgument,
  RemoveTakeArgument,
  RemoveTakeData,
  RenderRangeArgument,
  RenderRangeData,
  RevealArgument,
  RevealData,
  SelectionData,
  SelfTestArgument,
  SelfTestData,
  SequenceData,
  Verb,
  WatchArgument,
  WatchData,
} from "./contract.ts";

export type * from "./contract.ts";

/** What the panel may ask of Premiere. */
export type HostApi = {
  hello: Verb<Record<string, never>, HelloData>;
  readSelection: Verb<ReadSelectionArgument, SelectionData>;
  readSequence: Verb<ReadSequenceArgument, SequenceData>;
  renderRange: Verb<RenderRangeArgument, RenderRangeData>;
  importTake: Verb<ImportTakeArgument, ImportTakeData>;
  placeTake: Verb<PlaceTakeArgument, PlaceTakeData>;
  findTake: Verb<FindTakeArgument, FindTakeData>;
  removeTake: Verb<RemoveTakeArgument, RemoveTakeData>;
  reveal: Verb<RevealArgument, RevealData>;
  watch: Verb<WatchArgument, WatchData>;
  selfTest: Verb<SelfTestArgument, SelfTestData>;
};
