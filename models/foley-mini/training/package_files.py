"""Where an installed package keeps its files; it is found, never imported."""
import importlib.util
import pathlib


def package_dir(name):
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise SystemExit(f"package {name} is missing: pip install --no-deps -r requirements-towers.txt")
    return pathlib.Path(spec.submodule_search_locations[0])
