"""Small files as other programs write them: exports, subsets, stacks, files saved again.

    python -m pip install -r tests/reference/requirements.txt
    python tests/reference/make_foreign.py     # writes crates/smap-files/tests/fixtures/foreign/* and foreign.json there

Structure, names, packing and tags are those of the program named; the values are made by formula, and no pixel is anyone's. What a
right reader finds (foreign.json) is computed here with numpy, before packing, independently of the reader under test.
"""

import json
from pathlib import Path

import h5py
import netCDF4
import numpy as np
import rasterio
from rasterio.transform import from_origin

OUT = Path(__file__).resolve().parent.parent.parent / "crates/smap-files/tests/fixtures/foreign"
M36 = 36032.220840584
X0, Y0 = -17367530.445161516, 7314540.830638599
M09, M03, M0200 = M36 / 4, M36 / 12, M36 / 180
FACTS = []


def fact(file, role, layers=(), **more):
    """layers: (date, overpass, values with NaN where there is none)."""

    def layer(date, overpass, values):
        values = np.asarray(values, "f8")
        seen = values[np.isfinite(values)]
        return {
            "date": date,
            "overpass": overpass,
            "valid": int(seen.size),
            "min": float(seen.min()),
            "max": float(seen.max()),
            "mean": float(seen.mean()),
        }

    FACTS.append({"file": file, "role": role, "layers": [layer(*one) for one in layers], **more})


def pattern(rows, columns, low=0.1, step=0.001):
    return np.round(low + step * (np.add.outer(np.arange(rows) * 3, np.arange(columns)) % 97), 4)


def tiff(name, bands, crs="EPSG:6933", transform=None, names=None, dtype="float32", scale=None, units=None, **more):
    transform = transform or from_origin(X0 + 856 * M09, Y0 - 316 * M09, M09, M09)
    rows, columns = bands[0].shape
    with rasterio.open(
        OUT / name, "w", driver="GTiff", height=rows, width=columns, count=len(bands), dtype=dtype, crs=crs, transform=transform,
        compress="deflate", **more,
    ) as file:
        for i, band in enumerate(bands):
            file.write(band.astype(dtype), i + 1)
        if names:
            file.descriptions = names
        if scale:
            file.scales, file.offsets = [scale[0]] * len(bands), [scale[1]] * len(bands)
        if units:
            file.units = [units] * len(bands)


def earth_engine():
    am, pm = pattern(20, 20), pattern(20, 20, 0.15)
    flag = np.zeros((20, 20))
    flag[:4] = 1
    name = "okc_smap_export_20200603.tif"
    tiff(name, [am, pm, flag, flag * 0, am * 900], names=["soil_moisture_am", "soil_moisture_pm", "retrieval_qual_flag_am", "retrieval_qual_flag_pm", "surface_temperature_am"])
    fact(
        name, "soil_moisture", [("2020-06-03", "am", np.where(flag == 0, am, np.nan)), ("2020-06-03", "pm", pm)], origin="Earth Engine"
    )
    name = "okc_toBands.tif"
    tiff(name, [am, am + 0.05, am + 0.1], names=["20200601_soil_moisture_am", "20200602_soil_moisture_am", "20200602_soil_moisture_pm"])
    fact(
        name, "soil_moisture",
        [("2020-06-01", "am", am), ("2020-06-02", "am", am + 0.05), ("2020-06-02", "pm", am + 0.1)], origin="Earth Engine",
    )
    decibel = np.round(-12 - pattern(40, 40) * 20, 3)
    decibel[:, :5] = 0
    degrees = from_origin(-97.52, 35.38, 0.0003, 0.0003)
    seen = np.where(decibel == 0, np.nan, decibel)
    name = "S1_GRD_okc_20200603.tif"
    tiff(name, [decibel, np.where(decibel == 0, 0, decibel - 7), decibel * 0 + 38], "EPSG:4326", degrees, ["VV", "VH", "angle"])
    fact(name, "backscatter_vv", [("2020-06-03", None, seen)], scale="decibel", origin="Earth Engine")
    name = "s1_okc_VV_scaled_20200603.tif"
    tiff(name, [np.round(decibel * 100)], "EPSG:4326", degrees, dtype="int16", scale=(0.01, 0.0))
    fact(name, "backscatter_vv", [("2020-06-03", None, np.round(decibel * 100)[:, 5:] / 100)], scale="decibel")


def analysis_ready():
    power = pattern(40, 40, 0.02)
    power[:, :5] = 0
    degrees = from_origin(-97.52, 35.38, 0.0003, 0.0003)
    seen = np.where(power == 0, np.nan, power)
    opera = "OPERA_L2_RTC-S1_T028-059007-IW1_20200603T003512Z_20200604T000000Z_S1A_30_v1.0_"
    hyp3 = "S1A_IW_20200603T003512_DVP_RTC30_G_"
    for name, role, values, scale, origin in [
        (opera + "VV.tif", "backscatter_vv", power, "power", "OPERA RTC-S1"),
        (opera + "VH.tif", "backscatter_vh", power, "power", "OPERA RTC-S1"),
        (hyp3 + "gauned_5A1C_VV.tif", "backscatter_vv", np.sqrt(power), "amplitude", "ASF HyP3"),
        ("s1a_14SPE_vv_DES_007_20200603txxxxxx.tif", "backscatter_vv", power, "power", "S1Tiling"),
        ("iw-vv.rtc.tiff", "backscatter_vv", power, "power", "Planetary Computer RTC"),
        ("2020-06-03-00_00_2020-06-03-23_59_Sentinel-1_IW_VV+VH_VV_-_linear_gamma0.tiff", "backscatter_vv", power, "power", "Copernicus Browser"),
    ]:
        values = values.astype("f4").astype("f8")
        tiff(name, [values], "EPSG:4326", degrees)
        date = None if name.startswith("iw") else "2020-06-03"
        fact(name, role, [(date, None, np.where(values == 0, np.nan, values))], scale=scale, origin=origin)
    for name, values, mention in [
        (opera + "mask.tif", (power > 0) * 1.0, "mask"),
        ("OPERA_L2_RTC-S1-STATIC_T028-059007-IW1_20140403_S1A_30_v1.0_local_incidence_angle.tif", power + 35, "angle"),
        ("OPERA_L2_RTC-S1-STATIC_T028-059007-IW1_20140403_S1A_30_v1.0_rtc_anf_gamma0_to_beta0.tif", power + 1, "area"),
        ("s1a_14SPE_vv_DES_007_20200603txxxxxx_BorderMask.tif", (power > 0) * 1.0, "mask"),
        ("sin_LIA_14SPE_DES_007.tif", power + 0.5, "angle"),
        ("S1A_IW_20200603T003512_HH.tif", power, "HH"),
        ("S1A_IW_20200603T003512_two_bands.tif", power, "band"),
        ("okc_20200603.tif", power, "nothing says"),
    ]:
        tiff(name, [values] * (2 if "two" in name else 1), "EPSG:4326", degrees)
        fact(name, None, mention=mention)
    name = "S1A_IW_GRDH_20200603T003512_VV_counts.tif"
    tiff(name, [pattern(40, 40) * 1000], "EPSG:4326", degrees, dtype="uint16")
    fact(name, None, mention="no scale")


def soil_moisture_tiffs():
    sm = pattern(20, 20)
    degrees = from_origin(-98, 36, 0.25, 0.25)
    hidden = sm.copy()
    hidden[:, :5] = 0
    name = "soil_moisture_alpha_20200603.tif"
    opaque = np.full((20, 20), 255.0)
    opaque[:, :5] = 0
    tiff(name, [hidden, opaque], "EPSG:4326", degrees, ALPHA="YES")
    fact(name, "soil_moisture", [("2020-06-03", None, sm[:, 5:])])
    name = "soil_moisture_volume_percent_20200603.tif"
    tiff(name, [sm * 100], "EPSG:4326", degrees, units="% vol")
    fact(name, "soil_moisture", [("2020-06-03", None, sm)])
    for name, values, units, mention in [
        ("soil_moisture_percent_20200603.tif", sm * 100, "%", "percent"),
        ("soil_moisture_water_20200603.tif", sm * 100, "mm", "millimet"),
        ("soil_moisture_large_20200603.tif", sm * 100, None, "no unit"),
        ("soil_moisture_error_20200603.tif", sm, None, "error"),
        ("SPL4SMGP.007_Geophysical_Data_sm_rootzone_doy2020155000000_aid0001.tif", sm, None, "below the surface"),
        ("SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_AM_surface_temperature_doy2020155000000_aid0001.tif", sm * 900, None, "temperature"),
    ]:
        tiff(name, [values], "EPSG:4326", degrees, units=units)
        fact(name, None, mention=mention)
    name = "SPL4SMGP.007_Geophysical_Data_sm_surface_doy2020155000000_aid0001.tif"
    tiff(name, [sm], "EPSG:6933")
    fact(name, "soil_moisture", [("2020-06-03", None, sm)], origin="AppEEARS")
    name = "soil_moisture_ease1_20200603.tif"
    tiff(name, [sm], "EPSG:3410", from_origin(-9e6, 4e6, 25067.5, 25067.5))
    fact(name, None, mention="EASE-Grid")


def netcdf(name, kind, fill):
    with netCDF4.Dataset(OUT / name, "w", format=kind) as file:
        fill(file)


def axis(file, name, values, units, standard=None, kind="f8"):
    file.createDimension(name, len(values))
    variable = file.createVariable(name, kind, (name,))
    variable.units = units
    if standard:
        variable.standard_name = standard
    variable[:] = values
    return variable


def stack(days, ascending, packed, variable="soil_moisture", units="m3 m-3", per_day=1, long_name="Volumetric Soil Moisture"):
    sm = pattern(12, 14)

    def fill(file):
        start = (np.datetime64("2020-06-01") - np.datetime64("2000-01-01")).astype(int)
        counts = start + np.arange(days * per_day) / per_day
        file.createDimension("time", None)
        time = file.createVariable("time", "f8", ("time",))
        time.units, time.calendar = "days since 2000-01-01 00:00:00", "standard"
        time[:] = counts
        latitudes = 33 + 0.25 * (np.arange(12) + 0.5)
        axis(file, "lat", latitudes if ascending else latitudes[::-1], "degrees_north")
        axis(file, "lon", -99 + 0.25 * (np.arange(14) + 0.5), "degrees_east")
        kind, missing = ("i2", -32768) if packed else ("f4", -9999.0)
        values = file.createVariable(variable, kind, ("time", "lat", "lon"), fill_value=missing)
        if packed:
            values.scale_factor, values.add_offset = 0.0001, 0.1
            values.valid_range = np.array([-1000, 9000], "i2")
        values.units, values.long_name = units, long_name
        for step in range(days * per_day):
            day = np.ma.array(sm + 0.01 * step, mask=np.zeros(sm.shape, bool))
            day[0, : step + 1] = np.ma.masked
            values[step] = day[::-1] if ascending else day

    layers = []
    for step in range(0, days * per_day, per_day):
        day = sm + 0.01 * step
        day[0, : step + 1] = np.nan
        layers.append((str(np.datetime64("2020-06-01") + step // per_day), None, day))
    return fill, layers


def netcdfs():
    for name, kind in [("stack_cdf1.nc", "NETCDF3_CLASSIC"), ("stack_cdf2.nc", "NETCDF3_64BIT_OFFSET"), ("stack_cdf5.nc", "NETCDF3_64BIT_DATA")]:
        fill, layers = stack(3, True, True)
        netcdf(name, kind, fill)
        fact(name, "soil_moisture", layers, product="soil moisture NetCDF", crs=4326)
    fill, layers = stack(3, True, True)
    netcdf("smap_stack_packed.nc", "NETCDF4", fill)
    fact("smap_stack_packed.nc", "soil_moisture", layers, origin="SMAP export", crs=4326)
    fill, layers = stack(2, False, False, "swvl1", "m**3 m**-3", 4, "Volumetric soil water layer 1")
    netcdf("era5land_okc.nc", "NETCDF4", fill)
    fact("era5land_okc.nc", "soil_moisture", layers, origin="ERA5-Land", warns="not SMAP's")
    for name, variable, units, long_name, mention in [
        ("c_gls_SSM1km_202006010000_CEURO_S1CSAR_V1.1.1.nc", "ssm", "%", "Surface Soil Moisture", "saturation"),
        ("ascat_okc.nc", "sm", "percent", "surface soil moisture", "saturation"),
        ("gldas_okc.nc", "SoilMoi0_10cm_inst", "kg m-2", "Soil moisture content", "millimet"),
        ("ESACCI-SOILMOISTURE-L3S-SSMS-ACTIVE-20200601000000-fv06.1.nc", "sm", "percent", "Percent of Saturation Soil Moisture", "saturation"),
        ("smap_okc_albedo.nc", "albedo", "1", "single scattering albedo", "albedo"),
    ]:
        fill, _ = stack(1, False, False, variable, units, 1, long_name)
        netcdf(name, "NETCDF4", fill)
        fact(name, None, mention=mention)


def appeears():
    name = "SPL3SMP_E.006_9km_aid0001.nc"
    sm = pattern(10, 10)
    flag = np.zeros((10, 10))
    flag[:2] = 1

    def fill(file):
        time = axis(file, "time", [7459, 7460], "days since 2000-01-01 00:00:00", kind="i4")
        time.calendar = "julian"
        axis(file, "ydim", Y0 - (316.5 + np.arange(10)) * M09, "m", "projection_y_coordinate")
        axis(file, "xdim", X0 + (856.5 + np.arange(10)) * M09, "m", "projection_x_coordinate")
        crs = file.createVariable("crs", "i1")
        crs.grid_mapping_name, crs.standard_parallel, crs.semi_major_axis = "lambert_cylindrical_equal_area", 30.0, 6378137.0
        for overpass, tail, more in (("AM", "", 0.0), ("PM", "_pm", 0.1)):
            group = f"Soil_Moisture_Retrieval_Data_{overpass}_"
            for layer, values, missing, kind in (
                ("soil_moisture", np.stack([sm + more, sm + more + 0.01]), -9999.0, "f4"),
                ("retrieval_qual_flag", np.stack([flag, flag * 0]), 65534, "u2"),
                ("albedo", np.stack([sm, sm]), -9999.0, "f4"),
            ):
                variable = file.createVariable(group + layer + tail, kind, ("time", "ydim", "xdim"), fill_value=missing)
                variable.grid_mapping = "crs"
                variable[:] = values

    netcdf(name, "NETCDF4", fill)
    layers = []
    for overpass, more in (("am", 0.0), ("pm", 0.1)):
        layers.append(("2020-06-03", overpass, np.where(flag == 0, sm + more, np.nan)))
        layers.append(("2020-06-04", overpass, sm + more + 0.01))
    fact(name, "soil_moisture", layers, origin="AppEEARS", product="SPL3SMP_E", first_row=316, first_column=856)


def saved_again():
    sm = pattern(12, 14)
    name = "soil_moisture_utm_20200603.nc"

    def utm(file):
        axis(file, "y", 3950000 - 1000.0 * np.arange(12), "m")
        axis(file, "x", 600000 + 1000.0 * np.arange(14), "m")
        crs = file.createVariable("spatial_ref", "i4")
        crs.crs_wkt = rasterio.crs.CRS.from_epsg(32614).to_wkt()
        crs.grid_mapping_name = "transverse_mercator"
        variable = file.createVariable("soil_moisture", "f4", ("y", "x"))
        variable.units, variable.grid_mapping = "m3/m3", "spatial_ref"
        variable[:] = sm

    netcdf(name, "NETCDF4", utm)
    fact(name, "soil_moisture", [("2020-06-03", None, sm)], crs=32614)
    name = "SMAP_L3_SM_P_20200603_soil_moisture.nc"

    def band1(file):
        axis(file, "lat", 33.05 + 0.1 * np.arange(12), "degrees_north")
        axis(file, "lon", -99.65 + 0.1 * np.arange(14), "degrees_east")
        crs = file.createVariable("crs", "S1")
        crs.grid_mapping_name = "latitude_longitude"
        crs.spatial_ref = rasterio.crs.CRS.from_epsg(4326).to_wkt()
        variable = file.createVariable("Band1", "f4", ("lat", "lon"), fill_value=-9999.0)
        variable.long_name, variable.grid_mapping = "GDAL Band Number 1", "crs"
        variable[:] = sm

    netcdf(name, "NETCDF3_CLASSIC", band1)
    fact(name, "soil_moisture", [("2020-06-03", None, sm)], product="SPL3SMP", crs=4326)
    name = "SMAP_L3_SM_P_20200603_R18290_001_HEGOUT_lzf.h5"
    with h5py.File(OUT / name, "w") as file:
        group = file.create_group("Soil_Moisture_Retrieval_Data_AM")
        for layer, values in (
            ("soil_moisture", sm.astype("f4")),
            ("retrieval_qual_flag", np.zeros((12, 14), "u2")),
            ("EASE_row_index", np.repeat(np.arange(80, 92)[:, None], 14, 1).astype("u2")),
            ("EASE_column_index", np.repeat(np.arange(210, 224)[None], 12, 0).astype("u2")),
        ):
            group.create_dataset(layer, data=values, compression="lzf", chunks=values.shape, track_times=False)
    fact(name, "soil_moisture", [("2020-06-03", "am", sm)], first_row=80, first_column=210)


def odd_axes():
    sm = pattern(12, 14)
    latitudes, longitudes = (33 + 0.25 * (np.arange(12) + 0.5))[::-1], -99 + 0.25 * (np.arange(14) + 0.5)

    def regular(file):
        axis(file, "lat", latitudes, "degrees_north")
        axis(file, "lon", longitudes, "degrees_east")

    def put(file, dimensions, values, kind="f4", **attributes):
        variable = file.createVariable("soil_moisture", kind, dimensions)
        for key, value in {"units": "m3/m3", **attributes}.items():
            variable.setncattr(key, value)
        variable.set_auto_maskandscale(False)
        variable[:] = values

    def scalar_time(file):
        regular(file)
        time = file.createVariable("time", "f8")
        time.units = "days since 2000-01-01"
        time[:] = 7459
        put(file, ("lat", "lon"), sm)

    netcdf("sm_scalar_time.nc", "NETCDF4", scalar_time)
    fact("sm_scalar_time.nc", "soil_moisture", [("2020-06-03", None, sm)])

    def planes(file):
        file.createDimension("y", 12)
        file.createDimension("x", 14)
        for name, values, units in (
            ("latitude", np.repeat(latitudes[:, None], 14, 1), "degrees_north"),
            ("longitude", np.repeat(longitudes[None], 12, 0), "degrees_east"),
        ):
            file.createVariable(name, "f8", ("y", "x"))[:] = values
            file[name].units = units
        put(file, ("y", "x"), sm, coordinates="latitude longitude")

    netcdf("sm_planes_20200603.nc", "NETCDF4", planes)
    fact("sm_planes_20200603.nc", "soil_moisture", [("2020-06-03", None, sm)], crs=4326)

    def unsigned(file):
        regular(file)
        stored = np.round(sm * 300000).astype("u2")
        put(file, ("lat", "lon"), stored.view("i2"), "i2", _Unsigned="true", scale_factor=1 / 300000)

    netcdf("sm_unsigned_20200603.nc", "NETCDF3_CLASSIC", unsigned)
    fact("sm_unsigned_20200603.nc", "soil_moisture", [("2020-06-03", None, np.round(sm * 300000) / 300000)])

    def time_last(file):
        regular(file)
        axis(file, "time", [7459, 7460, 7461], "days since 2000-01-01")
        put(file, ("lat", "lon", "time"), np.repeat(sm[..., None], 3, 2))

    netcdf("sm_time_last_20200603.nc", "NETCDF4", time_last)
    fact("sm_time_last_20200603.nc", None, mention="time first")

    def transposed(file):
        regular(file)
        put(file, ("lon", "lat"), sm.T)

    netcdf("sm_transposed_20200603.nc", "NETCDF4", transposed)
    fact("sm_transposed_20200603.nc", None, mention="rows must come first")


def nisar():
    name = "NISAR_L3_PR_SME2_028_005_A_020_4005_DHDH_A_20260603T125218_20260603T125253_P05023_N_F_J_001.h5"
    sm = pattern(60, 60)
    flag = np.zeros((60, 60), "i2")
    flag[:6] = 1
    missing = np.zeros((60, 60), bool)
    missing[:, :4] = True
    with h5py.File(OUT / name, "w") as file:
        file.attrs["title"], file.attrs["mission_name"] = "NISAR L3 SME2 Product", "NISAR"
        identification = file.create_group("science/LSAR/identification")
        identification["productType"] = np.bytes_("SME2")
        identification["zeroDopplerStartTime"] = np.bytes_("2026-06-03T12:52:18.000000000")
        product = file.create_group("science/LSAR/SME2")
        grids = product.create_group("grids")
        columns, rows = 39750 + np.arange(60), 15300 + np.arange(60)
        grids["EASEGridColumnIndex"], grids["EASEGridRowIndex"] = columns.astype("i4"), rows.astype("i4")
        for axis_name, values in (("xCoordinates", X0 + (columns + 0.5) * M0200), ("yCoordinates", Y0 - (rows + 0.5) * M0200)):
            grids[axis_name] = values
            grids[axis_name].attrs["units"] = "meters"
        projection = grids.create_dataset("projection", data=np.uint32(6933))
        projection.attrs["epsg_code"] = 6933
        layers = {
            "soilMoisture": np.where(missing, -9999, sm).astype("f4"),
            "soilMoistureUncertainty": np.where(missing, -9999, sm * 0.1).astype("f4"),
            "retrievalQualityFlag": np.where(missing, -9999, flag).astype("i2"),
        }
        for layer, values in layers.items():
            data = grids.create_dataset(layer, data=values, compression="gzip", chunks=(30, 30), track_times=False)
            data.attrs["_FillValue"] = values.dtype.type(-9999)
            data.attrs["grid_mapping"] = "projection"
        grids["soilMoisture"].attrs["units"] = "meter^3/meter^3"
        candidate = product.create_group("algorithmCandidates/DSG")
        candidate.create_dataset("soilMoisture", data=layers["soilMoisture"], compression="gzip", track_times=False)
    seen = np.where(missing | (flag == 1), np.nan, sm.astype("f4"))
    blank = np.where(np.isnan(seen), np.nan, (sm * 0.1).astype("f4").astype("f8"))
    # Means over 3 km cells, 15 by 15 of 200 m, of which at least half are valid.
    blocks = blank.reshape(4, 15, 4, 15).swapaxes(1, 2).reshape(4, 4, 225)
    means = [[float(np.nanmean(b)) if np.isfinite(b).sum() * 2 >= b.size else None for b in row] for row in blocks]
    cells = {"file": name, "first_column": 2650, "first_row": 1020, "uncertainty": means}
    (OUT / "nisar_uncertainty.json").write_text(json.dumps(cells) + "\n")
    fact(name, "soil_moisture", [("2026-06-03", None, seen)], origin="NISAR L3 SME2", product="NISAR SME2", warns="provisional")


def declared_in_items():
    """GeoTIFFs that keep a NetCDF file's attributes as items, and values that no program declares."""
    sm = pattern(20, 20)
    degrees = from_origin(-98, 36, 0.25, 0.25)
    blank = np.where(np.arange(20) < 5, np.nan, sm)

    def items(name, stored, dtype="float32", **attributes):
        tiff(name, [stored], "EPSG:4326", degrees, dtype=dtype)
        with rasterio.open(OUT / name, "r+") as file:
            file.update_tags(1, **attributes)

    for name, stored, dtype, attributes in [
        ("soil_moisture_item_fill_20200603.tif", np.where(np.isnan(blank), 0.5, sm), "float32", {"_FillValue": "0.5"}),
        ("soil_moisture_item_range_20200603.tif", np.where(np.isnan(blank), 0.9, sm), "float32", {"valid_range": "{0.02,0.5}"}),
        ("soil_moisture_item_scale_20200603.tif", np.round(np.where(np.isnan(blank), 0.9, sm) * 1e4), "int16", {"scale_factor": "0.0001", "add_offset": "0", "valid_min": "200", "valid_max": "5000"}),
        ("soil_moisture_fill_m999_20200603.tif", np.where(np.isnan(blank), -999, sm), "float32", {}),
        ("smap_soil_moisture_zeros_20200603.tif", np.where(np.isnan(blank), 0, sm), "float32", {}),
    ]:
        items(name, stored, dtype, **attributes)
        fact(name, "soil_moisture", [("2020-06-03", None, blank)])
    name = "sm_root_20200603.tif"
    tiff(name, [sm], "EPSG:4326", degrees, ["sm"])
    with rasterio.open(OUT / name, "r+") as file:
        file.update_tags(1, long_name="root zone soil moisture")
    fact(name, None, mention="below the surface")
    for name, values, band in [("S1A_Intensity_VV_20200603.tif", sm * 1e5, "Intensity_VV"), ("S1A_Amplitude_VV_20200603.tif", sm * 500, "Amplitude_VV")]:
        tiff(name, [values], "EPSG:4326", degrees, [band])
        fact(name, None, mention="not calibrated")


def axes_that_contradict():
    """Metres that are kilometres, projections that only look like the EASE-Grid, axes of which nothing says which part to take."""
    sm = pattern(12, 14)

    def projected(name, mapping, units="m", cell=M09, row=316, column=856, scale=1.0):
        def fill(file):
            axis(file, "y", (Y0 - (row + 0.5 + np.arange(12)) * cell) * scale, units, "projection_y_coordinate")
            axis(file, "x", (X0 + (column + 0.5 + np.arange(14)) * cell) * scale, units, "projection_x_coordinate")
            crs = file.createVariable("crs", "i4")
            for key, value in mapping.items():
                crs.setncattr(key, value)
            variable = file.createVariable("soil_moisture", "f4", ("y", "x"))
            variable.units, variable.grid_mapping = "m3/m3", "crs"
            variable[:] = sm

        netcdf(name, "NETCDF4", fill)

    cylindrical = {"grid_mapping_name": "lambert_cylindrical_equal_area", "standard_parallel": 30.0}
    projected("sm_kilometres_20200603.nc", cylindrical, "km", scale=1e-3)
    fact("sm_kilometres_20200603.nc", "soil_moisture", [("2020-06-03", None, sm)], first_row=316, first_column=856)
    polar = {"grid_mapping_name": "lambert_azimuthal_equal_area", "latitude_of_projection_origin": 90.0, "longitude_of_projection_origin": 0.0}
    for name, mapping, cell in [
        ("sm_meridian_20200603.nc", {**cylindrical, "longitude_of_central_meridian": 180.0}, M09),
        ("sm_easting_20200603.nc", {**cylindrical, "false_easting": 1e6}, M09),
        ("sm_sphere_20200603.nc", {**polar, "earth_radius": 6371228.0}, 25067.5),
    ]:
        projected(name, mapping, cell=cell)
        fact(name, None, mention="coordinate system")

    def regular(name, variable, values, units=None, dimensions=("lat", "lon"), more=None, kind="f4"):
        def fill(file):
            axis(file, "lat", (33 + 0.25 * (np.arange(12) + 0.5))[::-1], "degrees_north")
            axis(file, "lon", -99 + 0.25 * (np.arange(14) + 0.5), "degrees_east")
            if more:
                more(file)
            data = file.createVariable(variable, kind, dimensions)
            if units:
                data.units = units
            data[:] = values

        netcdf(name, "NETCDF4", fill)

    three = np.stack([sm, sm + 0.01, sm + 0.02])
    regular("sm_depths_20200603.nc", "soil_moisture", three, "m3/m3", ("depth", "lat", "lon"), lambda file: axis(file, "depth", [0.5, 0.2, 0.05], "m"))
    fact("sm_depths_20200603.nc", None, mention="which part to take")

    def counted(calendar, units):
        def times(file):
            axis(file, "time", [7459, 7460, 7461], units).calendar = calendar

        return times

    regular("sm_360_20200603.nc", "soil_moisture", three, "m3/m3", ("time", "lat", "lon"), counted("360_day", "days since 2000-01-01"))
    fact("sm_360_20200603.nc", None, mention="360_day")
    regular("sm_capitals.nc", "soil_moisture", three, "m3/m3", ("time", "lat", "lon"), counted("standard", "Days Since 2000-01-01"))
    days = ["2020-06-03", "2020-06-04", "2020-06-05"]
    fact("sm_capitals.nc", "soil_moisture", [(day, None, one) for day, one in zip(days, three)])
    kelvin = 300 + 30 * sm
    regular("steps_20200603.nc", "LST_Day_1km", np.round(kelvin * 50), kind="u2")
    fact("steps_20200603.nc", "surface_temperature", [("2020-06-03", None, (np.round(kelvin * 50) / 50).astype("f4"))])
    regular("fahrenheit_20200603.nc", "LST", kelvin * 1.8 - 459.67, "degF")
    fact("fahrenheit_20200603.nc", None, mention="neither K nor degrees C")


def times_and_names():
    """Square maps turned by their dimensions' names, two times a day, temperatures without a unit, dates that are a version's or a period's."""
    sm = pattern(12, 14)
    square = pattern(12, 12)

    def turned(file):
        axis(file, "lat", (33 + 0.25 * (np.arange(12) + 0.5))[::-1], "degrees_north")
        axis(file, "lon", -99 + 0.25 * (np.arange(12) + 0.5), "degrees_east")
        data = file.createVariable("soil_moisture", "f4", ("lon", "lat"))
        data.units = "m3/m3"
        data[:] = square.T

    for name, kind in [("sm_square_turned_20200603.nc", "NETCDF4"), ("sm_square_turned_cdf1_20200603.nc", "NETCDF3_CLASSIC")]:
        netcdf(name, kind, turned)
        fact(name, None, mention="rows must come first")

    def straight(file):
        axis(file, "lat", (33 + 0.25 * (np.arange(12) + 0.5))[::-1], "degrees_north")
        axis(file, "lon", -99 + 0.25 * (np.arange(12) + 0.5), "degrees_east")
        data = file.createVariable("soil_moisture", "f4", ("lat", "lon"))
        data.units = "m3/m3"
        data[:] = square

    netcdf("sm_square_20200603.nc", "NETCDF4", straight)
    fact("sm_square_20200603.nc", "soil_moisture", [("2020-06-03", None, square.astype("f4"))])

    def regular(name, variable, values, times=None, units=None):
        def fill(file):
            if times is not None:
                axis(file, "time", times, "days since 2000-01-01")
            axis(file, "lat", (33 + 0.25 * (np.arange(12) + 0.5))[::-1], "degrees_north")
            axis(file, "lon", -99 + 0.25 * (np.arange(14) + 0.5), "degrees_east")
            data = file.createVariable(variable, "f4", ("lat", "lon") if times is None else ("time", "lat", "lon"))
            if units:
                data.units = units
            data[:] = values

        netcdf(name, "NETCDF4", fill)

    four = np.stack([sm, sm + 0.1, sm + 0.02, sm + 0.12]).astype("f4")
    times = [7459.25, 7459.75, 7460.25, 7460.75]
    regular("smap_two_a_day.nc", "soil_moisture", four, times, "m3/m3")
    days = [("2020-06-03", "am"), ("2020-06-03", "pm"), ("2020-06-04", "am"), ("2020-06-04", "pm")]
    fact("smap_two_a_day.nc", "soil_moisture", [(*day, one) for day, one in zip(days, four)])
    regular("okc_two_a_day.nc", "soil_moisture", four, times, "m3/m3")
    fact("okc_two_a_day.nc", "soil_moisture", [("2020-06-03", None, four[0]), ("2020-06-04", None, four[2])], warns="the first of each day is used")
    kelvin = (300 + 30 * sm).astype("f4")
    regular("kelvin_no_unit_20200603.nc", "LST", kelvin)
    fact("kelvin_no_unit_20200603.nc", "surface_temperature", [("2020-06-03", None, kelvin)])
    regular("celsius_no_unit_20200603.nc", "LST", kelvin - 273.15)
    fact("celsius_no_unit_20200603.nc", None, mention="its unit is not declared")

    degrees = from_origin(-98, 36, 0.25, 0.25)
    map_ = pattern(20, 20)
    for name, date in [("soil_moisture_v20190101_20200603.tif", "2020-06-03"), ("soil_moisture_20200601_20200608.tif", "2020-06-01")]:
        tiff(name, [map_], "EPSG:4326", degrees)
        fact(name, "soil_moisture", [(date, None, map_.astype("f4"))], warns="it counts as the map of 2020-06-01" if "08" in name else "")
    for name, mention in [("S1A_Beta0_VV_20200603.tif", "beta0"), ("S1_VV_noise_20200603.tif", "noise")]:
        tiff(name, [map_ * 0.1], "EPSG:4326", degrees)
        fact(name, None, mention=mention)
    stack = [map_, map_ + 0.05, map_ + 0.1]
    for name, names in [
        ("okc_soil_moisture_stack.tif", ["20200601", "20200602", "20200603"]),
        ("okc_soil_moisture_stack_R.tif", ["X2020.06.01", "X2020.06.02", "X2020.06.03"]),
    ]:
        tiff(name, stack, "EPSG:4326", degrees, names)
        fact(name, "soil_moisture", [(f"2020-06-0{n + 1}", None, one.astype("f4")) for n, one in enumerate(stack)])
    name = "okc_stack_described.tif"
    tiff(name, stack, "EPSG:4326", degrees, ["2020-06-01", "2020-06-02", "2020-06-03"])
    with rasterio.open(OUT / name, "r+") as file:
        file.update_tags(long_name="Volumetric soil moisture")
    fact(name, "soil_moisture", [(f"2020-06-0{n + 1}", None, one.astype("f4")) for n, one in enumerate(stack)])
    name = "okc_stack_of_days.tif"
    tiff(name, stack, "EPSG:4326", degrees, ["20200601", "20200602", "20200603"])
    fact(name, None, mention="none of its 3 bands is named")


def masks_beside():
    """GDAL's mask in a file of its own; masked/ is a folder, so that the files of foreign/ keep each to itself."""
    sm = pattern(20, 20)
    opaque = np.full((20, 20), 255, "u1")
    opaque[:, :5] = 0
    folder = OUT / "masked"
    folder.mkdir(exist_ok=True)
    shape = {"driver": "GTiff", "height": 20, "width": 20, "crs": "EPSG:4326", "transform": from_origin(-98, 36, 0.25, 0.25)}
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False):
        with rasterio.open(folder / "soil_moisture_20200603.tif", "w", count=1, dtype="float32", compress="deflate", **shape) as file:
            file.write(np.where(opaque > 0, sm, 0.2).astype("f4"), 1)
            file.write_mask(opaque)
    # One mask for each band.
    with rasterio.open(folder / "okc_two_20200603.tif", "w", count=2, dtype="float32", compress="deflate", **shape) as file:
        file.write(np.stack([sm, sm]).astype("f4"))
        file.descriptions = ["soil_moisture_am", "soil_moisture_pm"]
    with rasterio.open(folder / "okc_two_20200603.tif.msk", "w", count=2, dtype="uint8", compress="deflate", driver="GTiff", height=20, width=20) as file:
        file.write(np.stack([opaque, opaque[:, ::-1]]))


def words_against_values():
    """Units, names and packing that values contradict, several bands of one quantity, and moisture that is not soil's."""
    sm = pattern(20, 20)
    day = "2020-06-03"
    degrees = from_origin(-98, 36, 0.05, 0.05)

    def one(name, values, mention=None, role="soil_moisture", seen=None, **more):
        facts = {key: more.pop(key) for key in ("warns", "scale_of") if key in more}
        items = more.pop("items", None)
        tiff(name, values if isinstance(values, list) else [values], "EPSG:4326", degrees, **more)
        if items:
            with rasterio.open(OUT / name, "r+") as file:
                for band, tags in items:
                    file.update_tags(band, **tags)
        if mention:
            return fact(name, None, mention=mention)
        if "scale_of" in facts:
            facts["scale"] = facts.pop("scale_of")
        fact(name, role, seen, **facts)

    # Percent of volume that is m3/m3 already.
    one("okc_percent_20200603.tif", sm, "none of its values is above 1", names=["volumetric_soil_moisture"], units="volumetric %")
    # Backscatter: dB that is linear, linear that is dB, tenths of dB, steps that begin at 0.
    power = pattern(20, 20, 0.02)
    decibel = (10 * np.log10(power)).astype("f4")
    one("S1_VV_unit_20200603.tif", power, "says dB", names=["VV"], units="dB")
    one("S1_VV_dB_20200603.tif", power, "says dB")
    one("S1_VV_tenths_20200603.tif", decibel * 10, "far less than the dB of land")
    one("S1_VV_linear_20200603.tif", decibel, role="backscatter_vv", seen=[(day, None, decibel)], scale_of="decibel", warns="read as dB")
    steps = np.round((decibel + 50) * 1000)
    steps[:, :5] = 0
    one("S1_VV_steps_20200603.tif", steps, role="backscatter_vv", seen=[(day, None, steps[:, 5:] / 1000 - 50)], scale_of="decibel", dtype="uint16", scale=(0.001, -50.0))
    # Land surface temperature.
    kelvin = 300 + 30 * sm
    one("LST_degf_unit_20200603.tif", kelvin * 1.8 - 459.67, "its unit is degF", units="degF")
    one("LST_none_20200603.tif", kelvin - 273.15, "it declares no unit")
    one("LST_tenths_20200603.tif", np.round((kelvin - 273.15) * 10), "it declares no unit", dtype="int16")
    one("LST_unit_20200603.tif", kelvin - 273.15, role="surface_temperature", seen=[(day, None, kelvin)], units="degC")
    # Packed numbers whose outermost one is no value, without saying so; packing said of the file, not of its band.
    packed = np.round((sm - 0.35) * 1e5)
    packed[:3] = -32768
    one("okc_sm_packed_20200603.tif", packed, seen=[(day, None, packed[3:] * 1e-5 + 0.35)], dtype="int16", scale=(1e-5, 0.35))
    one("okc_sm_of_file_20200603.tif", np.round(sm * 1e4), seen=[(day, None, np.round(sm * 1e4) / 1e4)], dtype="uint16", items=[(0, {"scale_factor": "0.0001"})])
    celsius = np.round((sm - 0.15) * 200)
    one("LST_shifted_20200603.tif", celsius, role="surface_temperature", seen=[(day, None, (celsius * 0.01 + 273.15).astype("f4"))], units="K", dtype="int16", scale=(0.01, 273.15))
    zeros = np.where(np.arange(20)[:, None] < 3, 0, sm)
    one("okc_sm_zeros_20200603.tif", zeros, seen=[(day, None, sm[3:])], warns="exactly 0")
    # Several bands of one quantity.
    one("okc_sm_options_20200603.tif", [np.where(zeros, sm, np.nan), sm + 0.1, sm + 0.2], names=["soil_moisture", "soil_moisture_dca", "soil_moisture_scah"], seen=[(day, None, sm[3:])], warns="soil_moisture is used, not soil_moisture_dca")
    one("S1_both_20200603.tif", [power, decibel], role="backscatter_vv", names=["Sigma0_VV", "Sigma0_VV_db"], seen=[(day, None, power)], scale_of="power", warns="Sigma0_VV is used")
    one("okc_alike_20200603.tif", [sm, sm + 0.1], "nothing says which day each is of", names=["soil_moisture", "soil_moisture"])
    layers = [f"volumetric_soil_water_layer_{n}" for n in (2, 1, 3, 4)]
    one("era5_land_20200603.tif", [sm + 0.1, sm, sm + 0.2, sm + 0.3], names=layers, seen=[(day, None, sm)])
    one("sst_20200603.tif", kelvin, "nothing says", names=["sea_surface_temperature"])
    one("S1_VV_degrees_20200603.tif", power * 100, "its unit is degrees", names=["VV"], units="degrees")
    one("okc_numbered_20200603.tif", [sm, sm + 0.1], "nothing says which day each is of", names=["0_soil_moisture_am", "1_soil_moisture_am"])
    one("okc_times.tif", [sm, sm + 0.1, sm + 0.2], names=["20200603_0130_sm_surface", "20200603_0430_sm_surface", "20200604_0130_sm_surface"], seen=[(day, None, sm), ("2020-06-04", None, sm + 0.2)], warns="20200603_0130_sm_surface is used")
    one("S1_coregistered.tif", [power, power * 2], role="backscatter_vv", names=["Sigma0_VV_mst_22May2020", "Sigma0_VV_slv1_03Jun2020"], seen=[("2020-05-22", None, power), (day, None, power * 2)])
    days = [(n + 1, {"NETCDF_DIM_valid_time": str(441984 + 24 * n), "NETCDF_VARNAME": "swvl1"}) for n in range(2)]
    one("era5_of_netcdf.tif", [sm, sm + 0.1], names=["swvl1", "swvl1"], seen=[(day, None, sm), ("2020-06-04", None, sm + 0.1)], items=[(0, {"valid_time#units": "hours since 1970-01-01"}), *days])
    for name, mention in [
        ("fuel_moisture_20200603.tif", "of plants"),
        ("gravimetric_soil_moisture_20200603.tif", "by weight"),
        ("ALOS2_VV_20200603.tif", "another radar"),
        ("SMAP_L3_SM_P_20200603_R18290_001_slope.tif", "nothing says"),
        ("SMAP_L3_SM_P_20200603_R18290_001_latitude.tif", "coordinates"),
    ]:
        one(name, sm, mention)
    name = "okc_sm_20230105.tif"
    one(name, sm, seen=[(day, None, sm)], items=[(0, {"ACQUISITION_DATE": "2020-06-03"})], warns="the file is believed")
    name = "soil_moisture_paris_20200603.tif"
    tiff(name, [sm], "+proj=longlat +datum=WGS84 +pm=paris", degrees)
    fact(name, None, mention="coordinate system")
    name = "soil_moisture_metres_20200603.tif"
    tiff(name, [sm], "EPSG:6933", degrees)
    fact(name, None, mention="counts metres")


def edges_and_calendars():
    """Whole grids whose rows were turned, axes of corners, times at the end of their interval, calendars; arrays that contradict their unit."""
    sm = pattern(12, 14).astype("f4")
    day = "2020-06-03"
    latitude, longitude = (33 + 0.25 * (np.arange(12) + 0.5))[::-1], -99 + 0.25 * (np.arange(14) + 0.5)

    def regular(name, values=sm, units="m3/m3", variable="soil_moisture", kind="f4", shift=0.0, times=None, more=None, form="NETCDF4", **attributes):
        def fill(file):
            file.set_auto_maskandscale(False)
            dimensions = ("lat", "lon")
            if times:
                dimensions = ("time", *dimensions)
                time = axis(file, "time", times[0], times[1])
                for key, value in (times[2] if len(times) > 2 else {}).items():
                    time.setncattr(key, value)
            rows = axis(file, "lat", latitude - shift, "degrees_north")
            columns = axis(file, "lon", longitude - shift, "degrees_east")
            if more:
                more(file, rows, columns)
            data = file.createVariable(variable, kind, dimensions)
            data.set_auto_maskandscale(False)
            data.units = units
            for key, value in attributes.items():
                data.setncattr(key, value)
            if values is not None:
                data[:] = values
            return data

        netcdf(name, form, fill)

    def edges(file, rows, columns):
        file.createDimension("nv", 2)
        for of, name, centre in [(rows, "lat_bnds", latitude), (columns, "lon_bnds", longitude)]:
            of.bounds = name
            file.createVariable(name, "f8", (of.name, "nv"))[:] = np.stack([centre - 0.125, centre + 0.125], 1)

    regular("sm_corners_20200603.nc", shift=0.125, more=edges)
    fact("sm_corners_20200603.nc", "soil_moisture", [(day, None, sm)], origin_of=[-99.0, 36.0])

    def intervals(spans):
        def more(file, *_):
            file["time"].bounds = "time_bnds"
            file.createDimension("nv", 2)
            file.createVariable("time_bnds", "f8", ("time", "nv"))[:] = spans

        return more

    two = np.stack([sm, sm + 0.1]).astype("f4")
    both = [(day, None, two[0]), ("2020-06-04", None, two[1])]
    regular("sm_ends.nc", two, times=([7460, 7461], "days since 2000-01-01"), more=intervals([[7459, 7460], [7460, 7461]]))
    fact("sm_ends.nc", "soil_moisture", both)
    regular("sm_month.nc", sm[None], times=([7471], "days since 2000-01-01"), more=intervals([[7457, 7487]]))
    fact("sm_month.nc", "soil_moisture", [("2020-06-16", None, sm)], warns="up to 30 days")
    regular("sm_noleap.nc", two, times=([7453, 7454], "days since 2000-01-01", {"calendar": "noleap"}))
    fact("sm_noleap.nc", "soil_moisture", both)
    regular("sm_year_one.nc", two, times=([737580, 737581], "days since 1-1-1 00:00:0.0"))
    fact("sm_year_one.nc", "soil_moisture", both)
    regular("sm_nanoseconds.nc", two, times=(np.array([1591142400, 1591228800]) * 1e9, "nanoseconds since 1970-01-01"))
    fact("sm_nanoseconds.nc", "soil_moisture", both)
    regular("sm_zone.nc", two, times=([20, 44], "hours since 2020-06-02 00:00:00 -6:00"))
    fact("sm_zone.nc", "soil_moisture", both)
    regular("sm_months_20200101.nc", sm[None], times=([5], "months since 2020-01-01"))
    fact("sm_months_20200101.nc", "soil_moisture", [("2020-01-01", None, sm)], warns="is not understood")

    def covers(file, *_):
        file.time_coverage_start, file.time_coverage_end = "2020-06-01T00:00:00Z", "2020-06-30T23:59:59Z"

    regular("sm_covers.nc", more=covers)
    fact("sm_covers.nc", "soil_moisture", [("2020-06-01", None, sm)], warns="from 2020-06-01 to 2020-06-30")
    regular("sm_percent_20200603.nc", units="%", long_name="volumetric soil moisture")
    fact("sm_percent_20200603.nc", None, mention="none of its values is above 1")
    regular("sm_hundred_20200603.nc", sm * 100)
    fact("sm_hundred_20200603.nc", None, mention="no m3/m3")
    regular("lst_contradicts_20200603.nc", 27 + 30 * sm, "K", "LST")
    fact("lst_contradicts_20200603.nc", None, mention="declared as K")
    def evening(file, *_):
        data = file.createVariable("soil_moisture_pm", "f4", ("lat", "lon"))
        data.units = "m3/m3"
        data[:] = sm + 0.1

    regular("okc_overpasses_20200603.nc", variable="soil_moisture_am", more=evening)
    fact("okc_overpasses_20200603.nc", "soil_moisture", [(day, "am", sm), (day, "pm", sm + np.float32(0.1))])
    zeros = np.where(np.arange(12)[:, None] < 3, 0, sm)
    regular("sm_zeros_20200603.nc", zeros)
    fact("sm_zeros_20200603.nc", "soil_moisture", [(day, None, sm[3:])])
    # Never written cells hold the library's own fill.
    for name, form in [("sm_unwritten_20200603.nc", "NETCDF4"), ("sm_unwritten_cdf1_20200603.nc", "NETCDF3_CLASSIC")]:
        packed = np.round((sm - 0.35) * 1e5)
        packed[:3] = -32767
        regular(name, packed, kind="i2", form=form, scale_factor=1e-5, add_offset=0.35)
        fact(name, "soil_moisture", [(day, None, packed[3:] * 1e-5 + 0.35)])

    whole = np.full((406, 964), np.nan, "f4")
    whole[80:92, 214:228] = sm
    rows, columns = np.arange(406), np.arange(964)
    y, x = Y0 - (rows + 0.5) * M36, X0 + (columns + 0.5) * M36
    name = "SMAP_L3_SM_P_20200603_R18290_001_ascending.nc"

    def ascending(file):
        axis(file, "y", y[::-1], "m", "projection_y_coordinate")
        axis(file, "x", x, "m", "projection_x_coordinate")
        data = file.createVariable("soil_moisture", "f4", ("y", "x"), zlib=True, fill_value=np.nan)
        data.units = "cm**3/cm**3"
        data[:] = whole[::-1]

    netcdf(name, "NETCDF4", ascending)
    fact(name, "soil_moisture", [(day, None, sm)], first_row=0, first_column=0, at=[215, 81, float(sm[1, 1])])
    name = "SMAP_L3_SM_P_20200603_R18290_001_turned.nc"

    def turned(file):
        file.createDimension("row", 406)
        file.createDimension("column", 964)
        index = file.createVariable("EASE_row_index", "u2", ("row", "column"), zlib=True, fill_value=65534)
        index[:] = np.repeat(rows[::-1, None], 964, 1)
        column = file.createVariable("EASE_column_index", "u2", ("row", "column"), zlib=True, fill_value=65534)
        column[:] = np.repeat(columns[None], 406, 0)
        data = file.createVariable("soil_moisture", "f4", ("row", "column"), zlib=True, fill_value=-9999)
        data[:] = np.where(np.isfinite(whole), whole, -9999)[::-1]

    netcdf(name, "NETCDF4", turned)
    fact(name, "soil_moisture", [(day, None, sm)], first_row=0, first_column=0, at=[215, 81, float(sm[1, 1])])


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for make in (earth_engine, analysis_ready, soil_moisture_tiffs, netcdfs, appeears, saved_again, odd_axes, nisar, declared_in_items, axes_that_contradict, times_and_names, masks_beside, words_against_values, edges_and_calendars):
        make()
    (OUT / "foreign.json").write_text(json.dumps(FACTS, indent=1) + "\n")


if __name__ == "__main__":
    main()
