/** TypeScript's own names that the ES3 typings lack. */
type Record<Key extends string | number | symbol, Value> = { [Name in Key]: Value };
type ReadonlyArray<Item> = {
  readonly length: number;
  readonly [index: number]: Item;
  join(delimiter?: string): string;
  slice(start?: number, end?: number): Item[];
};
type Readonly<Whole> = { readonly [Name in keyof Whole]: Whole[Name] };
type Exclude<All, Some> = All extends Some ? never : All;
