"""Takes of the product as it stands, made once each by the command line and kept: work/evaluate/STATE/NAME.wav and NAME.json.

STATE is a hash of the bundle's manifest and of the pipeline's code, so what was made by another state is made anew; takes
from words alone do not depend on the sync net.
"""
import hashlib
import json
import pathlib
import subprocess

import numpy as np
import soundfile as sf

HERE = pathlib.Path(__file__).resolve().parent.parent
PROJECT = HERE.parent.parent.parent


class Takes:
    """make(name, *arguments) -> (samples f64 [S], facts of the command's --json with the take's own events)."""

    def __init__(self, work):
        self.work = pathlib.Path(work)
        code = b"".join(source.read_bytes() for source in sorted((PROJECT / "local-server" / "src").rglob("*.ts")))
        manifest = json.loads((HERE.parent / "manifest.json").read_text(encoding="utf-8"))
        state = lambda: hashlib.sha256(code + json.dumps(manifest).encode()).hexdigest()[:12]
        self.state = state()
        del manifest["roles"]["sync"], manifest["files"]["sync.onnx"]
        self.of_clips, self.of_words = self.work / self.state, self.work / state()

    def make(self, name, *arguments):
        folder = self.of_words if "--prompt" in arguments else self.of_clips
        folder.mkdir(parents=True, exist_ok=True)
        wav, facts = folder / f"{name}.wav", folder / f"{name}.json"
        if not facts.exists():
            command = ["node", str(PROJECT / "local-server/bin/foley.mjs"), "generate", *map(str, arguments), "--mono", "--json", "-o", str(wav)]
            run = subprocess.run(command, capture_output=True, text=True)
            if run.returncode != 0:
                raise SystemExit(f"{' '.join(command)}: {run.stderr.strip().splitlines()[-1:]}")
            facts.write_text(run.stdout)
        said = json.loads(facts.read_text())
        samples, rate = sf.read(wav, dtype="float64")
        assert rate == 48000 and samples.ndim == 1, wav
        return samples, {**said["takes"][0], "wall_s": said["wallSeconds"], "timings": said["timings"], "peak_mib": said.get("peakMemoryMiB")}


def index_of_bank():
    return json.loads((HERE.parent / "bank" / "bank.json").read_text(encoding="utf-8"))


def level_db(samples):
    return 10 * np.log10(np.mean(np.square(samples)) + 1e-12) if len(samples) else -120.0
