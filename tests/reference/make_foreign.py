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


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for make in (earth_engine, analysis_ready, soil_moisture_tiffs, netcdfs, appeears, saved_again, odd_axes, nisar, declared_in_items, axes_that_contradict):
        make()
    (OUT / "foreign.json").write_text(json.dumps(FACTS, indent=1) + "\n")


if __name__ == "__main__":
    main()
