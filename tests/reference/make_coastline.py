#!/usr/bin/env python3
"""Writes public/coastline.bin: Natural Earth coastlines and country borders (1:50 million, public domain) in a compact form.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python3 tests/reference/make_coastline.py package/countries-50m.json

The TopoJSON arcs of `countries-50m` are shared between the countries they part: an arc used by two countries is a border, one used
once is a coast. Points are rounded to 1/100 degree (1.1 km, well under a 3 km cell) and doubles dropped.

Format, all little-endian: magic `LCO1`, u32 number of lines; per line u8 kind (0 coast, 1 border), varint number of points, then
per point zigzag varints of the differences in 1/100 degree, longitude first, starting from 0, 0.
"""
import json
import pathlib
import struct
import sys


def varint(n: int) -> bytes:
    out = bytearray()
    while True:
        out.append((n & 127) | (128 if n > 127 else 0))
        n >>= 7
        if not n:
            return bytes(out)


def zigzag(n: int) -> int:
    return n * 2 if n >= 0 else -n * 2 - 1


def arcs_of(geometry):
    """Every arc index of a geometry, however deeply nested; ~i means arc i backwards."""
    stack = list(geometry.get("arcs", []))
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        else:
            yield item if item >= 0 else ~item


def without_seam(points):
    """Pieces of a line, cut where it runs along the globe's own seam (180 degrees, the south pole) or leaps across it."""
    pieces = [points[:1]]
    for before, point in zip(points, points[1:]):
        along = abs(before[0]) == abs(point[0]) == 18000 or (before[1] <= -8990 and point[1] <= -8990)
        if along or abs(before[0] - point[0]) > 18000:
            pieces.append([])
        pieces[-1].append(point)
    return [piece for piece in pieces if len(piece) > 1]


def main() -> None:
    topology = json.load(open(sys.argv[1]))
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    users: dict[int, set[int]] = {}
    for number, country in enumerate(topology["objects"]["countries"]["geometries"]):
        for arc in arcs_of(country):
            users.setdefault(arc, set()).add(number)
    lines = []
    for index, arc in enumerate(topology["arcs"]):
        if index not in users:
            continue
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            point = (round(100 * (tx + sx * x)), round(100 * (ty + sy * y)))
            if not points or points[-1] != point:
                points.append(point)
        for piece in without_seam(points):
            lines.append((1 if len(users[index]) > 1 else 0, piece))
    out = bytearray(b"LCO1" + struct.pack("<I", len(lines)))
    for kind, points in lines:
        out += bytes([kind]) + varint(len(points))
        px = py = 0
        for x, y in points:
            out += varint(zigzag(x - px)) + varint(zigzag(y - py))
            px, py = x, y
    target = pathlib.Path(__file__).parents[2] / "public" / "coastline.bin"
    target.write_bytes(out)
    print(f"{target}: {len(lines)} lines, {sum(len(p) for _, p in lines)} points, {len(out)} bytes")


if __name__ == "__main__":
    main()
