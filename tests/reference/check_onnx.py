"""Models that Loam wrote, run by ONNX Runtime on the inputs of PyTorch's goldens.

    python -m pip install -r tests/reference/requirements-exports.txt
    python tests/reference/check_onnx.py FOLDER

FOLDER holds smen.onnx, rcn.onnx, brightness_temperature.onnx and soil_moisture.onnx with the goldens' weights, as crates/loam-nn/tests/nn/onnx.rs
writes them. Tolerance: 1e-5 of the unit for SMEN and RCN (m3/m3), 1e-5 of the scaled values for the TB CNN.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from safetensors.numpy import load_file

ROOT = Path(__file__).resolve().parent.parent.parent / "crates/loam-nn"
FOLDER = Path(sys.argv[1])
TOLERANCE = 1e-5
SCALES = {
    "brightness_temperature": (np.array([250, 250], "f4"), np.array([25, 25], "f4")),
    "soil_moisture": (np.array([0.2, 290], "f4"), np.array([0.1, 15], "f4")),
}


def session(name):
    path = FOLDER / f"{name}.onnx"
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
    shape = [d.dim_param or d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    properties = {p.key: p.value for p in model.metadata_props}
    bands = json.loads(properties["bands"])
    assert shape == ["N", len(bands), "H", "W"], shape
    # What the plugin Deepness reads, each as JSON.
    assert json.loads(properties["model_type"]) == "Regressor" and json.loads(properties["tiles_size"]) == 512
    assert json.loads(properties["resolution"]) > 0 and json.loads(properties["tiles_overlap"]) > 0
    assert json.loads(properties["reg_output_scaling"]) == 1.0
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def compare(name, ours, theirs):
    worst = np.abs(ours - theirs).max()
    assert ours.shape == theirs.shape and worst < TOLERANCE, (name, worst)
    print(f"ok: {name}.onnx, ONNX Runtime {onnxruntime.__version__}: differs from PyTorch by {worst:.1e} at most")


def smen():
    golden = load_file(ROOT / "src/networks/smen/golden_tile.safetensors")
    tile = np.concatenate([golden["i"][:, 0], golden["d"][:, 0]], axis=1)
    run = session("smen")
    (ours,) = run.run(None, {"input": tile})
    compare("smen", ours, golden["expected"][:, 0])
    # Another size and number of images, each as alone.
    wide = np.concatenate([np.tile(tile, (1, 1, 2, 3)), np.tile(tile, (1, 1, 2, 3))[:, :, ::-1]])
    (both,) = run.run(None, {"input": np.ascontiguousarray(wide)})
    (alone,) = run.run(None, {"input": np.ascontiguousarray(wide[1:])})
    assert both.shape == (2, 1, 48, 72) and np.abs(both[1:] - alone).max() < TOLERANCE


def rcn():
    golden = load_file(ROOT / "tests/goldens/rcn.safetensors")
    run = session("rcn")
    properties = run.get_modelmeta().custom_metadata_map
    bands, computed = (json.loads(properties[key]) for key in ("bands", "bands_computed"))
    assert len(bands) == len(set(bands)) == len(computed) == 27
    # The graph takes planes in their units: PyTorch's were standardised before.
    model = onnx.load(FOLDER / "rcn.onnx")
    mean, spread = (numpy_helper.to_array(t) for name in ("mean", "spread") for t in model.graph.initializer if t.name == name)
    planes = np.concatenate([golden["x"] * spread + mean, golden["base"]], axis=1)
    (ours,) = run.run(None, {"input": planes})
    correction, log_variance = golden["output"][:, :1], golden["output"][:, 1:]
    expected = np.concatenate([golden["base"] + 0.1 * correction, np.sqrt(np.exp(log_variance) / 1000)], axis=1)
    compare("rcn", ours, expected)
    # A tile with as much around it as an output sees is as the whole: on the edge of a larger image as within it.
    sees = int(properties["pixels_seen_to_each_side"])
    large = np.tile(planes[:1], (1, 1, 6, 5))
    (whole,) = run.run(None, {"input": large})
    (tile,) = run.run(None, {"input": np.ascontiguousarray(large[:, :, : 20 + sees, 5:])})
    apart = np.abs(tile[:, :, :20, sees:] - whole[:, :, :20, 5 + sees :]).max()
    assert apart < TOLERANCE, apart
    (short,) = run.run(None, {"input": np.ascontiguousarray(large[:, :, : 20 + sees // 2])})
    assert np.abs(short[:, :, :20] - whole[:, :, :20]).max() > 0, "fewer cells would do"


def tb_cnn(case):
    golden = load_file(ROOT / "tests/goldens/tb_cnn.safetensors")
    centre, spread = (v[None, :, None, None] for v in SCALES[case])
    (ours,) = session(case).run(None, {"input": golden[f"{case}.x"] * spread + centre})
    channels = ours.shape[1]
    scaled = (ours - centre[:, :channels]) / spread[:, :channels]
    compare(case, scaled, golden[f"{case}.output"])


if __name__ == "__main__":
    smen()
    rcn()
    for case in SCALES:
        tb_cnn(case)
