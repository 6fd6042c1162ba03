"""Goldens of the brightness-temperature CNN (model.md, section 2), made with PyTorch on the CPU.

    pip install -r tests/reference/requirements-torch.txt
    python tests/reference/make_tb_goldens.py

writes crates/loam-nn/tests/goldens/tb_cnn.safetensors: for both cases a batch, its output, the loss, some gradients whole and every gradient's sum of
squares, and the losses of three Adam steps. The first weights are drawn with SplitMix64 exactly as `TbCase::first_weights` does.
"""

import math
from pathlib import Path

import numpy
import torch
from make_goldens import Random
from safetensors.torch import save_file
from torch import nn

ROOT = Path(__file__).resolve().parents[2]
SEED = 9
PENALTY = 1e-6  # tb_cnn.rs
LEARNING_RATE = 1e-4
WHOLE = ("group0.conv3.weight", "group0.conv5.weight", "group3.conv5.bias", "out.weight", "out.bias")


class Group(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv3 = nn.Conv2d(channels, 64, 3, padding=1)
        self.conv5 = nn.Conv2d(channels, 64, 5, padding=4, dilation=2)

    def forward(self, x):
        return torch.relu(torch.cat([self.conv3(x), self.conv5(x)], 1))


class TbCnn(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.outputs = outputs
        for group in range(7):
            self.add_module(f"group{group}", Group(2 if group == 0 else 128))
        self.out = nn.Conv2d(128, outputs, 3, padding=1)

    def forward(self, x):
        features = x
        for group in range(7):
            features = getattr(self, f"group{group}")(features)
        return self.out(features) + x[:, : self.outputs]


def drawn(model):
    random, bound = Random(SEED), 0.0
    state = {}
    for name, tensor in model.state_dict().items():
        if name.endswith("weight"):
            bound = 1.0 / math.sqrt(math.prod(tensor.shape[1:]))
        values = [random.symmetric(bound) for _ in range(tensor.numel())]
        state[name] = torch.tensor(numpy.array(values, dtype=numpy.float32).reshape(tensor.shape))
    model.load_state_dict(state)
    return model


def loss_of(model, x, target, mask):
    error = ((model(x) - target).abs() * mask).sum() / mask.sum()
    squares = sum((p**2).sum() for name, p in model.named_parameters() if name.endswith("weight"))
    return error + PENALTY * squares


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    out = {}
    for case, outputs in (("brightness_temperature", 2), ("soil_moisture", 1)):
        generator = torch.Generator().manual_seed(SEED)
        x = torch.randn(2, 2, 11, 13, generator=generator)
        target = x[:, :outputs] + 0.3 * torch.randn(2, outputs, 11, 13, generator=generator)
        mask = (torch.rand(target.shape, generator=generator) > 0.3).float()
        model = drawn(TbCnn(outputs))
        optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, foreach=False)
        losses = []
        for step in range(3):
            optimiser.zero_grad()
            loss = loss_of(model, x, target, mask)
            loss.backward()
            losses.append(loss.item())
            if step == 0:
                out[f"{case}.output"] = model(x).detach().clone()
                for name, parameter in model.named_parameters():
                    out[f"{case}.squares.{name}"] = (parameter.grad**2).sum().reshape(1).clone()
                    if name in WHOLE:
                        out[f"{case}.grad.{name}"] = parameter.grad.clone()
            optimiser.step()
        out.update({f"{case}.x": x, f"{case}.target": target.contiguous(), f"{case}.mask": mask})
        out[f"{case}.losses"] = torch.tensor(losses)
        print(case, losses)
    save_file(out, ROOT / "crates/loam-nn/tests/goldens/tb_cnn.safetensors", metadata={"torch": torch.__version__})


if __name__ == "__main__":
    main()
