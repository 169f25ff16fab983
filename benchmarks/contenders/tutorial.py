"""The tutorial's own loop: torchvision's data set and transforms, a DataLoader, an nn.Module."""

from __future__ import annotations

import gzip
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
import torchvision
from torch import nn

from actfunc import data
from actfunc.storage import WorkingSet
from contenders import MOMENTUM, RECIPE, Epoch, Scores, batches
from contenders.module import network


class Order(torch.utils.data.Sampler[int]):
    """What `shuffle=True` draws each epoch, but in everybody's order."""

    def __init__(self, work: WorkingSet) -> None:
        self.work, self.number = work, itertools.count()

    def __len__(self) -> int:
        return len(self.work.split.train.labels)

    def __iter__(self) -> Iterator[int]:
        return iter(batches(self.work, next(self.number)).flatten().tolist())


def tutorial(work: WorkingSet) -> Epoch:
    """Every image is made a PIL image, a tensor and normalised, one by one, in every epoch."""
    transform = torchvision.transforms.Compose(
        [torchvision.transforms.ToTensor(), torchvision.transforms.Normalize((0.5,), (0.5,))]
    )
    folder = tempfile.TemporaryDirectory()
    raw = Path(folder.name) / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for archive in (data.data_root() / "FashionMNIST" / "raw").glob("*.gz"):
        (raw / archive.stem).write_bytes(gzip.decompress(archive.read_bytes()))
    with folder:  # read whole
        whole = torchvision.datasets.FashionMNIST(folder.name, train=True, transform=transform)
    torch.manual_seed(work.seed)
    train, _ = torch.utils.data.random_split(whole, [50_000, 10_000])
    loader = torch.utils.data.DataLoader(
        train, batch_size=RECIPE.batch_size, sampler=Order(work), drop_last=True
    )
    model = network(work.fresh())
    optimizer = torch.optim.SGD(model.parameters(), lr=RECIPE.learning_rate, momentum=MOMENTUM)
    criterion = nn.CrossEntropyLoss()

    def epoch() -> Scores:
        model.train()
        total, right = 0.0, 0
        for images, labels in loader:
            images, labels = images.to(work.device), labels.to(work.device)
            optimizer.zero_grad()
            logits = model(images)
            loss = criterion(logits, labels)
            loss.backward()
            optimizer.step()
            total += loss.detach()
            right += (logits.argmax(dim=-1) == labels).sum()
        return Scores(float(total) / len(loader), int(right))

    return epoch
