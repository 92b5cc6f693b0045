"""Graphs of foley-mini are written by the product's own builder, from the file that a training saves."""
import pathlib
import subprocess

FOLEY = pathlib.Path(__file__).resolve().parent.parent.parent.parent / "local-server" / "bin" / "foley.mjs"


def write_graph(role, weights, out):
    """`weights`: a .pt of torch.save; writes `out` (networks in local-server/src/networks). Needs Node."""
    subprocess.run(["node", str(FOLEY), "models", "write", role, str(weights), str(out)], check=True)
