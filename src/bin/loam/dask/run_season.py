"""The maps of a season with xarray, Dask and ONNX Runtime, on the cores of this machine or of a cluster.

    python -m pip install -r requirements.txt
    python run_season.py --out season.nc
    python run_season.py --out season.nc --scheduler tcp://HOST:8786 --chunk 1024

`loam season --dask FOLDER` wrote this script beside the network (model.onnx) and what it saw of each date (inputs/*.nc). The maps are those of
`loam season`, to 1e-5 m3/m3. With a scheduler, all workers must see this folder under the same path.
"""

import argparse
import json
import os
import time
from pathlib import Path

import dask.array as da
import numpy as np
import onnxruntime
import xarray as xr
from dask.array.overlap import overlap, trim_internal
from dask.distributed import Client, LocalCluster, get_worker

FILL = np.float32(-9999)
# The bit of quality_flag that marks a value, not its lack (edge of the data).
EDGE = np.uint16(2048)
# Attributes of a single date: they stay in its own file.
OF_A_DATE = ("loam_date", "loam_score", "loam_history", "loam_smap_overpass", "loam_edge_frame", "region_", "title")


def session(model):
    """One session a worker, on one core: Dask has the others."""
    worker = get_worker()
    sessions = worker.__dict__.setdefault("loam_sessions", {})
    if model not in sessions:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        sessions[model] = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return sessions[model]


def run(block, model, outputs):
    """The network on a tile (date, channel, y, x). Beyond the files it sees an edge, as in Loam: those cells are cut off, not filled."""
    made = np.full((block.shape[0], outputs, *block.shape[2:]), np.nan, "f4")
    for date, planes in enumerate(block):
        known = np.isfinite(planes).all(axis=0)
        rows, columns = (np.flatnonzero(known.any(axis=axis)) for axis in (1, 0))
        if rows.size:
            inside = np.s_[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            (values,) = session(model).run(None, {"input": np.ascontiguousarray(planes[inside][None])})
            made[date][inside] = values[0]
    return made


def predicted(planes, model, sees, outputs, chunk):
    """The network over any raster, tile by tile: `map_overlap`, written out because channels become outputs."""
    depth = {0: 0, 1: 0, 2: sees, 3: sees}
    tiles = planes.rechunk({0: 1, 1: -1, 2: chunk, 3: chunk})
    wide = overlap(tiles, depth, boundary="none")
    made = wide.map_blocks(
        run, model, outputs, chunks=(wide.chunks[0], (outputs,), *wide.chunks[2:]), dtype="f4", meta=np.empty((0,) * 4, "f4")
    )
    return trim_internal(made, depth, boundary="none")


def season(folder, first, last, chunk):
    """The maps as a dataset that is not computed yet."""
    model = str((folder / "model.onnx").resolve())
    facts = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).get_modelmeta().custom_metadata_map
    files = [f for f in sorted((folder / "inputs").glob("*.nc")) if first <= f.stem <= last]
    if not files:
        raise SystemExit(f"{folder / 'inputs'} holds no date from {first} to {last}: choose other dates, or run `loam season --dask` again")
    inputs = xr.open_mfdataset(
        files, combine="nested", concat_dim="time", join="exact", data_vars="minimal", coords="minimal", compat="override",
        combine_attrs="drop_conflicts", engine="h5netcdf", chunks={},
    )
    if inputs.attrs.get("loam_weights_sha256") != facts["weights_sha256"]:
        raise SystemExit("inputs/*.nc and model.onnx are of different weights: empty the folder and run `loam season --dask` again")
    bands, outputs = json.loads(facts["bands"]), json.loads(facts["outputs"])
    if inputs.sizes["band"] != len(bands):
        raise SystemExit("inputs/*.nc do not have the channels of model.onnx: empty the folder and run `loam season --dask` again")
    planes = inputs.planes.data
    made = predicted(planes, model, int(facts["pixels_seen_to_each_side"]), len(outputs), chunk)
    top, left, rows, columns = (int(inputs.attrs[f"region_{key}"]) for key in ("first_row", "first_column", "rows", "columns"))
    region = np.s_[:, top : top + rows, left : left + columns]
    estimate = made[:, 0][region]
    if (band := facts.get("first_output_keeps_mean_of_band")) is not None:
        correction = estimate - planes[:, int(band)][region]
        estimate = estimate - da.nanmean(correction, axis=(1, 2), keepdims=True, dtype="f8").astype("f4")
    flags = inputs.quality_flag[region]
    has_value = (flags.data & ~EDGE) == 0
    placed = {"grid_mapping": "crs"}

    def layer(values, name):
        attributes = {"long_name": name, "units": "m3 m-3", **placed}
        return xr.DataArray(da.where(has_value, values, np.nan), dims=("time", "y", "x"), attrs=attributes)

    place = inputs.isel(y=region[1], x=region[2])
    maps = xr.Dataset(coords={name: place[name] for name in place.coords if name != "band"}, attrs=common(inputs))
    maps["crs"] = inputs.crs
    maps["soil_moisture"] = layer(estimate, "surface soil moisture, estimate at 3 km")
    if (sigma := facts.get("standard_deviation_output")) is not None and "half_width_factor" in inputs:
        half_width = made[:, int(sigma)][region] * inputs.half_width_factor.data[:, None, None]
        maps["half_width_90"] = layer(half_width.astype("f4"), "half the width of the 90 % interval of soil_moisture")
    maps["quality_flag"] = flags
    return maps


def common(inputs):
    """What all dates have in common, and who made the maps."""
    kept = {key: value for key, value in inputs.attrs.items() if not key.startswith(OF_A_DATE)}
    simulated = "SIMULATED, not an observation: " if kept.get("loam_simulated") == "true" else ""
    kept["title"] = f"{simulated}{kept.get('loam_product', 'soil moisture')}"
    kept["loam_device"] = f"CPU (ONNX Runtime {onnxruntime.__version__}, run_season.py)"
    return kept


def core_seconds(client):
    """What all workers have computed so far."""
    return sum(client.run(lambda: sum(os.times()[:2])).values())


def main():
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, default=here, help="what `loam season --dask` wrote [default: where this script lies]")
    parser.add_argument("--out", type=Path, required=True, help="NetCDF file to write")
    parser.add_argument("--from", dest="first", default="", help="first date, 2018-06-01")
    parser.add_argument("--to", dest="last", default="9999", help="last date")
    parser.add_argument("--chunk", type=int, default=512, help="edge of a tile, cells")
    parser.add_argument("--workers", type=int, default=None, help="processes on this machine [default: its cores]")
    parser.add_argument("--scheduler", help="address of a Dask scheduler, instead of this machine's cores")
    asked = parser.parse_args()
    if asked.scheduler:
        client = Client(asked.scheduler)
    else:
        client = Client(LocalCluster(n_workers=asked.workers, threads_per_worker=1, dashboard_address=None))
    with client:
        maps = season(asked.folder, asked.first, asked.last, asked.chunk)
        packed = {"zlib": True, "complevel": 4}
        encoding = {name: {"_FillValue": FILL, **packed} for name in ("soil_moisture", "half_width_90") if name in maps}
        begun, before = time.perf_counter(), core_seconds(client)
        maps.to_netcdf(asked.out, engine="h5netcdf", encoding={**encoding, "quality_flag": packed})
        dates, rows, columns = (maps.sizes[name] for name in ("time", "y", "x"))
        seconds, cores = time.perf_counter() - begun, core_seconds(client) - before
        cost = cores / (dates * rows * columns) * 1e6
        print(f"{asked.out}: {dates} dates of {rows} x {columns} cells in {seconds:.1f} s")
        print(f"the workers' cores computed for {cores:.1f} s: {cost:.2f} s for a date of a million cells")


if __name__ == "__main__":
    main()
