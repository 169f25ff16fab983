"""The files of the tutorial's six trained networks, as their author published them."""

from __future__ import annotations

import hashlib

from actfunc.data.download import Published

FILES = {
    file.name: file
    for file in (
        Published(
            "FashionMNIST_elu.config",
            103,
            "163999f76542bfec5b1d41c31e61ef833397ab3df8222659a9605fc8e416ba68",
        ),
        Published(
            "FashionMNIST_elu.tar",
            2_534_722,
            "35c38b937200b89665c9ce9fca174908b6494abd603ae1fbb39a162af7620a1a",
        ),
        Published(
            "FashionMNIST_leakyrelu.config",
            123,
            "45e9e320c2190f53bae21276c11d073a70689711790d17bb7322f612655e234c",
        ),
        Published(
            "FashionMNIST_leakyrelu.tar",
            2_534_722,
            "76598913dab64fbc1e6d4cdcc0590d4d8f24a2ad311d6d721699a3c5790e590f",
        ),
        Published(
            "FashionMNIST_relu.config",
            104,
            "dd63e07b83259e9cf0f3eef646cefb7bfaa536bde7062910884b45de50cfcb20",
        ),
        Published(
            "FashionMNIST_relu.tar",
            2_534_722,
            "0d7184a8ebc940c61580fd2df1c864b1817e1a16a1e3783e47d47d5efc3a6555",
        ),
        Published(
            "FashionMNIST_sigmoid.config",
            107,
            "3a266e849977a204b51bcd7f041a3261cb392d017eb159b5283c50e1af83e69e",
        ),
        Published(
            "FashionMNIST_sigmoid.tar",
            2_534_722,
            "733c23d3a4717595c36506675de4ed6892c9b1df6c454b3de279d6dfa7b27bc2",
        ),
        Published(
            "FashionMNIST_swish.config",
            105,
            "a617c8feae74e0bc412111ad1b63c4035418f83d8c6d66830061c7c565c29839",
        ),
        Published(
            "FashionMNIST_swish.tar",
            2_534_722,
            "f3fc3b4e9b4d55717f94eba60425da2489f1fef4f8b5478d9f0200699a6c57dc",
        ),
        Published(
            "FashionMNIST_tanh.config",
            104,
            "9e9654a586ca47e8b0491bd5a7ce94557fa6dc64ad54325e989e91e4971938ce",
        ),
        Published(
            "FashionMNIST_tanh.tar",
            2_534_722,
            "f27b1999c4f18fec2c7673266e97ca22ee9445d7b1ad5a896dd930488be09dd3",
        ),
    )
}
"""By name: what is downloaded must be these, and what has these names is compared with them."""


def is_published(name: str, content: bytes) -> bool:
    """Whether this is what was published under this name."""
    file = FILES.get(name)
    return file is not None and hashlib.sha256(content).hexdigest() == file.digest
