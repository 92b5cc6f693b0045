"""Which class does a sound belong to? Pretrained ears (ears.py) and, on top, kernel ridge regression on the free sounds' classes.

Its scores also count a little for classes with like descriptions. What comes from given sources is left out of the fit, exactly and
at once, so that a sound is never judged by recordings that it was cut from. The numbers were set on real files, their own source
left out, before any take was judged.
"""
import csv
import pathlib
from functools import partial

import numpy as np
import soundfile as sf

from bank_tables import class_of_rows
from bank_text import TextTower
from ears import Ears
from sounds_data import source_key

HERE = pathlib.Path(__file__).resolve().parent
NEAR, RIDGE, RARE, LIKE = 1.0, 0.1, 0.25, 0.7


def like_descriptions(specs):
    """[C,C]: 1 for itself, for others LIKE times the cosine of the mean descriptions, what all share taken off."""
    text, owner = TextTower(HERE.parent / "text").embed([t for s in specs for t in s["text"]]).astype(float), class_of_rows(specs)
    unit = lambda m: m / np.linalg.norm(m, axis=1, keepdims=True)
    mean = unit(np.stack([text[owner == k].mean(0) for k in range(len(specs))]))
    mean = unit(mean - mean.mean(0))
    like = LIKE * np.maximum(0, mean @ mean.T)
    np.fill_diagonal(like, 1)
    return like


def samples_of(path, start=0, count=-1):
    return sf.read(path, dtype="float64", start=start, frames=count)[0]


class Classifier:
    """Scores of all classes for a sound, what comes from given sources unknown."""

    def __init__(self, specs, rows_of, shared, work):
        """`rows_of(spec, rows)`: the rows of the index that belong to a class, as pairs with their rank (bank_build.py)."""
        folder, self.specs = pathlib.Path(shared) / "data" / "sounds", specs
        rows = sorted(csv.DictReader((folder / "index.csv").open(encoding="utf-8")), key=lambda r: r["file"])
        self.ids = [s["id"] for s in specs]
        of_file = {}
        for k, spec in enumerate(specs):
            for row, _ in rows_of(spec, rows):
                of_file.setdefault(row["file"], set()).add(k)
        origin = lambda row: f"{row['source_repo']}: {row['source_path']}"  # as the bank names it
        self.session_of, self.file_of = {origin(r): source_key(r) for r in rows}, {origin(r): r["file"] for r in rows}
        rows = [r for r in rows if r["file"] in of_file]
        self.files, self.sessions = np.array([r["file"] for r in rows]), np.array([source_key(r) for r in rows])
        self.member = np.zeros((len(rows), len(specs)))
        for i, row in enumerate(rows):
            self.member[i, list(of_file[row["file"]])] = 1
        self.ears = Ears(work)
        heard = self.ears.hear_all([partial(samples_of, folder / f) for f in self.files])
        self.middle, self.spread = heard.mean(0), (heard.std(0) + 1e-6) * np.sqrt(heard.shape[1])
        self.heard, self.known, self.like = heard, self.standard(heard), like_descriptions(specs)
        weight = (self.member / self.member.sum(0).clip(1) ** RARE).sum(1)
        self.inverse = np.linalg.inv(self.kernel(self.known) + np.diag(RIDGE / weight))
        self.coefficients = self.inverse @ self.member

    def standard(self, heard):
        return (heard - self.middle) / self.spread

    def kernel(self, standard):
        square = (standard**2).sum(1)[:, None] + (self.known**2).sum(1) - 2 * standard @ self.known.T
        return np.exp(-NEAR * square.clip(0))

    def scores(self, heard, without):
        """heard [N,512], sessions or files that are not to be known -> [N,C]; -inf for a class that nothing is left of."""
        out = np.isin(self.sessions, list(without)) | np.isin(self.files, list(without))
        rest = self.coefficients.copy()  # those of a fit without `out`, by block elimination
        rest -= self.inverse[:, out] @ np.linalg.solve(self.inverse[np.ix_(out, out)], self.coefficients[out])
        rest[out] = 0
        scores = self.kernel(self.standard(heard)) @ rest @ self.like
        scores[:, self.member[~out].sum(0) == 0] = -np.inf
        return scores
