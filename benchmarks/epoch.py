"""One training epoch on FashionMNIST: the tutorial's own way against ours.

The same network, the same 195 batches of 256, the same metrics (loss and right answers); ours
eager and compiled, the compilation itself in the warm-up round and reported apart.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torchvision
from contest import contest, report
from torch import nn

from actfunc import data, get
from actfunc.storage import HIDDEN, WorkingSet, prepare
from actfunc.training import Settings, fit, make_step, sgd, start
from actfunc.training.compile import compiled


def tutorial(work: WorkingSet) -> Callable[[], None]:
    """The tutorial's loop: torchvision's data set and transforms, a DataLoader, an nn.Module."""
    transform = torchvision.transforms.Compose(
        [torchvision.transforms.ToTensor(), torchvision.transforms.Normalize((0.5,), (0.5,))]
    )
    folder = Path(tempfile.mkdtemp())
    raw = folder / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for archive in (data.data_root() / "FashionMNIST" / "raw").glob("*.gz"):
        (raw / archive.stem).write_bytes(gzip.decompress(archive.read_bytes()))
    whole = torchvision.datasets.FashionMNIST(folder, train=True, transform=transform)
    torch.manual_seed(work.seed)
    train, _ = torch.utils.data.random_split(whole, [50_000, 10_000])
    loader = torch.utils.data.DataLoader(train, batch_size=256, shuffle=True, drop_last=True)
    layers: list[nn.Module] = []
    sizes = work.sizes(HIDDEN)
    for fan_in, fan_out in itertools.pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    network = nn.Sequential(nn.Flatten(), *layers[:-1]).to(work.device)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    criterion = nn.CrossEntropyLoss()

    def epoch() -> None:
        network.train()
        right, count = 0.0, 0
        for images, labels in loader:
            images, labels = images.to(work.device), labels.to(work.device)
            optimizer.zero_grad()
            logits = network(images)
            loss = criterion(logits, labels)
            loss.backward()
            optimizer.step()
            right += (logits.argmax(dim=-1) == labels).sum()
            count += labels.shape[0]

    return epoch


def ours(work: WorkingSet, *, compiling: bool) -> Callable[[], None]:
    """An epoch of `fit`, without its validation, from one state to the next."""
    activation, optimizer = get("relu"), sgd()
    step = make_step(activation, optimizer)
    if compiling:
        step = compiled(step)
    # one image is validated on, since the tutorial's training epoch has no validation
    split = work.split._replace(validation=work.split.validation.first(1))
    progress = start(work.fresh(), optimizer)

    def epoch() -> None:
        nonlocal progress
        settings = Settings(max_epochs=len(progress.history) + 1, patience=10_000)
        progress = next(fit(progress, step, activation, split, settings))

    return epoch


def main() -> None:
    """Run the contest and write its results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    device = torch.device(options.device)
    work = prepare("fashion_mnist", seed=42, device=device)
    contenders = {
        "tutorial": tutorial(work),
        "ours, eager": ours(work, compiling=False),
        "ours, compiled": ours(work, compiling=True),
    }
    began = time.perf_counter()
    contenders["ours, compiled"]()
    first = time.perf_counter() - began
    seconds = contest(contenders, rounds=options.rounds, device=device)
    report(
        "epoch",
        seconds,
        against="tutorial",
        device=device,
        first_compiled_epoch_seconds=first,
        dataset=work.dataset.name,
    )


if __name__ == "__main__":
    main()
