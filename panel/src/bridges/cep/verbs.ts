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
  RenderRangeArgument,
  RenderRangeData,
  RevealArgument,
  RevealData,
  SelectionData,
  SequenceData,
  WatchArgument,
  WatchData,
} from "host/contract";

/** The verbs of Premiere's script that the panel calls: what each is given, and what it gives. */
export interface Verbs {
  readonly hello: readonly [Record<string, never>, HelloData];
  readonly readSelection: readonly [ReadSelectionArgument, SelectionData];
  readonly readSequence: readonly [ReadSequenceArgument, SequenceData];
  readonly renderRange: readonly [RenderRangeArgument, RenderRangeData];
  readonly importTake: readonly [ImportTakeArgument, ImportTakeData];
  readonly placeTake: readonly [PlaceTakeArgument, PlaceTakeData];
  readonly findTake: readonly [FindTakeArgument, FindTakeData];
  readonly reveal: readonly [RevealArgument, RevealData];
  readonly watch: readonly [WatchArgument, WatchData];
}
export type Verb = keyof Verbs;
