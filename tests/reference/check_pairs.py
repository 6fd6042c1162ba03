"""Pairs of stations and maps as NetCDF, read back by netCDF4 and xarray, by what QA4SM asks of a user's own data.

    python -m pip install -r tests/reference/requirements-exports.txt
    python tests/reference/check_pairs.py FOLDER

FOLDER holds pairs.nc and pairs.csv of one validation in which no two stations share a cell. crates/ground-stations/tests/stations/netcdf.rs makes
them and runs this. The rules are those of https://qa4sm.eu ("User Data Upload", Option 1) and of its own check of uploads
(awst-austria/qa4sm-preprocessing, src/qa4sm_preprocessing/format_validator.py), written here from their text on 2026-11-29.
"""

import csv
import re
import sys
from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr

FOLDER = Path(sys.argv[1])
NAME = re.compile("[A-Za-z0-9_]+")


def form():
    with netCDF4.Dataset(FOLDER / "pairs.nc") as file:
        assert file.file_format == "NETCDF4" and not file.groups and not file.cmptypes
        assert list(file.dimensions) == ["time", "lat", "lon"], list(file.dimensions)
        for name, variable in file.variables.items():
            assert NAME.fullmatch(name) and len(name) <= 30, name
            assert all(NAME.fullmatch(key.lstrip("_")) for key in variable.ncattrs()), variable.ncattrs()
            assert variable.dtype.kind in "if", (name, variable.dtype)
            assert variable.units and 0 < len(variable.long_name) <= 30, (name, variable.long_name)
            assert len(getattr(variable, "standard_name", "")) <= 30
            if name in file.dimensions:
                assert variable.dimensions == (name,)
            else:
                assert variable.dimensions == ("time", "lat", "lon"), (name, variable.dimensions)
        assert file["lat"].units == "degrees_north" and file["lon"].units == "degrees_east"
        assert re.fullmatch("days since .*", file["time"].units)
        assert np.abs(file["lat"][:]).max() <= 90 and np.abs(file["lon"][:]).max() <= 180
        times = file["time"][:]
        assert len(np.unique(times)) == len(times)
        # One variable alone is taken as each coordinate.
        for unit in ("degrees_north", "degrees_east"):
            assert [v.units for v in file.variables.values()].count(unit) == 1
        assert file.title.startswith("SIMULATED maps and stations") and "must not be passed on" in file.terms
        assert "5" in file.rule_1
    print("ok: the form that QA4SM takes")


def values():
    lines = [line for line in (FOLDER / "pairs.csv").read_text().splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    data = xr.open_dataset(FOLDER / "pairs.nc")
    # Columns of the table by variable.
    layers = {"smap_36_km": "SMAP <36 km>", "estimate": "estimate", "map_3_km_product": "3 km product"}
    columns = {"in_situ": "station_value", "sensors": "sensors"}
    for variable, layer in layers.items():
        columns |= {variable: layer, f"{variable}_3x3": f"{layer} (3 x 3)", f"{variable}_hw90": f"{layer} half_width_90"}
    known = [name for name in columns if name in data]
    assert set(data.data_vars) == {*known, "time_offset", "stations"}, list(data.data_vars)
    assert "estimate_hw90" in known and "smap_36_km_hw90" not in known
    filled = {name: 0 for name in known}
    seen = set()
    for row in rows:
        lat, lon = float(row["latitude"]), float(row["longitude"])
        point = data.sel(time=row["date"]).sel(lat=lat, lon=lon, method="nearest")
        # These stations stand at the centres of their cells.
        assert abs(point.lat - lat) < 1e-9 and abs(point.lon - lon) < 1e-9
        seen.add((int(row["column_3km"]), float(point.lon)))
        for name in known:
            text, found = row[columns[name]], float(point[name])
            if text == "":
                assert np.isnan(found), (name, row)
            else:
                filled[name] += 1
                exact = np.float64(text) if name in ("in_situ", "sensors") else np.float32(text)
                assert exact == found, (name, text, found)
        overpass = point.time.values + np.timedelta64(int(point.time_offset), "s")
        assert str(overpass)[:19] + "Z" == row["overpass"], (overpass, row["overpass"])
    # Nothing else is in it.
    for name in known:
        assert int(data[name].notnull().sum()) == filled[name], name
    assert filled["in_situ"] == len(rows) > 100 and filled["map_3_km_product"] > 10
    # The global 3 km grid has 11,568 columns.
    for column, lon in seen:
        assert abs(lon - ((column + 0.5) / 11568 * 360 - 180)) < 1e-6, (column, lon)
    print(f"ok: {len(rows)} pairs, {len(known)} variables, each as in the table")


form()
values()
