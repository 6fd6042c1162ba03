"""Checkpoints as `torch.save` writes them, for tests/pytorch.rs.

    pip install -r tests/reference/requirements-torch.txt
    python tests/reference/make_pytorch.py

writes crates/loam-nn/tests/fixtures/pytorch/*.pt and, beside each that can be read, the same tensors as PyTorch itself reads them back
(`torch.load`, cast to float32): small ones as NAME.safetensors, the full network as SHA-256 of each tensor's little-endian float32 in
facts.json. The weights are `golden_state` of make_goldens.py. A second run writes the same bytes, but
for addresses in legacy.pt.
"""

import hashlib
import io
import json
import zipfile
from collections import OrderedDict

import torch
from safetensors.torch import save_file

from make_goldens import ROOT, golden_state, make

OUT = ROOT / "crates/loam-nn/tests/fixtures/pytorch"


def state(inputs):
    return make(inputs).state_dict()


def floats(tensors):
    """What a reader should find: float32, contiguous, no counters."""
    return {
        name: tensor.detach().to(torch.float32).contiguous().clone()
        for name, tensor in tensors.items()
        if not name.endswith("num_batches_tracked")
    }


def write(name, value, expected=None, **options):
    """`expected`: picks the tensors out of what torch.load gives, under the names of the network."""
    path = OUT / f"{name}.pt"
    torch.save(value, path, **options)
    if expected:
        save_file(floats(expected(torch.load(path, weights_only=False))), OUT / f"{name}.safetensors")


def strided():
    """Views: all four tensors in one storage, each with an offset; one transposed, one with every second value, one expanded."""
    tensors = golden_state("spatial")
    storage = torch.full((5000,), 7.0)
    out = OrderedDict()
    # [32,1,1,3,3] laid out with its two last axes swapped, from 11 on.
    g = storage[11 : 11 + 288].view(32, 1, 1, 3, 3).transpose(3, 4)
    g.copy_(tensors["g.weight"])
    out["g.weight"] = g
    # Every second value, from 501 on.
    bias = storage[501:565:2]
    bias.copy_(tensors["g.bias"])
    out["g.bias"] = bias
    # Channels last and reversed axes.
    h = torch.as_strided(storage, (1, 32, 1, 3, 3), (1, 3, 1, 96, 1), 1000)
    h.copy_(tensors["h.weight"])
    out["h.weight"] = h
    # A view of one value with stride 0.
    storage[4999] = tensors["h.bias"].item()
    out["h.bias"] = torch.as_strided(storage, (1,), (0,), 4999)
    return out


def repacked(source, target, change):
    """The archive with other entries; `change(name, data)` gives the new data or None to leave the entry out."""
    with zipfile.ZipFile(OUT / source) as old, zipfile.ZipFile(OUT / target, "w") as new:
        for name in old.namelist():
            data = change(name.split("/", 1)[1], old.read(name))
            if data is not None:
                new.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)


def main():
    torch.manual_seed(0)
    OUT.mkdir(exist_ok=True)
    full = state("spatiotemporal")
    torch.save(full, OUT / "full.pt")
    loaded = floats(torch.load(OUT / "full.pt", weights_only=True))
    facts = {
        "torch": torch.__version__,
        "full": {name: hashlib.sha256(t.numpy().astype("<f4").tobytes()).hexdigest() for name, t in sorted(loaded.items())},
    }

    spatial = state("spatial")
    # Half, in the wrapper of a training script, from DataParallel.
    half = OrderedDict((f"module.{name}", tensor.half()) for name, tensor in spatial.items())
    wrapper = {"epoch": 3, "state_dict": half, "best": 0.04, "done": True, "region": "tucson", "trained_on": "simulated scenes", "lr": [1e-4]}
    unwrap = lambda file: {name.removeprefix("module."): t for name, t in file["state_dict"].items()}  # noqa: E731
    write("wrapped_half", wrapper, unwrap)
    # A plain dict of bfloat16 and float64, of parameters rather than tensors.
    mixed = {name: torch.nn.Parameter(t.bfloat16() if name.startswith("g") else t.double()) for name, t in spatial.items()}
    write("mixed_parameters", mixed, dict)
    write("strided", strided(), dict)
    write("protocol4", spatial, dict, pickle_protocol=4)
    # One step of Adam: its state is in the file too and must not be taken for the network's.
    model = make("spatial")
    adam = torch.optim.Adam(model.parameters())
    model(torch.rand(1, 1, 1, 4, 4), None).sum().backward()
    adam.step()
    write("with_optimizer", {"model": model.state_dict(), "optimizer": adam.state_dict()}, lambda file: file["model"])

    # One state dict under two names is one network.
    write("one_network_twice", {"best": spatial, "last": spatial}, lambda file: file["last"])

    # To be refused.
    torch.save(make("spatial"), OUT / "module.pt")
    misfit = OrderedDict(spatial, extra=torch.zeros(2, 3), **{"g.bias": spatial["g.bias"][:16], "h.bias": torch.ones(1, dtype=torch.int64)})
    del misfit["h.weight"]
    torch.save(misfit, OUT / "misfit.pt")
    # A shape of 8e18 numbers over one of them, and over all memory there is.
    torch.save({"g.weight": torch.zeros(1).expand(2_000_000_000, 2_000_000_000, 2)}, OUT / "vast.pt")
    torch.save({"epoch": 3, "losses": [0.1, 0.2]}, OUT / "no_tensors.pt")
    torch.save({"a": spatial, "b": state("spatial")}, OUT / "two_networks.pt")
    torch.save(spatial, OUT / "legacy.pt", _use_new_zipfile_serialization=False)
    repacked("protocol4.pt", "big_endian.pt", lambda name, data: b"big" if name == "byteorder" else data)
    repacked("protocol4.pt", "no_storage.pt", lambda name, data: None if name == "data/2" else data)
    repacked("protocol4.pt", "short_storage.pt", lambda name, data: data[:-4] if name == "data/2" else data)
    repacked("protocol4.pt", "no_byteorder.pt", lambda name, data: None if name == "byteorder" else data)
    compressed = io.BytesIO()
    with zipfile.ZipFile(OUT / "protocol4.pt") as old, zipfile.ZipFile(compressed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), old.read(name), zipfile.ZIP_DEFLATED)
    (OUT / "compressed.pt").write_bytes(compressed.getvalue())

    (OUT / "facts.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(f"torch {torch.__version__}, {sum(path.stat().st_size for path in OUT.iterdir())} bytes in {OUT}")


if __name__ == "__main__":
    main()
