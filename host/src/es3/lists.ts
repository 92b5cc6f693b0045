/** What ES3's arrays lack. Premiere's own collections are read through `collect`. */

export function forEach<Item>(list: ReadonlyArray<Item>, visit: (item: Item, index: number) => void): void {
  for (let index = 0; index < list.length; index++) visit(list[index] as Item, index);
}

export function map<Item, Made>(list: ReadonlyArray<Item>, make: (item: Item, index: number) => Made): Made[] {
  const made: Made[] = [];
  forEach(list, (item, index) => {
    made.push(make(item, index));
  });
  return made;
}

export function filter<Item>(list: ReadonlyArray<Item>, keep: (item: Item) => boolean): Item[] {
  const kept: Item[] = [];
  forEach(list, (item) => {
    if (keep(item)) kept.push(item);
  });
  return kept;
}

export function find<Item>(list: ReadonlyArray<Item>, is: (item: Item) => boolean): Item | undefined {
  return filter(list, is)[0];
}

export function some<Item>(list: ReadonlyArray<Item>, is: (item: Item) => boolean): boolean {
  return filter(list, is).length > 0;
}

export function includes<Item>(list: ReadonlyArray<Item>, wanted: Item): boolean {
  return some(list, (item) => item === wanted);
}

/** A collection that has a length of its own name and items by index, as an array. */
export function collect<Item>(collection: { readonly [index: number]: Item }, length: number): Item[] {
  const items: Item[] = [];
  for (let index = 0; index < length; index++) {
    const item = collection[index];
    if (item !== undefined && item !== null) items.push(item);
  }
  return items;
}
