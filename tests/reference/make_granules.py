"""Small synthetic SMAP granules, true to the structure documents (shared/data/smap/*.dmr, formats.md 2.1-2.3).

    python -m pip install -r tests/reference/requirements.txt
    python tests/reference/make_granules.py            # writes *.h5 and granules.json to crates/smap-files/tests/fixtures

No real SPL2SMAP_S granule and no complete SPL3SMP granule can be had, so these stand in for them. Names, types, attributes, fills
and traps are the real ones; the values are made up, and every file says so in the global attribute `synthetic`. Expected values in
granules.json are computed here with numpy, independently of the reader under test. Times are switched off and the generator is
seeded, so a second run writes the same bytes.
"""

import json
import struct
from pathlib import Path

import h5py
import numpy as np

OUT = Path(__file__).resolve().parent.parent.parent / "crates/smap-files/tests/fixtures"
FILL = np.float32(-9999.0)
FILL16 = 65534
NOT_OBSERVED = 2047
SYNTHETIC = "Synthetic test granule written by tests/reference/make_granules.py. No measurement."
MASKS = "1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 512s, 1024s"
FACTS = {"synthetic": SYNTHETIC, "files": {}, "temperatures": {}}
TB_MEANINGS = (
    "{0}_quality {0}_range {0}_RFI_detection {0}_RFI_correction {0}_NEDT {0}_direct_sun_correction {0}_reflected_sun_correction "
    "{0}_reflected_moon_correction {0}_direct_galaxy_correction {0}_reflected_galaxy_correction {0}_atmosphere_correction "
    "{0}_Faraday_rotation_correction {0}_null_value_bit {0}_water_correction {0}_RFI_check {0}_RFI_clean"
)


def create(name, compact=False):
    """`compact`: the file format of HDF5 1.10, whose single-chunk index keeps the largest fixtures small; else the oldest, as SMAP's own."""
    file = h5py.File(OUT / name, "w", libver=("v110" if compact else "earliest", "v110"), track_order=False)
    file.attrs["synthetic"] = np.bytes_(SYNTHETIC)
    return file


def put(group, name, data, units=None, fill=None, low=None, high=None, long_name=None):
    data = np.asarray(data)
    d = group.create_dataset(name, data=data, chunks=data.shape, compression="gzip", compression_opts=9, shuffle=True, track_times=False)
    if units is not None:
        d.attrs["units"] = np.bytes_(units)
    if long_name is not None:
        d.attrs["long_name"] = np.bytes_(long_name)
    for key, value in (("_FillValue", fill), ("valid_min", low), ("valid_max", high)):
        if value is not None:
            d.attrs[key] = data.dtype.type(value)
    return d


def metadata(file, name, short, smap_short, release, begin, end, variable=False):
    """Metadata attributes; strings are fixed-length in some products and variable-length in others (formats.md 2.3)."""
    text = str if variable else np.bytes_
    identification = file.create_group("Metadata/DatasetIdentification")
    for key, value in (("fileName", name), ("shortName", short), ("SMAPShortName", smap_short), ("CompositeReleaseID", release), ("ECSVersionID", "003")):
        identification.attrs[key] = text(value)
    extent = file.create_group("Metadata/Extent")
    extent.attrs["rangeBeginningDateTime"] = text(begin)
    extent.attrs["rangeEndingDateTime"] = text(end)


def facts(values, keep, row, column):
    """Count, extremes, mean and a few cells of the values that count."""
    kept = values[keep].astype(np.float64)
    out = {"valid": int(keep.sum()), "first_row": int(row), "first_column": int(column), "rows": values.shape[0], "columns": values.shape[1]}
    if kept.size:
        out |= {"min": float(kept.min()), "max": float(kept.max()), "mean": float(kept.mean())}
        r, c = np.argwhere(keep)[[0, kept.size // 2, -1]].T
        out["cells"] = [[int(i), int(j), float(values[i, j])] for i, j in zip(r, c)]
    return out


def rules(values, quality, surface, low, high):
    """The three quality rules, as formats.md states them."""
    present = (values != FILL) & (values >= np.float32(low)) & (values <= np.float32(high))
    observed = surface != NOT_OBSERVED
    flagged = quality != FILL16
    return {
        "recommended": present & observed & flagged & (quality & 1 == 0),
        "with_uncertain": present & observed & flagged & (quality & 2 == 0),
        "all": present,
    }


def note(name, path, values, quality, surface, low, high, row, column, **more):
    kept = rules(values, quality, surface, low, high)
    entry = {rule: facts(values, keep, row, column) for rule, keep in kept.items()} | more
    FACTS["files"].setdefault(name, {})[path] = entry


def cell_centres(rows, columns, first_row, first_column, cell):
    """Latitude and longitude of EASE-Grid 2.0 cells by bisection of the forward formula (formats.md 2.4): no series shared with the reader."""
    a, e = 6378137.0, 0.081819190843
    k0 = np.cos(np.radians(30)) / np.sqrt(1 - e**2 * np.sin(np.radians(30)) ** 2)
    lon = np.degrees((-17367530.4451615 + (first_column + np.arange(columns) + 0.5) * cell) / (a * k0))
    target = 2 * k0 * (7314540.8306386 - (first_row + np.arange(rows) + 0.5) * cell) / a
    low, high = np.full(rows, -np.pi / 2), np.full(rows, np.pi / 2)
    for _ in range(60):
        mid = (low + high) / 2
        s = np.sin(mid)
        q = (1 - e**2) * (s / (1 - e**2 * s**2) - np.log((1 - e * s) / (1 + e * s)) / (2 * e))
        low, high = np.where(q < target, mid, low), np.where(q < target, high, mid)
    lat = np.degrees((low + high) / 2)
    return np.broadcast_to(lat[:, None], (rows, columns)), np.broadcast_to(lon[None, :], (rows, columns))


def smooth(rng, shape, mean=0.22, spread=0.05):
    """A field with some structure, in steps of 1/128 so that it compresses."""
    field = rng.normal(size=shape)
    for axis in (0, 1):
        field = sum(np.roll(field, k, axis) for k in range(-3, 4)) / 7
    field = mean + spread * field / field.std()
    return (np.round(np.clip(field, 0.03, 0.48) * 128) / 128).astype(np.float32)


def footprint(rows, columns):
    """A tilted swath: all four corners of the window lie outside it."""
    r, c = np.mgrid[0:rows, 0:columns]
    lean = c / columns + 0.35 * r / rows
    edge = (r + c < 0.12 * rows) | (r + columns - c < 0.12 * rows) | (rows - r + c < 0.12 * rows) | (rows - r + columns - c < 0.12 * rows)
    return (lean > 0.12) & (lean < 1.2) & ~edge


def flags(rng, inside, blocks=1):
    """Quality and surface flags with every case that the rules tell apart. Built at 3 km and repeated for 1 km."""
    quality = np.where(inside, 0, FILL16).astype(np.uint16)
    surface = np.where(inside, 0, FILL16).astype(np.uint16)
    draw = rng.integers(0, 40, inside.shape)
    cases = [
        # draw, quality, surface, value present
        (0, 8, 0, True),
        (1, 1, 1 << 10, True),  # uncertain: dense vegetation
        (2, 1, 1 << 3, True),  # uncertain: town
        (3, 1, 1 << 9, True),  # uncertain: mountains
        (4, 7, 1 << 0, False),  # skipped: static water
        (5, 7, 1 << 1, False),  # skipped: radar water
        (6, 7, 1 << 8, False),  # skipped: frozen
        (7, 5, 0, True),  # attempted, not recommended
        (8, 0, 1 << 2, True),  # coast alone masks nothing
    ]
    present = inside.copy()
    for number, q, s, has_value in cases:
        here = inside & (draw == number)
        quality[here], surface[here] = q, s
        present[here] = has_value
    up = lambda x: np.repeat(np.repeat(x, blocks, 0), blocks, 1)
    return up(quality), up(surface), up(present)


def spl2smap_s(name, seed, shape, row, column, smap_time, s1_time, orbit, spelling="v3", only_apm=False):
    """SPL2SMAP_S: 3 km and 1 km groups, suffix on every dataset, CRS nowhere, indices 65534 outside the footprint."""
    rng = np.random.default_rng(seed)
    day = lambda t: f"{t[:4]}-{t[4:6]}-{t[6:8]}T{t[9:11]}:{t[11:13]}:{t[13:15]}.000Z"
    begin, end = sorted([smap_time, s1_time])
    base = rng.bit_generator.state
    with create(name, compact=not only_apm) as file:
        for suffix, factor, cell in (("3km", 1, 3002.6850700487), ("1km", 3, 1000.89502334956)):
            if only_apm and suffix == "1km":
                continue
            rng.bit_generator.state = base
            rows, columns = shape[0] * factor, shape[1] * factor
            inside3 = footprint(*shape)
            quality, surface, present = flags(rng, inside3, factor)
            inside = np.repeat(np.repeat(inside3, factor, 0), factor, 1)
            field = smooth(rng, (rows, columns))
            values = np.where(present, field, FILL)
            # One value above the valid range and one word that means "land, not observed".
            r, c = np.argwhere(present & (quality == 0) & (surface == 0))[[10, 20]].T
            values[r[0], c[0]] = 0.9
            surface[r[1], c[1]] = NOT_OBSERVED
            group = file.create_group(f"Soil_Moisture_Retrieval_Data_{suffix}")
            lat, lon = cell_centres(rows, columns, row * factor, column * factor, cell)
            # Masked coordinates without _FillValue.
            put(group, f"latitude_{suffix}", np.where(inside, np.round(lat, 1), FILL).astype(np.float32), "degrees_north")
            put(group, f"longitude_{suffix}", np.where(inside, np.round(lon, 1), FILL).astype(np.float32), "degrees_east")
            rr, cc = np.mgrid[0:rows, 0:columns]
            for stem, index in (("EASE_row_index", rr + row * factor), ("EASE_column_index", cc + column * factor)):
                put(group, f"{stem}_{suffix}", np.where(inside, index, FILL16).astype(np.uint16), fill=FILL16, low=0, high=65535)
            soil = {"low": 0.0, "high": 0.75, "fill": FILL}
            v1 = spelling == "v1"
            main = f"disagg_soil_moisture_apm_{suffix}" if v1 else f"soil_moisture_{suffix}"
            if only_apm and not v1:
                main = f"soil_moisture_apm_{suffix}"
            put(group, main, values, "cm**3/cm**3", long_name=f"Representative soil moisture measurement for the {suffix} cell", **soil)
            if not v1 and not only_apm:
                # Beside the baseline: other values, so that a reader that takes the wrong one is found out.
                put(group, f"soil_moisture_apm_{suffix}", np.where(values == FILL, FILL, values + np.float32(0.0625)), "cm**3/cm**3", **soil)
            put(group, f"soil_moisture_std_dev_{suffix}", np.where(present, np.float32(0.02), FILL), "cm**3/cm**3", **soil)
            put(group, f"retrieval_qual_flag_{suffix}", quality, fill=FILL16).attrs["flag_masks"] = np.bytes_("1s, 2s, 4s")
            put(group, f"surface_flag_{suffix}", surface, fill=FILL16).attrs["flag_masks"] = np.bytes_(MASKS + ", 2048s, 4096s")
            if suffix == "3km":
                vv = (np.round(10 ** (-1.1 + 2.0 * (field - 0.22)) * 1024) / 1024).astype(np.float32)
                put(group, "sigma0_vv_aggregated_3km", np.where(inside, vv, FILL), fill=FILL, low=0.0, high=1.0)
                put(group, "sigma0_vh_aggregated_3km", np.where(inside, vv / np.float32(4), FILL), fill=FILL, low=0.0, high=1.0)
                FACTS["files"].setdefault(name, {})[f"/{group.name.strip('/')}/sigma0_vv_aggregated_3km"] = {
                    "all": facts(vv, inside, row, column)
                }
            note(name, f"{group.name}/{main}", values, quality, surface, 0.0, 0.75, row * factor, column * factor)
        a = file.create_group("a")
        for key, value in (("LogFileName", name[:-3]), ("rangeBeginningDateTime", day(begin)), ("rangeEndingDateTime", day(end)), ("orbitDirection", orbit)):
            a.create_dataset(key, data=np.bytes_(value), track_times=False)
        metadata(file, name, "SPL2SMAP_S", "L2_SM_SP", name[-13:-7], day(begin), day(end))


def stripes(rows, columns, phase):
    """Swaths of one day: about half of the grid, slanted."""
    r, c = np.mgrid[0:rows, 0:columns]
    return ((c + 0.2 * r + phase * 32) % 64) < 32


def brightness(name, group, tail, field, inside, row, column, stem="corrected", flag="tb_qual_flag_{}"):
    """TB V and H as the products carry them: dry is warm, H colder than V and more so where it is wet; flags of every kind."""
    r, _ = np.mgrid[0 : field.shape[0], 0 : field.shape[1]]
    quality = np.where(inside, 0, FILL16).astype(np.uint16)
    quality[inside & (r % 11 == 2)] = 1 << 2  # RFI detected and corrected: acceptable
    quality[inside & (r % 11 == 4)] = 1 | 1 << 2  # not acceptable
    quality[inside & (r % 11 == 6)] = 3 | 1 << 12  # out of range, null
    for pol, word, values in (("v", "Vertical_polarization", 290 - 128 * field), ("h", "Horizontal_polarization", 280 - 192 * field)):
        values = np.where(inside & (quality & 2 == 0), np.round(values * 64) / 64, FILL).astype(np.float32)
        values[tuple(np.argwhere(inside & (quality == 0))[3])] = 345.0  # above valid_max
        data = put(group, f"tb_{pol}_{stem}{tail}", values, "Kelvin", fill=FILL, low=0.0, high=330.0)
        if stem == "corrected" and pol == "v":
            # Beside it: before the correction for water.
            put(group, f"tb_{pol}_uncorrected{tail}", np.where(values == FILL, FILL, values - 1), "Kelvin", fill=FILL, low=0.0, high=330.0)
        flags = put(group, f"{flag.format(pol)}{tail}", quality, fill=FILL16)
        flags.attrs["flag_masks"] = np.bytes_(", ".join(f"{1 << n}s" for n in range(16)))
        flags.attrs["flag_meanings"] = np.bytes_(TB_MEANINGS.format(word))
        note(name, data.name, values, quality, np.zeros_like(quality), 0.0, 330.0, row, column)


def spl3(name, seed, day, groups, step):
    """SPL3SMP (36 km): whole grid; every PM name ends in _pm; soil_moisture_dca is a hard link to soil_moisture."""
    rng = np.random.default_rng(seed)
    rows, columns = 406, 964
    with create(name) as file:
        for half in groups:
            tail = "" if half == "AM" else "_pm"
            group = file.create_group(f"Soil_Moisture_Retrieval_Data_{half}")
            # AM alone sees the west of the region, PM alone the east.
            seen = stripes(rows, columns, 0 if half == "AM" else 1)
            land = np.zeros((rows, columns), bool)
            land[60:130, 160:260] = True  # North America
            land[40:75, 480:520] = True  # western Europe
            inside = seen & land
            coarse = np.repeat(np.repeat(rng.integers(30, 220, (rows // 14, -(-columns // 12))), 14, 0), 12, 1)[:, :columns]
            field = (0.1 + coarse / 1000).astype(np.float32)
            quality = np.where(inside, 0, FILL16).astype(np.uint16)
            surface = np.where(inside, 0, np.where(land, NOT_OBSERVED, FILL16)).astype(np.uint16)
            r, c = np.mgrid[0:rows, 0:columns]
            cases = [
                ((r % 10 == 3) & (c % 7 == 1), 8, 0, True),
                ((r % 10 == 5) & (c % 7 == 2), 1, 1 << 10, True),
                ((r % 10 == 7) & (c % 7 == 3), 7, 1, False),
                ((r % 10 == 9) & (c % 7 == 4), 7, 1 << 7, False),
            ]
            present = inside.copy()
            for where, q, s, has_value in cases:
                quality[inside & where], surface[inside & where] = q, s
                present[inside & where] = has_value
            values = np.where(present, field, FILL).astype(np.float32)
            values[tuple(np.argwhere(present & (quality == 0))[5])] = 0.55  # above valid_max 0.5
            data = put(group, f"soil_moisture{tail}", values, "cm**3/cm**3", fill=FILL, low=0.02, high=0.5)
            group[f"soil_moisture_dca{tail}"] = data
            flag = put(group, f"retrieval_qual_flag{tail}", quality, fill=FILL16)
            flag.attrs["flag_masks"] = np.bytes_("1s, 2s, 4s, 8s")
            group[f"retrieval_qual_flag_dca{tail}"] = flag
            put(group, f"surface_flag{tail}", surface, fill=FILL16).attrs["flag_masks"] = np.bytes_(MASKS)
            lat, lon = cell_centres(rows, columns, 0, 0, 36032.220840584)
            latitude = np.where(inside, np.round(lat, 1), FILL).astype(np.float32)
            # AM coordinates have no _FillValue, PM ones have (formats.md 2.2).
            put(group, f"latitude{tail}", latitude, "degrees_north", fill=None if half == "AM" else FILL)
            note(name, f"{group.name}/soil_moisture{tail}", values, quality, surface, 0.02, 0.5, 0, 0)
            # Not in every file: they are to stay small.
            if len(groups) == 1:
                brightness(name, group, tail, field, inside, 0, 0)
        metadata(file, name, "SPL3SMP", "L3_SM_P", "R18290", f"{day}T00:00:00.000Z", f"{day}T23:59:59.999Z")


def spl3_e(name, seed):
    """SPL3SMP_E as NASA's subsetters serve it: x and y with units, up to 0.79 m off, no index arrays; a polar group."""
    rng = np.random.default_rng(seed)
    rows, columns, row, column = 40, 60, 320, 860
    cell = 9008.055210146
    with create(name) as file:
        group = file.create_group("Soil_Moisture_Retrieval_Data_PM")
        x = -17367530.4451615 + (column + np.arange(columns) + 0.5) * cell + 0.79
        y = 7314540.8306386 - (row + np.arange(rows) + 0.5) * cell - 0.6
        for key, data in (("x", x), ("y", y)):
            put(group, key, data).attrs["units"] = np.bytes_("m")
        inside = footprint(rows, columns)
        quality, surface, present = flags(rng, inside)
        surface[~inside] = NOT_OBSERVED
        values = np.where(present, smooth(rng, (rows, columns)), FILL)
        put(group, "soil_moisture_pm", values, "cm**3/cm**3", fill=FILL, low=0.02, high=0.5)
        put(group, "retrieval_qual_flag_pm", quality, fill=FILL16)
        put(group, "surface_flag_pm", surface, fill=FILL16)
        note(name, f"{group.name}/soil_moisture_pm", values, quality, surface, 0.02, 0.5, row, column)
        polar = file.create_group("Soil_Moisture_Retrieval_Data_Polar_PM")
        for key, data in (("x", -9e6 + (250 + np.arange(12) + 0.5) * 9000), ("y", 9e6 - (660 + np.arange(10) + 0.5) * 9000)):
            put(polar, key, data).attrs["units"] = np.bytes_("m")
        put(polar, "soil_moisture_pm", np.full((10, 12), 0.25, np.float32), "cm**3/cm**3", fill=FILL, low=0.02, high=0.5)
        metadata(file, name, "SPL3SMP_E", "L3_SM_P_E", "R19240", "2020-06-01T00:00:00.000Z", "2020-06-01T23:59:59.999Z", variable=True)


def spl2(name, seed, short, smap_short, grid_row, grid_column, time):
    """SPL2SMP, SPL2SMP_E: a half orbit as 1-D lists, two elements of one cell, one element of no cell."""
    rng = np.random.default_rng(seed)
    rows, columns = 50, 30
    r, c = (m.ravel() for m in np.mgrid[0:rows, 0:columns])
    keep = np.abs(c - 15 + 0.2 * (r - 25)) < 9
    r, c = r[keep], c[keep]
    n = r.size
    values = np.round(rng.uniform(0.05, 0.45, n), 3).astype(np.float32)
    quality = rng.choice([0, 8, 1, 7], n, p=[0.6, 0.2, 0.1, 0.1]).astype(np.uint16)
    surface = np.where(quality == 7, 1, 0).astype(np.uint16)
    values[quality == 7] = FILL
    row_index, column_index = (r + grid_row).astype(np.uint16), (c + grid_column).astype(np.uint16)
    # Neighbouring swath edges: element 1 lies in the cell of element 0.
    row_index[1], column_index[1] = row_index[0], column_index[0]
    quality[:2], surface[:2], values[:2] = 0, 0, (np.float32(0.2), np.float32(0.3))
    row_index[7] = column_index[7] = FILL16
    kept = rules(values, quality, surface, 0.02, 0.5)
    entry = {"row": int(row_index[row_index != FILL16].min()), "column": int(column_index[column_index != FILL16].min())}
    for rule, mask in kept.items():
        cells = {}
        for i in np.flatnonzero(mask):
            if row_index[i] != FILL16:
                cells.setdefault((int(row_index[i]), int(column_index[i])), []).append(float(values[i]))
        chosen = values[mask].astype(np.float64)
        entry[rule] = {
            "elements": int(mask.sum()),
            "mean": float(chosen.mean()),
            "cells": len(cells),
            "shared": [int(row_index[0]), int(column_index[0]), float(np.float32(np.mean([values[0], values[1]], dtype=np.float64)))],
        }
    with create(name) as file:
        group = file.create_group("Soil_Moisture_Retrieval_Data")
        put(group, "EASE_row_index", row_index, fill=FILL16)
        put(group, "EASE_column_index", column_index, fill=FILL16)
        put(group, "soil_moisture", values, "cm**3/cm**3", fill=FILL, low=0.02, high=0.5)
        put(group, "retrieval_qual_flag", quality, fill=FILL16)
        put(group, "surface_flag", surface, fill=FILL16)
        group.create_dataset("tb_time_utc", data=np.full(n, b"2020-09-16T19:43:50.000Z", "S24"), compression="gzip", track_times=False)
        metadata(file, name, short, smap_short, "R19240", time, time)
    FACTS["files"][name] = {"/Soil_Moisture_Retrieval_Data/soil_moisture": entry}


def window_of(group, rows, columns, row, column):
    """Row and column indices of a subset."""
    r, c = np.mgrid[row : row + rows, column : column + columns]
    put(group, "EASE_row_index", r.astype(np.uint16), fill=FILL16, low=0, high=65535)
    put(group, "EASE_column_index", c.astype(np.uint16), fill=FILL16, low=0, high=65535)


def tb_days(folder, seed, count):
    """The TB CNN's case 1 over Oklahoma City, spring 2015: SPL3SMP (36 km, AM, no soil moisture) beside SPL3SMAP (9 km), cut to a window.

    A lasting 9 km pattern and one that follows the day's moisture, so that there is something to learn; 36 km is the mean of 16 cells."""
    (OUT / folder).mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    row, column, cells = 83, 218, 5
    lasting, moist = rng.normal(size=(4 * cells, 4 * cells)), rng.normal(size=(4 * cells, 4 * cells))
    for n in range(count):
        day = f"201504{3 * n + 1:02d}"
        iso = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        wet = rng.uniform(0.1, 0.35) + 0.02 * np.repeat(np.repeat(rng.normal(size=(cells, cells)), 4, 0), 4, 1)
        field = np.clip(wet * (1 + 0.25 * moist) + 0.015 * lasting, 0.02, 0.5)
        coarse = field.reshape(cells, 4, cells, 4).mean((1, 3)) + rng.normal(size=(cells, cells)) * 0.003
        for short, smap_short, release, values, factor, stem, flag in (
            ("SPL3SMP", "L3_SM_P", "R18290", coarse, 1, "corrected", "tb_qual_flag_{}"),
            ("SPL3SMAP", "L3_SM_AP", "R13080", field, 4, "disaggregated", "tb_{}_disaggregated_qual_flag"),
        ):
            name = f"SMAP_{smap_short}_{day}_{release}_001.h5"
            with create(f"{folder}/{name}", compact=True) as file:
                group = file.create_group("Soil_Moisture_Retrieval_Data_AM" if factor == 1 else "Soil_Moisture_Retrieval_Data")
                window_of(group, *values.shape, row * factor, column * factor)
                for pol, tb in (("v", 290 - 128 * values), ("h", 280 - 192 * values)):
                    put(group, f"tb_{pol}_{stem}", (np.round(tb * 64) / 64).astype(np.float32), "Kelvin", fill=FILL, low=0.0, high=330.0)
                    put(group, flag.format(pol), np.zeros(values.shape, np.uint16), fill=FILL16)
                metadata(file, name, short, smap_short, release, f"{iso}T00:00:00.000Z", f"{iso}T23:59:59.999Z")


def spl3smap(name, seed):
    """SPL3SMAP, a subset: soil moisture and disaggregated TB at 9 km, one group, no suffixes."""
    rng = np.random.default_rng(seed)
    rows, columns, row, column = 24, 30, 330, 870
    with create(name) as file:
        group = file.create_group("Soil_Moisture_Retrieval_Data")
        window_of(group, rows, columns, row, column)
        inside = footprint(rows, columns)
        field = smooth(rng, (rows, columns))
        put(group, "soil_moisture", np.where(inside, field, FILL), "cm**3/cm**3", fill=FILL, low=0.02, high=0.5)
        brightness(name, group, "", field, inside, row, column, "disaggregated", "tb_{}_disaggregated_qual_flag")
        put(group, "tb_v_disaggregated_std", np.where(inside, np.float32(1.5), FILL), "Kelvin", fill=FILL)
        metadata(file, name, "SPL3SMAP", "L3_SM_AP", "R13080", "2015-06-01T00:00:00.000Z", "2015-06-01T23:59:59.999Z")


def tiff(name, values, left, top, cell):
    """A GeoTIFF in EPSG:4326 with one uncompressed strip, as Earth Engine and AppEEARS place theirs; no nodata tag."""
    rows, columns = values.shape
    kind = {"u": 1, "f": 3}[values.dtype.kind]
    data = values.astype(values.dtype.newbyteorder("<")).tobytes()
    scale, tie = struct.pack("<3d", cell, cell, 0), struct.pack("<6d", 0, 0, 0, left, top, 0)
    keys = struct.pack("<16H", 1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)
    text = SYNTHETIC.encode() + b"\0"
    at = 8
    offsets = []
    for part in (scale, tie, keys, text, data):
        offsets.append(at)
        at += len(part) + len(part) % 2
    tags = [
        (256, 4, 1, columns), (257, 4, 1, rows), (258, 3, 1, values.dtype.itemsize * 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (270, 2, len(text), offsets[3]), (273, 4, 1, offsets[4]), (277, 3, 1, 1), (278, 4, 1, rows), (279, 4, 1, len(data)),
        (339, 3, 1, kind), (33550, 12, 3, offsets[0]), (33922, 12, 6, offsets[1]), (34735, 3, 16, offsets[2]),
    ]  # fmt: skip
    with open(OUT / name, "wb") as file:
        file.write(struct.pack("<2sHI", b"II", 42, at))
        for part in (scale, tie, keys, text, data):
            file.write(part + b"\0" * (len(part) % 2))
        file.write(struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + struct.pack("<I", 0))


def temperatures(seed):
    """Land surface temperature over Oklahoma City: MODIS' packed uint16 with its fill 0, degrees C as float32, and AppEEARS' NetCDF-4."""
    rng = np.random.default_rng(seed)
    rows, columns, cell, left, top = 48, 60, 1 / 120, -97.8, 35.7
    packed = np.round((295 + 6 * (smooth(rng, (rows, columns)) - 0.22) / 0.05) / 0.02).astype(np.uint16)
    packed[5:9, 10:22] = 0  # clouds
    packed[0, 0] = 7000  # 140 K: impossible, and below MODIS' valid range
    kelvin = packed * 0.02
    keep = (packed != 0) & (kelvin >= 150)

    def note_of(name, values):
        entry = facts(values, keep, 0, 0)
        FACTS["temperatures"][name] = entry | {"left": left, "top": top, "cell": cell}

    tiff("MOD11A1.061_LST_Day_1km_doy2020154_aid0001.tif", packed, left, top, cell)
    note_of("MOD11A1.061_LST_Day_1km_doy2020154_aid0001.tif", kelvin)
    celsius = np.where(keep, kelvin - 273.15, np.nan).astype(np.float32)
    tiff("okc_LST_20200603_celsius.tif", celsius, left, top, cell)
    note_of("okc_LST_20200603_celsius.tif", celsius.astype(np.float64) + 273.15)
    name = "MOD11A1.061_1km_aid0001.nc"
    with create(name) as file:
        put(file, "lat", top - (np.arange(rows) + 0.5) * cell, "degrees_north")
        put(file, "lon", left + (np.arange(columns) + 0.5) * cell, "degrees_east")
        put(file, "time", np.array([7458], np.int32), "days since 2000-01-01 00:00:00")
        data = put(file, "LST_Day_1km", packed[None], "K", fill=0)
        data.attrs["scale_factor"], data.attrs["add_offset"] = 0.02, 0.0
        put(file, "QC_Day", np.zeros((1, rows, columns), np.uint8))
    note_of(name, kelvin)


def main():
    OUT.mkdir(exist_ok=True)
    base = "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290"
    # SMAP saw it on 2 June, Sentinel-1 on 1 June. The second counter supersedes the first: other values.
    spl2smap_s(f"{base}_001.h5", 11, (26, 36), 1000, 2630, "20200602T123000", "20200601T003000", "Descending")
    spl2smap_s(f"{base}_002.h5", 12, (26, 36), 1000, 2630, "20200602T123000", "20200601T003000", "Descending")
    # The next scene of the same pass, overlapping the first by 8 rows.
    spl2smap_s("SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003025_097W34N_R18290_001.h5", 13, (26, 36), 1018, 2634, "20200602T123000", "20200601T003025", "Descending")
    # Version 1 names, and a file with the _apm field alone.
    spl2smap_s("SMAP_L2_SM_SP_1BIWDV_20180815T113736_20180816T001324_097W35N_T15110_001.h5", 14, (24, 24), 1005, 2640, "20180815T113736", "20180816T001324", "Ascending", spelling="v1")
    spl2smap_s("SMAP_L2_SM_SP_1AIWDV_20190301T123000_20190301T003000_097W35N_R17000_001.h5", 15, (24, 24), 1005, 2640, "20190301T123000", "20190301T003000", "Descending", only_apm=True)
    spl3("SMAP_L3_SM_P_20200602_R18290_001.h5", 21, "2020-06-02", ["AM", "PM"], 14)
    spl3("SMAP_L3_SM_P_20200603_R18290_001.h5", 22, "2020-06-03", ["AM"], 14)
    spl3("SMAP_L3_SM_P_20200604_R18290_001.h5", 23, "2020-06-04", ["PM"], 14)
    spl3_e("SMAP_L3_SM_P_E_20200601_R19240_001.h5", 31)
    spl2("SMAP_L2_SM_P_30058_D_20200916T194350_R19240_001.h5", 41, "SPL2SMP", "L2_SM_P", 70, 205, "2020-09-16T19:43:50.000Z")
    spl2("SMAP_L2_SM_P_E_47223_A_20231204T105336_R19240_001.h5", 42, "SPL2SMP_E", "L2_SM_P_E", 320, 860, "2023-12-04T10:53:36.000Z")
    spl3smap("SMAP_L3_SM_AP_20150601_R13080_001.h5", 51)
    tb_days("tb", 61, 9)
    temperatures(71)
    (OUT / "granules.json").write_text(json.dumps(FACTS, indent=1) + "\n")
    made = [p for pattern in ("*.h5", "tb/*.h5", "*LST*.tif", "*.nc") for p in sorted(OUT.glob(pattern))]
    sizes = {p.name: p.stat().st_size for p in made}
    for name, size in sizes.items():
        print(f"{size:8d}  {name}")
    print(f"{sum(sizes.values()):8d}  in all")
    assert max(sizes.values()) < 60_000 and sum(sizes.values()) < 600_000, "fixtures must stay small"


if __name__ == "__main__":
    main()
