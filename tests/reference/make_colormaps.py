#!/usr/bin/env python3
"""Writes src/map/colormaps.bin: published 256-entry colour tables as 8-bit RGB, 768 bytes each, in the order of ORDER.

    pip install matplotlib==3.11.2 cmcrameri==1.10 cmocean==4.0.3
    python3 tests/reference/make_colormaps.py

Sources and licences:
  cividis, viridis   matplotlib (_cm_listed.py); viridis CC0, cividis (Nunez, Anderton, Renslow 2018) under matplotlib's licence
  lapaz, roma, vik   F. Crameri, Scientific colour maps, doi 10.5281/zenodo.1243862, MIT
  rain, balance      K. Thyng et al. 2016, cmocean, doi 10.5670/oceanog.2016.66, MIT
"""
import pathlib

import cmcrameri.cm as crameri
import cmocean.cm as ocean
import matplotlib

ORDER = [
    ("lapaz", crameri.lapaz),
    ("rain", ocean.rain),
    ("cividis", matplotlib.colormaps["cividis"]),
    ("viridis", matplotlib.colormaps["viridis"]),
    ("roma", crameri.roma),
    ("vik", crameri.vik),
    ("balance", ocean.balance),
]


def table(cmap) -> bytes:
    """256 RGB triples, rounded to the nearest of 0..255."""
    assert cmap.N == 256, cmap.name
    return bytes(round(255 * channel) for i in range(256) for channel in cmap(i)[:3])


def main() -> None:
    out = pathlib.Path(__file__).parents[2] / "src" / "map" / "colormaps.bin"
    out.write_bytes(b"".join(table(cmap) for _, cmap in ORDER))
    print(f"{out}: {len(ORDER)} tables")


if __name__ == "__main__":
    main()
