#!/usr/bin/env python3
"""Writes public/coastline.bin: Natural Earth coastlines and country borders (1:50 million, public domain) in a compact form.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python3 tests/reference/make_coastline.py package/countries-50m.json

The TopoJSON arcs of `countries-50m` are shared between the countries they part: an arc used by two countries is a border, one used
once is a coast. A line at 1:50 million is good to several kilometres, so points are kept only where the line would else move by more than
TOLERANCE (Douglas and Peucker 1973, Cartographica 10, 112), and rounded to UNIT: at most 3.3 km from the source, about one
3 km cell. That takes the transfer from 118 kB to 69 kB.

Format, all little-endian: magic `LCO2`, u32 number of lines; per line u8 kind (0 coast, 1 border) and varint number of points; then
all longitudes and after them all latitudes, as zigzag varints of the differences in 1/50 degree, each line starting from 0.
"""
import json
import math
import pathlib
import struct
import sys


# Units of the file in a degree: 2.2 km a unit.
UNIT = 50
# Kilometres that a line may move where points are left out, and kilometres in a degree of latitude.
TOLERANCE, DEGREE = 1.67, 111.2


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
        along = min(abs(before[0]), abs(point[0])) > 179.99 or (before[1] <= -89.9 and point[1] <= -89.9)
        if along or abs(before[0] - point[0]) > 180:
            pieces.append([])
        pieces[-1].append(point)
    return [piece for piece in pieces if len(piece) > 1]


def simplified(points):
    """The points without those that lie within TOLERANCE of the line between two kept ones; both ends stay."""
    kept = {0, len(points) - 1}
    open_stretches = [(0, len(points) - 1)]
    while open_stretches:
        first, last = open_stretches.pop()
        shrink = math.cos(math.radians((points[first][1] + points[last][1]) / 2))
        place = lambda i: (points[i][0] * shrink * DEGREE, points[i][1] * DEGREE)
        (ax, ay), (bx, by) = place(first), place(last)
        length = (bx - ax) ** 2 + (by - ay) ** 2
        farthest, index = TOLERANCE, None
        for i in range(first + 1, last):
            px, py = place(i)
            along = max(0.0, min(1.0, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length)) if length else 0.0
            distance = math.hypot(px - ax - along * (bx - ax), py - ay - along * (by - ay))
            if distance > farthest:
                farthest, index = distance, i
        if index is not None:
            kept.add(index)
            open_stretches += [(first, index), (index, last)]
    return [points[i] for i in sorted(kept)]


def rounded(points):
    """In units of the file, doubles dropped; a line of a single unit keeps two points."""
    out = []
    for lon, lat in points:
        point = (round(UNIT * lon), round(UNIT * lat))
        if not out or out[-1] != point:
            out.append(point)
    return out if len(out) > 1 else out * 2


def packed(magic: bytes, lines: list) -> bytes:
    """Lines as (kind, points), after a magic and their number: heads, then longitudes, then latitudes, as steps."""
    heads, longitudes, latitudes = bytearray(), bytearray(), bytearray()
    for kind, points in lines:
        heads += bytes([kind]) + varint(len(points))
        px = py = 0
        for x, y in points:
            longitudes += varint(zigzag(x - px))
            latitudes += varint(zigzag(y - py))
            px, py = x, y
    return magic + struct.pack("<I", len(lines)) + heads + longitudes + latitudes


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
            points.append((tx + sx * x, ty + sy * y))
        for piece in without_seam(points):
            lines.append((1 if len(users[index]) > 1 else 0, rounded(simplified(piece))))
    out = packed(b"LCO2", lines)
    target = pathlib.Path(__file__).parents[2] / "public" / "coastline.bin"
    target.write_bytes(out)
    print(f"{target}: {len(lines)} lines, {sum(len(p) for _, p in lines)} points, {len(out)} bytes")


if __name__ == "__main__":
    main()
