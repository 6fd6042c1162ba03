"""Small files of every kind of number, compression and layout that programs write, sidecars of GDAL, archives in archives.

    python -m pip install -r tests/reference/requirements.txt
    python tests/reference/make_kinds.py     # writes crates/smap-files/tests/fixtures/kinds/* and kinds.json there

The values are made by formula, and no pixel is anyone's. What a right reader finds (kinds.json) is computed here with numpy.
"""

import io
import json
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform

OUT = Path(__file__).resolve().parent.parent.parent / "crates/smap-files/tests/fixtures/kinds"
FACTS = []
DEGREES = from_origin(-98, 36, 0.05, 0.05)


def fact(file, layers, **more):
    """layers: values of each layer of soil moisture from the north, with NaN where there is none."""

    def numbers(values):
        values = np.asarray(values, "f8")
        seen = values[np.isfinite(values)]
        first, last = (None if np.isnan(v) else float(v) for v in (values[0, 0], values[-1, -1]))
        return {"valid": int(seen.size), "min": float(seen.min()), "max": float(seen.max()), "mean": float(seen.mean()), "first": first, "last": last}

    FACTS.append({"file": file, "layers": [numbers(layer) for layer in layers], **more})


def pattern(rows, columns, low=0.1, step=0.003):
    return np.round(low + step * (np.add.outer(np.arange(rows) * 3, np.arange(columns)) % 97), 4)


def tiff(path, bands, dtype="float32", names=("soil_moisture",), crs="EPSG:4326", transform=DEGREES, **more):
    rows, columns = bands[0].shape
    shape = {"driver": "GTiff", "height": rows, "width": columns, "crs": crs, "transform": transform}
    with rasterio.open(OUT / path, "w", count=len(bands), dtype=dtype, **shape, **more) as file:
        for i, band in enumerate(bands):
            file.write(band.astype(dtype), i + 1)
        file.descriptions = names


def halves():
    """Floats of 16 bits."""
    sm = pattern(37, 21).astype("f2")
    sm[0, :3] = np.nan
    three = [sm, sm + np.float16(0.125), sm * np.float16(0.5)]
    names = ("soil_moisture_am", "soil_moisture_pm", "soil_moisture")
    for name, bands, options in [
        ("half.tif", [sm], {}),
        ("half_predictor_2.tif", [sm], {"compress": "deflate", "predictor": 2}),
        ("half_predictor_3_big_tiles.tif", [sm], {"compress": "zstd", "predictor": 3, "tiled": True, "blockxsize": 16, "blockysize": 16, "endianness": "big"}),
        ("half_bands.tif", three, {"interleave": "pixel", "bigtiff": "yes"}),
        ("half_planes_big.tif", three, {"interleave": "band", "compress": "lzw", "predictor": 3, "endianness": "big", "bigtiff": "yes"}),
    ]:
        name = f"{name[:-4]}_20200603.tif"
        tiff(name, bands, nbits=16, names=names[: len(bands)] if len(bands) > 1 else ["soil_moisture"], **options)
        fact(name, bands)

    values = np.where(np.isnan(sm), -9999, sm).astype("f2")
    for name, order in [("half_20200603.h5", "<f2"), ("half_big_20200603.h5", ">f2")]:
        with h5py.File(OUT / name, "w", libver="latest") as file:
            axes(file, *values.shape)
            data = file.create_dataset("soil_moisture", data=values.astype(order), chunks=(16, 16), compression="gzip", shuffle=True)
            data.attrs["units"] = "m3/m3"
            # As a half, which is -10000.
            data.attrs["_FillValue"] = np.array([-9999], order)
            data.dims[0].attach_scale(file["lat"])
            data.dims[1].attach_scale(file["lon"])
        fact(name, [sm])


def axes(file, rows, columns):
    for name, values, units in [("lat", 36 - 0.05 * (np.arange(rows) + 0.5), "degrees_north"), ("lon", -98 + 0.05 * (np.arange(columns) + 0.5), "degrees_east")]:
        axis = file.create_dataset(name, data=values)
        axis.attrs["units"] = units
        axis.make_scale(name)


def compressions():
    sm = pattern(37, 21)
    for name, options in [
        ("lzw", {"compress": "lzw"}),
        ("packbits", {"compress": "packbits"}),
        ("zstd", {"compress": "zstd"}),
        ("lerc", {"compress": "lerc", "max_z_error": 0}),
        ("lerc_deflate", {"compress": "lerc_deflate", "max_z_error": 0}),
        ("lerc_zstd", {"compress": "lerc_zstd", "max_z_error": 0}),
    ]:
        tiff(f"{name}_20200603.tif", [sm], **options)
        fact(f"{name}_20200603.tif", [sm.astype("f4")])
    tiff("lzma_20200603.tif", [sm], compress="lzma")
    tiff("webp_20200603.tif", [sm * 255] * 3, "uint8", ("red", "green", "blue"), compress="webp")


def predictors():
    """Every width of number with both predictors; layouts alternate, so that each comes with each somewhere."""
    sm = pattern(37, 21)
    layouts = [
        {"endianness": "big"},
        {"bigtiff": "yes", "tiled": True, "blockxsize": 16, "blockysize": 16},
        {"endianness": "big", "tiled": True, "blockxsize": 16, "blockysize": 16, "interleave": "band"},
        {"endianness": "big", "bigtiff": "yes", "interleave": "pixel", "blockysize": 5},
    ]
    kinds = [("int16", 2), ("uint16", 2), ("int32", 2), ("int64", 2), ("float32", 2), ("float64", 2), ("float32", 3), ("float64", 3)]
    for n, (dtype, predictor) in enumerate(kinds):
        for more in (0, 1):
            layout = layouts[(n + more * 2 + predictor) % 4]
            several = "interleave" in layout
            bands = [sm, pattern(37, 21, 0.05, 0.002)] if several else [sm]
            name = f"{dtype}_predictor_{predictor}_{'ab'[more]}_20200603.tif"
            packed = [np.round(b * 1e4) for b in bands] if "int" in dtype else bands
            names = ["soil_moisture_am", "soil_moisture_pm"] if several else ["soil_moisture"]
            tiff(name, packed, dtype, names, compress="zstd", predictor=predictor, **layout)
            if "int" in dtype:
                with rasterio.open(OUT / name, "r+") as file:
                    file.scales = [1e-4] * len(bands)
            fact(name, [b.astype("f4") if dtype == "float32" else b for b in bands])


def sidecar(path, bands, of_file=""):
    """GDAL's PAM, as it writes it; bands: elements of each."""
    lines = ["<PAMDataset>", of_file]
    for number, elements in enumerate(bands, 1):
        lines += [f'  <PAMRasterBand band="{number}">', *(f"    {element}" for element in elements), "  </PAMRasterBand>"]
    (OUT / f"{path}.aux.xml").write_text("\n".join([*filter(None, lines), "</PAMDataset>", ""]))


def places(sm):
    """Where a file lies, said beside it alone (as ArcGIS' Define Projection does), in part, or otherwise than by itself."""

    def placed(name, epsg, transform, says, of_file):
        sidecar(name, [[]], of_file)
        with rasterio.open(OUT / name) as file:
            assert file.crs.to_epsg() in (epsg, None) and file.transform.almost_equals(transform), (name, file.crs, file.transform)
        grid = {"epsg": epsg, "left": transform.c, "top": transform.f, "width": transform.a, "height": -transform.e}
        fact(name, [sm.astype("f4")], beside=True, says=says, grid=grid)

    def lies(at):
        return f"<GeoTransform>{', '.join(f'{n:.16e}' for n in at.to_gdal())}</GeoTransform>"

    ease = from_origin(-9_500_000, 4_300_000, 3000, 3000)
    arcgis = (
        '<SRS>PROJCS["WGS_1984_NSIDC_EASE-Grid_2.0_Global",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,'
        '298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Cylindrical_Equal_Area"],'
        'PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",0.0],'
        'PARAMETER["Standard_Parallel_1",30.0],UNIT["Meter",1.0]]</SRS>'
    )
    name = "beside_place_20200603.tif"
    tiff(name, [sm], crs=None, transform=None)
    placed(name, 6933, ease, ["coordinate system EPSG:6933, corner -9500000, 4300000 and pixels of 3000 x 3000"], arcgis + lies(ease))
    name = "beside_system_20200603.tif"
    tiff(name, [sm], crs=None, transform=ease)
    placed(name, 6933, ease, ["taken from beside_system_20200603.tif.aux.xml: coordinate system EPSG:6933"], arcgis)
    name = "beside_moved_20200603.tif"
    tiff(name, [sm])
    moved = from_origin(-97.5, 35, 0.05, 0.05)
    says = ["corner -97.5, 35 and pixels of 0.05 x 0.05, the file itself corner -98, 36 and pixels of 0.05 x 0.05"]
    placed(name, 4326, moved, says, lies(moved))


def sidecars():
    """What stands beside the file alone, and what contradicts it. GDAL reads each as the fact says."""
    sm = pattern(12, 14)
    stored = np.round((sm - 0.2) * 1e4)
    stored[0, :4] = -5
    seen = np.where(stored == -5, np.nan, stored * 1e-4 + 0.2)
    everything = [
        "<Description>soil_moisture</Description>",
        "<NoDataValue>-5.00000000000000E+00</NoDataValue>",
        "<UnitType>m3/m3</UnitType>",
        "<Offset>0.2</Offset>",
        "<Scale>0.0001</Scale>",
    ]

    def agrees(name, nodata, scale, offset):
        with rasterio.open(OUT / name) as file:
            assert (file.nodata, file.scales[0], file.offsets[0]) == (nodata, scale, offset), name

    name = "beside_20200603.tif"
    tiff(name, [stored], "int16", [None])
    sidecar(name, [everything])
    agrees(name, -5, 1e-4, 0.2)
    fact(name, [seen], beside=True, says=["taken from beside_20200603.tif.aux.xml", "no-data value -5", "scale 0.0001", "offset 0.2", "unit m3/m3"])
    # The file's own tags say otherwise.
    name = "beside_contradicts_20200603.tif"
    tiff(name, [stored], "int16", ["soil_moisture"], nodata=0)
    with rasterio.open(OUT / name, "r+") as file:
        file.scales, file.offsets = [1e-3], [0.1]
    sidecar(name, [everything[1:]])
    agrees(name, -5, 1e-4, 0.2)
    fact(name, [seen], beside=True, says=["no-data value -5, the file itself 0", "scale 0.0001, the file itself 0.001", "as in GDAL"])
    # A scale alone: the offset is 0 then, whatever the file says.
    name = "beside_scale_20200603.tif"
    stored = np.round(sm * 1e4)
    tiff(name, [stored], "int16", ["soil_moisture"])
    with rasterio.open(OUT / name, "r+") as file:
        file.scales, file.offsets = [1e-3], [0.1]
    sidecar(name, [["<Scale>0.0001</Scale>"]])
    agrees(name, None, 1e-4, 0)
    fact(name, [sm], beside=True, says=["offset 0, the file itself 0.1"])
    # A float32 within the values, with fewer digits than it has, of the second band alone.
    name = "beside_float_20200603.tif"
    none = np.float32(0.1234567)
    second = sm.astype("f4")
    second[1] = none
    tiff(name, [sm, second], names=["soil_moisture_am", "soil_moisture_pm"])
    sidecar(name, [[], [f'<NoDataValue le_hex_equiv="{np.float64(none).tobytes().hex().upper()}">0.12345</NoDataValue>']])
    fact(name, [sm.astype("f4"), np.where(second == none, np.nan, second)], beside=True, says=["no-data value"])
    places(sm)
    # As programs leave it beside every file they looked at.
    name = "beside_statistics_20200603.tif"
    tiff(name, [sm], names=["soil_moisture"])
    sidecar(name, [["<Metadata>", *(f'  <MDI key="STATISTICS_{n}">0.25</MDI>' for n in ("MAXIMUM", "MEAN", "MINIMUM", "STDDEV")), "</Metadata>"]])
    fact(name, [sm.astype("f4")], beside=True, says=[])


def mention(file, words):
    """Not used, and why."""
    FACTS.append({"file": file, "mention": words})


def hdf5(name, make):
    with h5py.File(OUT / name, "w") as file:
        axes(file, 12, 14)
        data = make(file)
        if data is not None:
            data.attrs["units"] = "m3/m3"
            data.dims[0].attach_scale(file["lat"])
            data.dims[1].attach_scale(file["lon"])


def of_type(file, kind, values):
    """A dataset of a type that numpy does not know."""
    space = h5py.h5s.create_simple(values.shape)
    options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    # Or every run writes other bytes.
    options.set_obj_track_times(False)
    data = h5py.Dataset(h5py.h5d.create(file.id, b"soil_moisture", kind, space, options))
    memory = h5py.h5t.py_create(values.dtype)
    data.id.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(values), memory)
    return data


def odd_hdf5():
    """Numbers stored in other ways, links, fills that only HDF5 knows, lists."""
    sm = pattern(12, 14)

    def brain_float(file):
        kind = h5py.h5t.IEEE_F32LE.copy()
        kind.set_fields(15, 7, 8, 0, 7)
        kind.set_precision(16)
        kind.set_offset(0)
        kind.set_size(2)
        kind.set_ebias(127)
        return of_type(file, kind, (sm / 8).astype("f4"))

    def fourteen_bits(file):
        kind = h5py.h5t.NATIVE_INT16.copy()
        kind.set_precision(14)
        kind.set_offset(2)
        data = of_type(file, kind, np.round(sm * 1e4).astype("i2"))
        data.attrs["scale_factor"] = 1e-4
        return data

    hdf5("bfloat16_20200603.h5", brain_float)
    mention("bfloat16_20200603.h5", "8 of them of the exponent, which are not IEEE 754's")
    hdf5("fourteen_bits_20200603.h5", fourteen_bits)
    mention("fourteen_bits_20200603.h5", "whole numbers of 14 bits within 16")

    def alias(file):
        data = file.create_dataset("retrieval/soil_moisture", data=sm.astype("f4"))
        file["alias"] = h5py.SoftLink("/retrieval/soil_moisture")
        return data

    hdf5("alias_20200603.h5", alias)
    fact("alias_20200603.h5", [sm.astype("f4")])

    def elsewhere(file):
        file["soil_moisture"] = h5py.ExternalLink("other.h5", "/soil_moisture")

    hdf5("elsewhere_20200603.h5", elsewhere)
    mention("elsewhere_20200603.h5", "it only names /soil_moisture in another file, other.h5")

    def unwritten(file):
        data = file.create_dataset("soil_moisture", (12, 14), "f4", chunks=(4, 14), fillvalue=0.05)
        data[4:] = sm[4:]
        return data

    hdf5("never_written_20200603.h5", unwritten)
    seen = sm.astype("f4")
    seen[:4] = np.nan
    fact("never_written_20200603.h5", [seen])

    def points(file):
        file.create_dataset("points/soil_moisture", data=sm.ravel().astype("f4"))

    hdf5("points_20200603.h5", points)
    mention("points_20200603.h5", "/points/soil_moisture has 168 values in a row, not rows and columns")

    def described(name="soil_moisture", **attributes):
        def make(file):
            data = file.create_dataset(name, data=sm.astype("f4"))
            for key, value in attributes.items():
                data.attrs[key] = value
            return data

        return make

    hdf5("unpacked_before_20200603.h5", described(scale_factor=1e-4))
    mention("unpacked_before_20200603.h5", "too small for m3/m3 by its scale of 0.0001")
    hdf5("variance_20200603.h5", described(cell_methods="time: variance (interval: 1 hour)"))
    mention("variance_20200603.h5", 'its cell_methods say "time: variance')
    standard_name = "volume_fraction_of_condensed_water_in_soil"
    hdf5("standard_name_20200603.h5", described("var1", standard_name=standard_name))
    fact("standard_name_20200603.h5", [sm.astype("f4")])
    name = "unpacked_before_20200603.tif"
    tiff(name, [sm], names=["soil_moisture"])
    with rasterio.open(OUT / name, "r+") as file:
        file.scales = [1e-4]
    mention(name, "too small for m3/m3 by the scale it declares")


def member(archive, name, data, method=zipfile.ZIP_DEFLATED):
    """With the same time always."""
    info = zipfile.ZipInfo(name)
    info.compress_type = method
    archive.writestr(info, data)


def edges():
    """What programs leave outside an image of power, and times counted as dates."""
    power = np.where(np.arange(14) < 3, 1e-10, pattern(12, 14, 0.02, 0.0005)).astype("f4")
    tiff("S1_VV_borders_20200603.tif", [power], names=["VV"])
    fact("S1_VV_borders_20200603.tif", [np.where(power == np.float32(1e-10), np.nan, power)], role="backscatter_vv")
    sm = pattern(12, 14).astype("f4")

    def absolute(file):
        """As cdo -a counts times."""
        file.create_dataset("time", data=[20200603.25]).attrs["units"] = "day as %Y%m%d.%f"
        return file.create_dataset("soil_moisture", data=sm)

    def packed_time(file):
        """Days since a later day than its unit says, by an offset."""
        time = file.create_dataset("time", data=np.array([416, 417], "i2"))
        time.attrs["units"] = "days since 1970-01-01"
        time.attrs["add_offset"] = 18000.0
        time.make_scale("time")
        data = file.create_dataset("soil_moisture", data=np.stack([sm, sm + np.float32(0.1)]))
        data.attrs["units"] = "m3/m3"
        data.attrs["ancillary_variables"] = "quality_flag"
        for n, name in enumerate(["time", "lat", "lon"]):
            data.dims[n].attach_scale(file[name])

    hdf5("packed_time.h5", packed_time)
    fact("packed_time.h5", [sm, sm + np.float32(0.1)], dates=["2020-06-03", "2020-06-04"], says=["its flags (quality_flag) are not applied"])

    def groups(*names):
        def make(file):
            for n, name in enumerate(names):
                data = file.create_dataset(f"{name}/soil_moisture", data=sm + np.float32(0.1 * n))
                data.attrs["units"] = "m3/m3"
                data.dims[0].attach_scale(file["lat"])
                data.dims[1].attach_scale(file["lon"])

        return make

    hdf5("groups_20200603.h5", groups("AM", "PM"))
    fact("groups_20200603.h5", [sm, sm + np.float32(0.1)], overpasses=["am", "pm"])
    hdf5("orbits_20200603.h5", groups("ASC", "DESC"))
    fact("orbits_20200603.h5", [sm], says=["/ASC/soil_moisture is used, not /DESC/soil_moisture"])
    with h5py.File(OUT / "by_shape_20200603.h5", "w") as file:
        whole = np.full((406, 964), np.nan, "f4")
        whole[80:92, 214:228] = sm
        data = file.create_dataset("soil_moisture", data=whole, compression="gzip")
        data.attrs["units"] = "m3/m3"
    fact("by_shape_20200603.h5", [whole], says=["nothing in it says where /soil_moisture lies"])
    hdf5("absolute_time.h5", absolute)
    fact("absolute_time.h5", [sm], date="2020-06-03")


def named_otherwise():
    """Names and descriptions of what stands beside soil moisture, grids and times of other products."""
    sm = pattern(12, 14).astype("f4")

    def array(name, **attributes):
        def make(file):
            data = file.create_dataset(name, data=sm)
            data.attrs.update(attributes)
            return data

        return make

    for n, (name, attributes, words) in enumerate([
        ("sm", {"long_name": "soil moisture 10-40 cm"}, "below the surface"),
        ("sm", {"long_name": "Soil moisture", "description": "Root zone soil moisture"}, "below the surface"),
        ("sm", {"long_name": "Soil moisture at field capacity"}, "a property of the soil"),
        ("soil_moisture", {"long_name": "number of observations"}, "a count"),
        ("soil_moisture", {"cell_methods": "time: maximum"}, 'its cell_methods say "time: maximum"'),
    ]):
        hdf5(f"described_{n}_20200603.h5", array(name, **attributes))
        mention(f"described_{n}_20200603.h5", words)
    tiff("saocom_20200603.tif", [sm, sm], names=["VV", "VH"])
    mention("saocom_20200603.tif", "backscatter of another radar")
    tiff("extremes_20200603.tif", [sm, sm], names=["soil_moisture_max", "soil_moisture_min"])
    mention("extremes_20200603.tif", "an extreme")
    tiff("millimetre_in_millimetre_20200603.tif", [sm], names=["soil_moisture"])
    tiff("named_volumetric_20200603.tif", [np.round(sm * 100)], "uint8", ["volumetric_soil_moisture"])
    for name, unit in [("millimetre_in_millimetre_20200603.tif", "mm/mm"), ("named_volumetric_20200603.tif", "%")]:
        with rasterio.open(OUT / name, "r+") as file:
            file.units = [unit]
    fact("millimetre_in_millimetre_20200603.tif", [sm])
    fact("named_volumetric_20200603.tif", [np.round(sm * 100) / 100])

    def placed(name, longitudes, latitudes, values, axes=("lat", "lon")):
        with h5py.File(OUT / name, "w") as file:
            for axis, numbers, units in [("lat", latitudes, "degrees_north"), ("lon", longitudes, "degrees_east")]:
                file.create_dataset(axis, data=numbers).attrs["units"] = units
                file[axis].make_scale(axis)
            # Of the same shape, and looked at first.
            for layer, data in [("Error", values * 0 + 0.01), ("soil_moisture", values)]:
                file.create_dataset(layer, data=data).attrs["units"] = "m3/m3"
                for n, axis in enumerate(axes):
                    file[layer].dims[n].attach_scale(file[axis])

    # SMOS' grid: latitudes of the cells of an EASE-Grid 2.0 of 25 km.
    cell, left, top = 25025.26, -17367530.44 + 300 * 25025.26, 7307375.92 - 120 * 25025.26
    x, y = left + cell * (np.arange(14) + 0.5), top - cell * (np.arange(12) + 0.5)
    longitudes, _ = transform("EPSG:6933", "EPSG:4326", x, x * 0)
    _, latitudes = transform("EPSG:6933", "EPSG:4326", y * 0, y)
    placed("cells_of_25_km_20200603.h5", longitudes, latitudes, sm)
    fact("cells_of_25_km_20200603.h5", [sm], grid={"epsg": 6933, "left": left, "top": top, "width": cell, "height": cell, "within": 1e-6})
    longitudes, latitudes = -98 + 0.05 * (np.arange(14) + 0.5), 36 - 0.05 * (np.arange(12) + 0.5)
    placed("westwards_20200603.h5", longitudes[::-1], latitudes, sm)
    mention("westwards_20200603.h5", "runs from east to west")
    placed("by_column_20200603.h5", longitudes, latitudes, sm.T, ("lon", "lat"))
    mention("by_column_20200603.h5", "the axes stand in the order lon, lat")

    def months(file):
        time = file.create_dataset("time", data=[18383, 18414, 18444])
        time.attrs["units"] = "days since 1970-01-01"
        time.make_scale("time")
        data = file.create_dataset("swvl1", data=np.stack([sm] * 3))
        data.attrs["units"] = "m3/m3"
        for n, name in enumerate(["time", "lat", "lon"]):
            data.dims[n].attach_scale(file[name])

    def days(numbers, **attributes):
        def make(file):
            time = file.create_dataset("time", data=numbers)
            time.attrs.update(attributes)
            time.make_scale("time")
            data = file.create_dataset("soil_moisture", data=np.stack([sm, sm + np.float32(0.1)]))
            for n, name in enumerate(["time", "lat", "lon"]):
                data.dims[n].attach_scale(file[name])
            return None

        return make

    def depth(number, units):
        def make(file):
            axis = file.create_dataset("depth", data=[number])
            axis.attrs["units"] = units
            axis.make_scale("depth")
            data = file.create_dataset("soil_moisture", data=sm[None])
            for n, name in enumerate(["depth", "lat", "lon"]):
                data.dims[n].attach_scale(file[name])

        return make

    hdf5("of_5_cm_20200603.h5", depth(5.0, "cm"))
    fact("of_5_cm_20200603.h5", [sm])
    hdf5("of_1_m_20200603.h5", depth(1.0, "m"))
    mention("of_1_m_20200603.h5", "it is of a depth of 1 m, not of the surface")

    def forecast(file):
        """As cfgrib names the times of GRIB; beside each step that of its beginning comes first."""
        for name, count, standard in [("time", 18415, "forecast_reference_time"), ("valid_time", 18416, "time")]:
            time = file.create_dataset(name, data=count)
            time.attrs.update({"units": "days since 1970-01-01", "standard_name": standard})
        return file.create_dataset("swvl1", data=sm)

    hdf5("forecast.h5", forecast)
    fact("forecast.h5", [sm], date="2020-06-03")
    def cube(file):
        """As many times as rows and columns, behind them."""
        times = file.create_dataset("time", data=np.arange(18416, 18428))
        times.attrs["units"] = "days since 1970-01-01"
        times.make_scale("time")
        file.create_dataset("x", data=file["lon"][:12]).make_scale("x")
        file["x"].attrs["units"] = "degrees_east"
        data = file.create_dataset("soil_moisture", data=np.repeat(sm[:, :12, None], 12, axis=2))
        for n, name in enumerate(["lat", "x", "time"]):
            data.dims[n].attach_scale(file[name])

    hdf5("cube.h5", cube)
    mention("cube.h5", "time is not its first axis")

    def unmapped(file):
        """Zeros where a regridding had nothing, with the fill that xarray declares."""
        data = file.create_dataset("soil_moisture", data=np.where(np.arange(14) < 3, 0, sm).astype("f4"))
        data.attrs["_FillValue"] = np.float32(np.nan)
        return data

    hdf5("unmapped_20200603.h5", unmapped)
    fact("unmapped_20200603.h5", [np.where(np.arange(14) < 3, np.nan, sm)])
    # Windows of SMAP's daily files without metadata, renamed: rows and columns of 9 km fit into the grid of 36 km, too.
    rows, columns = np.mgrid[320:332, 850:864].astype("u2")
    m09 = 36032.220840584 / 4
    easting, northing = -17367530.4451615 + m09 * (columns[0] + 0.5), 7314540.8306386 - m09 * (rows[:, 0] + 0.5)
    longitudes, _ = transform("EPSG:6933", "EPSG:4326", easting, easting * 0)
    _, latitudes = transform("EPSG:6933", "EPSG:4326", northing * 0, northing)
    for name, more in [
        ("renamed_20200603.h5", {"longitude": np.tile(np.array(longitudes, "f4"), (12, 1)), "latitude": np.tile(np.array(latitudes, "f4"), (14, 1)).T}),
        ("renamed_bare_20200603.h5", {}),
    ]:
        with h5py.File(OUT / name, "w") as file:
            group = file.create_group("Soil_Moisture_Retrieval_Data_AM")
            layers = {"soil_moisture": sm, "retrieval_qual_flag": np.zeros((12, 14), "u2"), "EASE_row_index": rows, "EASE_column_index": columns}
            for layer, values in {**layers, **more}.items():
                group[layer] = values
    grid = {"epsg": 6933, "left": -17367530.4451615 + m09 * 850, "top": 7314540.8306386 - m09 * 320, "width": m09, "height": m09, "within": 1e-6}
    fact("renamed_20200603.h5", [sm], grid=grid, overpasses=["am"])
    fact("renamed_bare_20200603.h5", [sm], overpasses=["am"], says=["whether its cells are of 36 or of 9 km"])
    def two(file):
        file.create_dataset("sm_predicted", data=sm + np.float32(0.1)).attrs["units"] = "m3/m3"
        return file.create_dataset("sm_smap", data=sm)

    hdf5("two_20200603.h5", two)
    fact("two_20200603.h5", [sm], says=["/sm_smap is used, not /sm_predicted"])
    both = [sm, sm + np.float32(0.1)]
    for name, make in [
        ("written_days.h5", days(np.array([20200603, 20200605], "i4"))),
        ("absolute_days.h5", days([20200603.0, 20200605.5], units="day as %Y%m%d.%f")),
    ]:
        hdf5(name, make)
        fact(name, both, dates=["2020-06-03", "2020-06-05"])
    hdf5("numbered.h5", days(np.array([20200603, 20201405], "i4")))
    mention("numbered.h5", "it has an axis of 2 beside its rows and columns")
    hdf5("swvl1_means.h5", months)
    fact("swvl1_means.h5", [sm] * 3, dates=["2020-05-01", "2020-06-01", "2020-07-01"], says=["its times are a month apart"])
    name = "SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_AM_soil_moisture_doy2020155000000_aid0001.tif"
    tiff(name, [sm], names=[None])
    fact(name, [sm], says=["no retrieval quality flag is in this file"])
    # With the flags of its retrievals beside it; the second day's are of other pixels.
    flags = np.zeros((12, 14), "u2")
    flags[0, :5], flags[1, :3], flags[2, :2] = 1, 7, 65534
    for day in (156, 157):
        of = "SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_PM_{}_pm_doy2020{}000000_aid0001.tif".format
        name, flag = of("soil_moisture", day), of("retrieval_qual_flag", day)
        tiff(name, [sm], names=[None])
        tiff(flag, [flags[: 168 - day]], "uint16", [None], nodata=65534)
        said = f"its retrieval quality flags are those of {flag}" if day == 156 else f"flags in {flag} are not applied: it has other pixels"
        seen = np.where((flags & 1 == 1) | (flags == 65534), np.nan, sm) if day == 156 else sm
        fact(name, [seen], overpasses=["pm"], says=[said, "a SMAP product with cells of 9 km: it counts as coarse input"], flags=flag)
        mention(flag, f"this is the retrieval quality flag of {name}")
    name = "SMAP_L2_SM_P_NRT_30058_D_20200603T124350_N17700_001.h5"
    with h5py.File(OUT / name, "w") as file:
        group = file.create_group("Soil_Moisture_Retrieval_Data")
        group["soil_moisture"] = sm[0]
        group["EASE_row_index"] = np.full(14, 90, "u2")
        group["EASE_column_index"] = np.arange(210, 224, dtype="u2")
        group["retrieval_qual_flag"] = np.zeros(14, "u2")
    fact(name, [sm[:1]], overpasses=["am"])


def images():
    """Backscatter as openEO, xarray and SNAP export it to NetCDF: cubes in UTM, scenes of one day side by side, dB or power."""
    rng = np.random.default_rng(18)
    power = (0.08 * rng.gamma(4, 0.25, (3, 40, 30))).astype("f4")

    def cube(name, make, times=("days since 1990-01-01", [11111, 11111, 11123]), south_up=False):
        with h5py.File(OUT / name, "w") as file:
            for axis, values, units in [("x", 630050 + 100.0 * np.arange(30), "m"), ("y", 3950000 - 100.0 * np.arange(40), "m")]:
                file[axis] = values[::-1] if axis == "y" and south_up else values
                file[axis].make_scale(axis)
                file[axis].attrs.update({"units": units, "standard_name": f"projection_{axis}_coordinate"})
            file["t"] = np.array(times[1], "f8")
            file["t"].make_scale("t")
            file["t"].attrs.update({"units": times[0], "calendar": "standard", "standard_name": "time"})
            file.create_dataset("crs", data=np.int32(0)).attrs["crs_wkt"] = rasterio.crs.CRS.from_epsg(32614).to_wkt()
            for layer, (values, attributes) in make.items():
                stored = values[:, ::-1] if south_up else values
                data = file.create_dataset(layer, data=stored, chunks=(1, 16, 16), compression="gzip")
                data.attrs.update({"grid_mapping": "crs", **attributes})
                for axis, scale in enumerate(("t", "y", "x")):
                    data.dims[axis].attach_scale(file[scale])

    grid = {"epsg": 32614, "left": 630000.0, "top": 3950050.0, "width": 100.0, "height": 100.0}
    scenes = power.copy()
    scenes[0, 20:], scenes[1, :20], scenes[2, :, :3] = np.nan, np.nan, 0
    seen = np.where(scenes > 0, scenes, np.nan)
    dates = ["2020-06-03", "2020-06-03", "2020-06-15"]
    vh = {"VH": (scenes / np.float32(5), {})}
    cube("openeo.nc", {"VV": (scenes, {}), **vh})
    vv = {"role": "backscatter_vv", "grid": grid}
    fact("openeo.nc", seen, dates=dates, **vv)
    # The same as GeoTIFFs.
    corner = from_origin(grid["left"], grid["top"], 100, 100)
    for n, day in enumerate(["20200603_a", "20200603_b", "20200615"]):
        name = f"S1_VV_{day}.tif"
        tiff(name, [scenes[n]], names=["VV"], crs="EPSG:32614", transform=corner, compress="deflate")
        fact(name, [seen[n]], **vv)
    # Seconds of the day, as xarray writes acquisition times; dB with a fill that nothing declares; from south to north.
    decibel = np.where(seen > 0, 10 * np.log10(seen), -9999).astype("f4")
    moments = ("seconds since 2020-06-03 00:00:00", [1871, 1896, 1871 + 12 * 86400])
    cube("acquisitions.nc", {"vv": (decibel, {"units": "dB"}), "angle": (power * 0 + 38, {"units": "degrees"})}, moments, True)
    fact("acquisitions.nc", np.where(decibel == -9999, np.nan, decibel), dates=dates, **vv)
    # Power and its dB side by side, as SNAP writes them; the dB in steps with zeros outside of the image.
    steps = np.where(seen > 0, np.round(128 * (decibel + 48)), 0).astype("u2")
    packed = {"scale_factor": 1 / 128, "add_offset": -48.0}
    both = {"Sigma0_VV_db": (steps, packed), "Sigma0_VV": (scenes, {"units": "intensity"})}
    cube("snap.nc", both)
    fact("snap.nc", seen, dates=dates, says=["of its layers of backscatter VV of one day /Sigma0_VV is used, not /Sigma0_VV_db"], **vv)
    cube("steps.nc", {"Sigma0_VV_db": (steps, packed)})
    fact("steps.nc", np.where(steps == 0, np.nan, steps / 128 - 48), dates=dates, **vv)
    cube("says_decibel.nc", {"VV": (power, {"units": "dB"})})
    mention("says_decibel.nc", "which they are cannot be told")
    cube("velocity.nc", {"vv": (power - np.float32(0.1), {"units": "Pa s**-1", "long_name": "Vertical velocity"})})
    mention("velocity.nc", "its unit is Pa s**-1, which backscatter is not in")
    cube("stretched.nc", {"VV": (np.round(power * 100).astype("u1"), {})})
    mention("stretched.nc", "8-bit grey values")
    cube("digital.nc", {"VV": (np.round(power * 5000).astype("u2"), {})})
    fact("digital.nc", np.round(power * 5000).astype("u2"), says=["uncalibrated digital numbers"], **vv)


def archives():
    """As a mail gives an order: archives of scenes in one archive, one of them packed."""
    inner = []
    for n, day in enumerate(["20200603", "20200615"]):
        sm = pattern(12, 14, 0.1 + 0.05 * n)
        tiff(f"soil_moisture_{day}.tif", [sm], compress="deflate")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            member(file, f"scene_{n}/soil_moisture_{day}.tif", (OUT / f"soil_moisture_{day}.tif").read_bytes())
            member(file, f"scene_{n}/README.md", b"Made for a test.")
        (OUT / f"soil_moisture_{day}.tif").unlink()
        inner.append((f"scene_{n}.zip", packed.getvalue()))
    with zipfile.ZipFile(OUT / "order.zip", "w") as file:
        for (name, data), method in zip(inner, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)):
            member(file, name, data, method)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    for make in (halves, compressions, predictors, sidecars, odd_hdf5, edges, named_otherwise, images, archives):
        make()
    (OUT / "kinds.json").write_text(json.dumps(FACTS, indent=1) + "\n")


if __name__ == "__main__":
    main()
