"""Files that Loam wrote, read by the programs people use: xarray, rioxarray, GDAL, rio-cogeo, pystac, the CF and ACDD checker, Pillow.

    python -m pip install -r tests/reference/requirements-exports.txt
    python tests/reference/check_exports.py FOLDER

FOLDER holds season.nc, map.tif, map.json, map.kmz, map_resampled_EPSG4326.tif and map_resampled_EPSG32614.tif of one region, map.csv, the
cells of map.tif as a table, and model.json. crates/loam-core/tests/core/formats.rs makes them and runs this. Prints a line a check; the first
that fails ends it. stac/ beside this file holds the extensions' schemas as https://stac-extensions.github.io has them (Apache 2.0): pystac has
those of the core alone, and a check asks no server.
"""

import csv
import io
import json
import sys
import zipfile
from pathlib import Path

import jsonschema
import numpy as np
import pystac
import pystac.validation
import rasterio
import rasterio.warp
import rioxarray  # noqa: F401  (the accessor `rio`)
import xarray as xr
from compliance_checker.runner import CheckSuite, ComplianceChecker
from PIL import Image
from pystac.extensions.mlm import MLMExtension
from rio_cogeo.cogeo import cog_validate
from scipy.stats import linregress

HERE = Path(__file__).resolve().parent
FOLDER = Path(sys.argv[1])
M03 = 3002.6850700487


def done(what):
    print(f"ok: {what}")


def table():
    """The cells of map.csv: arrays of longitude, latitude and estimate, by row and column."""
    lines = [line for line in (FOLDER / "map.csv").read_text().splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    columns = len({row["column"] for row in rows})
    number = lambda text: float(text) if text else np.nan  # noqa: E731
    take = lambda key: np.array([number(row[key]) for row in rows]).reshape(-1, columns)  # noqa: E731
    return take("longitude"), take("latitude"), take("estimate_3km"), take("half_width_90")


def geotiff(longitude, latitude, estimate, half_width):
    path = FOLDER / "map.tif"
    valid, errors, warnings = cog_validate(str(path), strict=True, quiet=True)
    assert valid and not errors and not warnings, (errors, warnings)
    done("rio-cogeo: map.tif is a valid COG")
    with rasterio.open(path) as file:
        assert file.crs.to_epsg() == 6933 and file.nodata == -9999.0
        assert file.compression.name == "deflate" and set(file.block_shapes) == {(512, 512)}
        assert file.descriptions == ("soil moisture, 3 km estimate", "half_width_90", "quality_flag"), file.descriptions
        assert file.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == "3", file.tags(ns="IMAGE_STRUCTURE")
        assert file.tags()["loam_simulated"] == "true"
        bands = file.read(masked=True)
        for band, wanted in zip(bands, (estimate, half_width), strict=False):
            assert np.array_equal(band.mask, np.isnan(wanted))
            assert np.array_equal(band.filled(0), np.nan_to_num(wanted).astype("f4"))
        flags = bands[2].filled(-1).astype(int)
        assert np.array_equal(flags & 2047 != 0, np.isnan(estimate)), "a flag says why, exactly where there is no value"
        # The middle of a cell, by GDAL's own transformation.
        xs, ys = rasterio.warp.transform("EPSG:4326", file.crs, longitude[0, :3].tolist(), latitude[0, :3].tolist())
        for n, (x, y) in enumerate(zip(xs, ys, strict=True)):
            row, column = file.index(x, y)
            assert (row, column) == (0, n)
        done("rasterio: bands, nodata, place, tags of map.tif")
        source = bands[0].filled(-9999.0)
        return source, file.transform, file.crs


def resampled(source, transform, crs):
    for code in (4326, 32614):
        name = f"map_resampled_EPSG{code}.tif"
        valid, errors, _ = cog_validate(str(FOLDER / name), quiet=True)
        assert valid, errors
        with rasterio.open(FOLDER / name) as file:
            assert file.crs.to_epsg() == code
            assert "bilinear" in file.tags()["loam_resampled"] and f"EPSG:{code}" in file.tags()["loam_resampled"]
            ours = file.read(1, masked=True)
            flags = file.read(3).astype(int)
            rows, columns = np.mgrid[0 : file.height, 0 : file.width]
            x = file.transform.c + (columns.ravel() + 0.5) * file.transform.a
            y = file.transform.f + (rows.ravel() + 0.5) * file.transform.e
            x, y = (np.array(v) for v in rasterio.warp.transform(file.crs, crs, x, y))
            column, row = (x - transform.c) / transform.a - 0.5, (y - transform.f) / transform.e - 0.5
            # By PROJ's positions; GDAL's own warp widens its kernel where cells become larger, and cannot be compared.
            height, width = source.shape
            inside = (column >= 0) & (row >= 0) & (column < width - 1) & (row < height - 1)
            c, r = np.floor(column[inside]).astype(int), np.floor(row[inside]).astype(int)
            wx, wy = column[inside] - c, row[inside] - r
            corners = [(source[r + j, c + i], (wx if i else 1 - wx) * (wy if j else 1 - wy)) for j in (0, 1) for i in (0, 1)]
            whole = np.all([values != -9999.0 for values, _ in corners], axis=0)
            wanted = sum(values.astype(float) * weight for values, weight in corners)
            found = ours.filled(np.nan).ravel()[inside]
            assert whole.sum() > 1000 and np.abs(found - wanted)[whole].max() < 1e-6, np.abs(found - wanted)[whole].max()
            # Masked and flagged where the cell that holds the centre is.
            column, row = np.floor(column + 0.5).astype(int), np.floor(row + 0.5).astype(int)
            inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
            masked = np.ones(inside.shape, bool)
            masked[inside] = source[row[inside], column[inside]] == -9999.0
            assert np.array_equal(masked, ours.mask.ravel()) and np.array_equal(masked, flags.ravel() & 2047 != 0)
        done(f"rasterio, PROJ: {name} is bilinear to 1e-6 at {whole.sum()} cells, its masks and flags nearest")


def stac():
    text = (FOLDER / "map.json").read_text()
    item = pystac.Item.from_dict(json.loads(text))
    plain = json.loads(text) | {"stac_extensions": []}
    pystac.validation.validate_dict(plain)
    for url in item.stac_extensions:
        name, version = url.split("/")[-3:-1]
        schema = json.loads((HERE / "stac" / f"{name}-{version}.json").read_text())
        jsonschema.Draft7Validator(schema).validate(json.loads(text))
    assert (FOLDER / item.assets["map"].href).exists()
    with rasterio.open(FOLDER / item.assets["map"].href) as file:
        assert item.properties["proj:shape"] == [file.height, file.width]
        assert np.allclose(item.properties["proj:transform"], list(file.transform)[:6], rtol=0, atol=1e-6)
        west, south, east, north = rasterio.warp.transform_bounds(file.crs, "EPSG:4326", *file.bounds)
        assert np.allclose(item.bbox, [west, south, east, north], atol=1e-5), (item.bbox, [west, south, east, north])
        names = [band["name"] for band in item.to_dict()["assets"]["map"]["bands"]]
        assert names == ["estimate", "half_width_90", "quality_flag"] and len(names) == file.count
    done("pystac: map.json is valid, with projection, raster, processing and scientific, and says where map.tif lies")


def model():
    item = pystac.Item.from_file(str(FOLDER / "model.json"))
    pystac.validation.validate_dict(item.to_dict(include_self_link=False) | {"stac_extensions": [], "links": []})
    mlm = MLMExtension.ext(item)
    assert mlm.mlm_name == "SMEN Tucson (shipped)" and mlm.architecture == "SMEN" and "downscaling" in mlm.tasks
    assert mlm.input[0].input.shape == [-1, 1, -1, -1] and mlm.input[0].input.dim_order[0] == "batch"
    assert "SIMULATED" in item.properties["description"]
    done("pystac: model.json is valid and its MLM fields are read")


def kmz(longitude, latitude):
    with zipfile.ZipFile(FOLDER / "map.kmz") as archive:
        assert archive.testzip() is None and archive.namelist()[0] == "doc.kml"
        kml = archive.read("doc.kml").decode()
        picture = Image.open(io.BytesIO(archive.read("map.png")))
        legend = Image.open(io.BytesIO(archive.read("legend.png")))
        picture.load(), legend.load()
    edge = {key: float(kml.split(f"<{key}>")[1].split("<")[0]) for key in ("north", "south", "east", "west")}
    assert edge["west"] < longitude.min() and longitude.max() < edge["east"]
    assert edge["south"] < latitude.min() and latitude.max() < edge["north"]
    assert "SIMULATED" in kml and picture.mode == "RGBA" and picture.width % longitude.shape[1] == 0
    done(f"zipfile, Pillow: map.kmz holds a picture of {picture.width} x {picture.height} and a legend")


def cube():
    path = FOLDER / "season.nc"
    for engine in ("netcdf4", "h5netcdf"):
        with xr.open_dataset(path, engine=engine, decode_coords="all") as data:
            moisture = data["soil_moisture"]
            assert moisture.dims == ("time", "y", "x") and moisture.attrs["units"] == "m3 m-3"
            assert moisture.rio.crs.to_epsg() == 6933, moisture.rio.crs
            assert np.allclose(np.abs(moisture.rio.resolution()), M03, atol=1e-6) and moisture.rio.resolution()[1] < 0
            assert moisture.attrs["ancillary_variables"].split()[-1] == "quality_flag"
            assert data.attrs["loam_kind"] == "estimate" and data.attrs["loam_simulated"] == "true"
            assert np.allclose(data["depth_bounds"].values, [0, 0.05])
            placed = moisture.isel(time=0).rio.reproject("EPSG:4326")
            assert placed.rio.bounds()[0] < float(data["lon"].min()) + 0.1
            flags, values = data["quality_flag"].values.astype(int), moisture.values
            assert np.array_equal(flags & 2047 != 0, np.isnan(values))
    done("xarray, rioxarray: season.nc has its CRS, place, flags and depth (netcdf4 and h5netcdf)")
    with xr.open_dataset(path) as data, rasterio.open(FOLDER / "map.tif") as file:
        day = np.datetime64(file.tags()["loam_date"])
        slice_ = data["soil_moisture"].sel(time=day).values
        assert np.array_equal(np.nan_to_num(slice_, nan=-9999.0), file.read(1)), "one date of the season is the map of that date"
        done(f"season.nc on {day} is map.tif to the bit")
        pixels(data)
    conventions(path)


# What the checker says wrongly, or of choices that are meant. It takes the letters of one name for attributes (its table of grid mappings
# holds a string where a tuple belongs), knows no scalar coordinate with bounds (CF 7.1) and no version of CF after 1.11, takes extents for
# mistakes where they are not of points (edges of cells, of the soil layer, the whole last day), and asks for standard names of quantities
# that have none and for a person's address.
NOT_MEANT = ("Conventions", "depth_bounds", "creator_url", "creator_email", "publisher_", "geospatial_bounds_vertical_crs", "did not match",
            "depth values", "time_coverage_end")
NAMELESS = {"half_width_90", "soil_moisture_drydown_events", "soil_moisture_drydown_time", "soil_moisture_trend",
            "soil_moisture_trend_standard_error"}


def conventions(path):
    CheckSuite.load_all_available_checkers()
    for name in ("cf:1.11", "acdd:1.3"):
        out = FOLDER / "report.json"
        ComplianceChecker.run_checker(str(path), [name], 0, "normal", output_filename=str(out), output_format="json")
        report = json.loads(out.read_text())[name]
        said = [(found["name"], text) for level in ("high", "medium") for found in report[f"{level}_priorities"] for text in found["msgs"]]
        letters = [text[0] for _, text in said if " is a required attribute for grid mapping" in text[1:]]
        assert sorted(letters) in ([], sorted("longitude_of_central_meridian")), letters
        wrong = []
        for check, text in said:
            nameless = text == "standard_name" and any(variable in check for variable in NAMELESS)
            if not (text[1:].startswith(" is a required") or nameless or any(word in text for word in NOT_MEANT)):
                wrong.append((check, text))
        assert not wrong, (name, wrong)
        done(f"compliance-checker: season.nc passes {name} ({report['scored_points']} of {report['possible_points']} points)")


def pixels(data):
    """Means, trends and dry-downs, computed again."""
    time = (data["time"].values - np.datetime64("1970-01-01")) / np.timedelta64(1, "D")
    values = data["soil_moisture"].values.astype(float)
    compared = drydowns = 0
    for row in range(0, values.shape[1], 7):
        for column in range(0, values.shape[2], 7):
            series = values[:, row, column]
            there = np.isfinite(series)
            t, v = time[there], series[there]
            at = {"y": row, "x": column}
            ours = {key: float(data[f"soil_moisture_{key}"].isel(at)) for key in
                    ("count", "mean", "trend", "trend_standard_error", "drydown_time", "drydown_events")}
            assert ours["count"] == there.sum()
            if len(v) < 10:
                continue
            fit = linregress(t, v)
            for key, wanted in (("mean", v.mean()), ("trend", fit.slope * 365.25), ("trend_standard_error", fit.stderr * 365.25)):
                assert abs(ours[key] - wanted) < 1e-5 * max(1.0, abs(wanted)), (key, ours[key], wanted)
            events, design, logs = 0, [], []
            start = 0
            for end in range(1, len(v) + 1):
                if end < len(v) and v[end] < v[end - 1] and t[end] - t[end - 1] <= 4:
                    continue
                keep = [i for i in range(start, end) if v[i] - v.min() > 0.005]
                if len(keep) >= 3:
                    design += [(t[i], events) for i in keep]
                    logs += [np.log(v[i] - v.min()) for i in keep]
                    events += 1
                start = end
            assert ours["drydown_events"] == events
            if events >= 3:
                # One slope, a level for each event: ordinary least squares.
                matrix = np.zeros((len(logs), 1 + events))
                for n, (day, event) in enumerate(design):
                    matrix[n, 0], matrix[n, 1 + event] = day - time[0], 1
                tau = -1 / np.linalg.lstsq(matrix, np.array(logs), rcond=None)[0][0]
                assert abs(ours["drydown_time"] / tau - 1) < 1e-3, (ours["drydown_time"], tau)
                drydowns += 1
            else:
                assert np.isnan(ours["drydown_time"])
            compared += 1
    assert compared > 20
    done(f"scipy: mean, trend and its error at {compared} pixels, dry-down at {drydowns}")


if __name__ == "__main__":
    cells = table()
    resampled(*geotiff(*cells))
    stac()
    model()
    kmz(*cells[:2])
    cube()
