"""Goldens of SMEN, made with PyTorch on the CPU.

    pip install -r tests/reference/requirements-torch.txt
    python tests/reference/make_goldens.py

writes (from the repository root):

    src/model/golden_tile.safetensors     24 x 24 input and eval-mode output: the self-check of a device
    crates/loam-nn/tests/goldens/smen_step.safetensors   inputs, outputs, loss, gradients of every parameter of one batch
    crates/loam-nn/tests/goldens/smen_after5.safetensors weights file (parameters, running statistics) after 5 Adam steps on that batch
    crates/loam-nn/tests/goldens/smen_facts.json         losses of those steps, versions, tolerances measured against float64

The first weights are drawn with SplitMix64 exactly as `Weights::init` and `golden_weights` of src/model do, so no file holds them.
"""

import json
import math
from pathlib import Path

import numpy
import torch
from safetensors.torch import save_file
from torch import nn

ROOT = Path(__file__).resolve().parents[2]
SEED = 20_161_105
MASK64 = (1 << 64) - 1
CHANNELS = 32
LEARNING_RATE = 1e-3  # ten times the paper's, so that five steps move the weights
# Chosen so that PyTorch's own float32 and float64 agree after five steps (smen_facts.json): with other seeds some gradient is so near
# zero that rounding decides its sign, and Adam makes a full step of that sign.
BATCH_SEED = 3


class Random:
    """SplitMix64; the same stream as src/model/random.rs."""

    def __init__(self, seed):
        self.state = seed & MASK64

    def next_u64(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK64
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
        return z ^ (z >> 31)

    def unit(self):
        return numpy.float32((self.next_u64() >> 40) / 16777216.0)

    def symmetric(self, bound):
        return (numpy.float32(2) * self.unit() - numpy.float32(1)) * numpy.float32(bound)


class Block(nn.Module):
    def __init__(self, channels_in):
        super().__init__()
        self.conv = nn.Conv3d(channels_in, CHANNELS, (2, 3, 3), padding=(0, 1, 1))
        self.bn = nn.BatchNorm3d(CHANNELS)

    def forward(self, x):
        return self.bn(torch.relu(self.conv(x)))


class Smen(nn.Module):
    """model.md section 1."""

    def __init__(self, inputs="spatiotemporal"):
        super().__init__()
        self.inputs = inputs
        if inputs != "spatial":
            self.f0, self.f1, self.f2 = Block(1), Block(CHANNELS), Block(CHANNELS)
        if inputs != "temporal":
            self.g = nn.Conv3d(1, CHANNELS, (1, 3, 3), padding=(0, 1, 1))
        self.h = nn.Conv3d(CHANNELS, 1, (1, 3, 3), padding=(0, 1, 1))

    def forward(self, i, d):
        parts = []
        if self.inputs != "temporal":
            parts.append(self.g(i))
        if self.inputs != "spatial":
            parts.append(self.f2(self.f1(self.f0(d))))
        return self.h(sum(parts[1:], parts[0]))


def schema(inputs):
    """Names in the order in which the weights are drawn."""
    names = []
    if inputs != "spatial":
        for block in range(3):
            names += [f"f{block}.conv.{part}" for part in ("weight", "bias")]
            names += [f"f{block}.bn.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
    if inputs != "temporal":
        names += ["g.weight", "g.bias"]
    return names + ["h.weight", "h.bias"]


def golden_state(inputs):
    """`golden_weights` of src/model/golden.rs."""
    model = Smen(inputs)
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    state = {}
    random, bound = Random(SEED), 0.0
    for name in schema(inputs):
        if ".bn." not in name:
            shape = shapes[name]
            if name.endswith("weight"):
                bound = 1.0 / math.sqrt(math.prod(shape[1:]))
            values = [random.symmetric(bound) for _ in range(math.prod(shape))]
            state[name] = torch.tensor(numpy.array(values, dtype=numpy.float32).reshape(shape))
    random = Random(SEED + 1)
    for name in schema(inputs):
        if ".bn." in name:
            part = name.rsplit(".", 1)[1]
            draw = {
                "weight": lambda: numpy.float32(0.5) + random.unit(),
                "running_var": lambda: numpy.float32(0.5) + random.unit(),
                "bias": lambda: random.symmetric(0.25),
                "running_mean": lambda: numpy.float32(0.25) * random.unit(),
            }[part]
            state[name] = torch.tensor(numpy.array([draw() for _ in range(CHANNELS)], dtype=numpy.float32))
    return state


def make(inputs, dtype=torch.float32):
    model = Smen(inputs)
    missing = model.load_state_dict(golden_state(inputs), strict=False)
    assert all(name.endswith("num_batches_tracked") for name in missing.missing_keys), missing
    assert not missing.unexpected_keys, missing
    return model.to(dtype)


def urmse(estimate, target, mask):
    """Masked uRMSE of model.md, mean over the images of the batch."""
    losses = []
    for e, t, m in zip(estimate, target, mask):
        difference = (e - t)[m > 0]
        losses.append(torch.sqrt(torch.mean((difference - difference.mean()) ** 2)))
    return torch.stack(losses).mean()


def scene(generator, batch, rows, columns):
    """Soil-moisture-like numbers: I 0.05..0.45, residuals +-0.1 with zeros where unknown, a target, a mask."""
    i = 0.05 + 0.4 * torch.rand(batch, 1, 1, rows, columns, generator=generator)
    d = 0.2 * torch.rand(batch, 1, 4, rows, columns, generator=generator) - 0.1
    d = d * (torch.rand(d.shape, generator=generator) > 0.2)
    target = i + 0.1 * torch.randn(i.shape, generator=generator)
    mask = (torch.rand(i.shape, generator=generator) > 0.3).float()
    return i, d, target * mask, mask


def batch(generator):
    """Two images of 12 rows x 14 columns with standard normal inputs. With realistic residuals of +-0.1 some channels of f are always
    positive under ReLU; the norm then cancels their bias, whose gradient is zero up to rounding."""
    i, d, target, mask = scene(generator, 2, 12, 14)
    d = torch.randn(d.shape, generator=generator)
    i = torch.randn(i.shape, generator=generator)
    return i, d, target, mask


def train(dtype, i, d, target, mask, steps):
    model = make("spatiotemporal", dtype).train()
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-8, foreach=False)
    i, d, target, mask = (x.to(dtype) for x in (i, d, target, mask))
    out, losses = {}, []
    for step in range(steps):
        optimiser.zero_grad()
        estimate = model(i, d)
        loss = urmse(estimate, target, mask)
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            out["train.output"] = estimate.detach().clone()
            out["train.loss"] = loss.detach().reshape(1).clone()
            for name, parameter in model.named_parameters():
                out[f"grad.{name}"] = parameter.grad.clone()
        optimiser.step()
    state = {name: tensor for name, tensor in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    return out, state, losses


def spread(single, double):
    """Largest difference of float32 to float64, relative to the largest value of the tensor."""
    return max(
        ((single[name].double() - double[name]).abs().max() / double[name].abs().max().clamp_min(1e-30)).item()
        for name in single
        if name not in ("grad.h.bias", "h.bias")
    )


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    generator = torch.Generator().manual_seed(SEED)

    i, d, _, _ = scene(generator, 1, 24, 24)
    with torch.no_grad():
        expected = make("spatiotemporal").eval()(i, d)
    save_file({"i": i, "d": d.contiguous(), "expected": expected}, ROOT / "src/model/golden_tile.safetensors")

    i, d, target, mask = batch(torch.Generator().manual_seed(BATCH_SEED))
    out = {"i": i, "d": d.contiguous(), "target": target.contiguous(), "mask": mask}
    with torch.no_grad():
        for inputs in ("spatial", "temporal", "spatiotemporal"):
            out[f"eval.{inputs}"] = make(inputs).eval()(i, d)
    frozen = make("spatiotemporal").eval()
    urmse(frozen(i, d), target, mask).backward()
    for name in ("f0.bn.weight", "f2.conv.bias", "g.weight", "h.weight"):
        out[f"frozen.grad.{name}"] = frozen.get_parameter(name).grad.clone()
    step, state, losses = train(torch.float32, i, d, target, mask, 5)
    step64, state64, _ = train(torch.float64, i, d, target, mask, 5)
    out.update(step)
    (ROOT / "crates/loam-nn/tests/goldens").mkdir(exist_ok=True)
    save_file(out, ROOT / "crates/loam-nn/tests/goldens/smen_step.safetensors")
    metadata = {"model": "smen", "inputs": "spatiotemporal", "history": "4", "trained_on": "golden batch", "seed": str(SEED)}
    save_file(state, ROOT / "crates/loam-nn/tests/goldens/smen_after5.safetensors", metadata=metadata)
    facts = {
        "torch": torch.__version__,
        "learning_rate": LEARNING_RATE,
        "losses": losses,
        "float32_against_float64": {"step": spread(step, step64), "after5": spread(state, state64)},
        "output_spread": expected.std().item(),
    }
    (ROOT / "crates/loam-nn/tests/goldens/smen_facts.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
