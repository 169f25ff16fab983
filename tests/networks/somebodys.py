"""Somebody's own networks, who has never heard of this package: a function and a module."""

import torch
from torch import nn
from torch.nn import functional as F


def net(params, x, activation):
    x = x.flatten(1)
    for weight, bias in params[:-1]:
        x = activation(x @ weight + bias)
    weight, bias = params[-1]
    return x @ weight + bias


def init(seed):
    sizes = [(784, 12), (12, 8), (8, 10)]
    return [(torch.randn(size) / size[0] ** 0.5, torch.zeros(size[1])) for size in sizes]


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.first = nn.Conv2d(1, width, 3, stride=2, padding=1)
        self.act = nn.GELU()
        self.second = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.head = nn.Linear(2 * width, 10)

    def forward(self, x):
        x = self.act(self.first(x))
        x = F.relu(self.second(x), inplace=True)
        return self.head(x.mean((-2, -1)))


made = Net()
number = 3
