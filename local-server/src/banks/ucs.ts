/**
 * Names by the Universal Category System begin with a CatID: capitals for the category, then a short form of the
 * subcategory ("DOORWood_Knock_...", "FEETGrvl", "GUNAuto"). Read here into words, so that a text tower understands them.
 */
const CATEGORIES: Readonly<Record<string, string>> = {
  ...{ AERO: "aircraft", AIR: "air", ALRM: "alarm", AMB: "ambience", ANML: "animal", BEEP: "beep", BELL: "bell" },
  ...{ BIRD: "bird", BLLT: "bullet", BOAT: "boat", CERM: "ceramic", CRMC: "ceramic", CHAIN: "chain", CHEM: "chemical" },
  ...{ CLOCK: "clock", CLTH: "cloth", CLOTH: "cloth", COMM: "telephone", CMPT: "computer", CREA: "creature" },
  ...{
    CRWD: "crowd",
    DEST: "destruction",
    DIRT: "dirt and sand",
    DOOR: "door",
    DRWR: "drawer",
    DSGN: "designed sound",
  },
  ...{ ELEC: "electricity", EQUIP: "equipment", EXPL: "explosion", FGHT: "fight", FIRE: "fire", FIREW: "fireworks" },
  ...{ FRWK: "fireworks", FOLY: "foley", FOOD: "food and drink", FEET: "footsteps", FOOT: "footsteps", GAME: "game" },
  ...{
    GEO: "earth rumble",
    GLAS: "glass",
    GORE: "gore",
    GUN: "gun",
    HORN: "horn",
    HMN: "human",
    ICE: "ice",
    LASR: "laser",
  },
  ...{ LETH: "leather", LTHR: "leather", LIQ: "liquid and mud", MACH: "machine", MAGC: "magic", MECH: "mechanism" },
  ...{ METL: "metal", MOTR: "motor", MOVE: "movement", MUSC: "music", OBJ: "object", PAPR: "paper", PLAS: "plastic" },
  ...{ RAIN: "rain", ROBT: "robot", ROCK: "rock, stone", ROPE: "rope", RUBR: "rubber", SCIFI: "science fiction" },
  ...{
    SNOW: "snow",
    SPRT: "sports",
    SWSH: "swoosh, whoosh",
    TOOL: "tool",
    TOY: "toy",
    TRN: "train",
    UI: "interface click",
  },
  ...{ VEGE: "vegetation, leaves", VEH: "vehicle", VOX: "voice", WATR: "water", WEAP: "weapon", WTHR: "weather" },
  ...{ WHSL: "whistle", WIND: "wind", WNDW: "window", WNGS: "wings", WING: "wings", WOOD: "wood" },
};

const SUBCATEGORIES: Readonly<Record<string, string>> = {
  ...{ anml: "animal", auto: "automatic", bag: "bag", ball: "ball", bare: "bare feet", beam: "beam", bed: "bed" },
  ...{ bird: "birds", blde: "blade", blow: "blow", book: "book", bott: "bottle", bounce: "bounce", brak: "breaking" },
  ...{
    break: "breaking",
    brk: "breaking",
    brush: "brush",
    burn: "burning",
    card: "cards",
    cart: "cart",
    chop: "chopping",
  },
  ...{
    chor: "chorus",
    clap: "clapping",
    clck: "click",
    clos: "closing",
    cncr: "concrete",
    coin: "coins",
    conc: "concrete",
  },
  ...{
    crak: "cracking",
    crash: "crash",
    crsh: "crash",
    creak: "creak",
    crk: "creak",
    crmp: "crumpling",
    cutt: "cutting",
  },
  ...{
    dirt: "dirt",
    dog: "dog barking",
    drag: "drag",
    drip: "dripping",
    drop: "drop",
    elec: "electric",
    fall: "falling",
  },
  ...{
    fire: "fire",
    flag: "flag",
    foot: "footsteps",
    forst: "forest",
    frst: "forest",
    fric: "friction",
    glas: "glass",
  },
  ...{
    grass: "grass",
    gras: "grass",
    grvl: "gravel",
    gate: "gate",
    hand: "handling",
    hndl: "handling",
    heel: "high heels",
  },
  ...{
    hit: "hit",
    hmn: "human",
    hors: "horse",
    hvy: "heavy",
    ice: "ice",
    impt: "impact",
    int: "interior",
    jngl: "jungle",
  },
  ...{ keys: "keys", kitc: "kitchen", knck: "knock", knock: "knock", lake: "lake", leth: "leather", lthr: "leather" },
  ...{ loop: "loop", lght: "light", marb: "marble", mech: "mechanical", metl: "metal", metal: "metal", misc: "" },
  ...{ motr: "motor", mud: "mud", mvmt: "movement", ocea: "ocean", open: "opening", papr: "paper", part: "" },
  ...{
    phon: "phone",
    pist: "pistol",
    plas: "plastic",
    pour: "pouring",
    pubp: "pub, people",
    punc: "punch",
    rain: "rain",
  },
  ...{
    rattl: "rattle",
    ratl: "rattle",
    rfl: "rifle",
    rifle: "rifle",
    road: "road",
    roll: "rolling",
    room: "room tone",
  },
  ...{
    rip: "rip, tear",
    rubr: "rubber",
    run: "running",
    sand: "sand",
    scrp: "scrape",
    shtg: "shotgun",
    shut: "shutting",
  },
  ...{ slam: "slam", slid: "sliding", slide: "sliding", snow: "snow", splsh: "splash", spls: "splash", sqek: "squeak" },
  ...{ step: "step", stairs: "stairs", stone: "stone", strm: "stream", surf: "surf", swng: "swing", swrd: "sword" },
  ...{ tear: "tear", thun: "thunder", tile: "tile", tone: "tone", tonl: "tonal", town: "town", traf: "traffic" },
  ...{ train: "train", tree: "tree", urbn: "urban", walk: "walking", watr: "water", wave: "waves", wind: "wind" },
  ...{ wood: "wood", zipr: "zipper" },
};

/** A CatID -> words, or null for what is none. */
export function wordsOfCatId(token: string): string | null {
  const match = /^([A-Z]{2,6}?)([A-Z][a-z]+[A-Za-z]*)?$/.exec(token);
  if (!match) return null;
  const [, category = "", short = ""] = match;
  const words = CATEGORIES[category];
  if (words === undefined) return null;
  const more = SUBCATEGORIES[short.toLowerCase()] ?? short.toLowerCase();
  return more === "" || more === words ? words : `${words} ${more}`;
}
