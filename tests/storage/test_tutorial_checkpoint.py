"""The tutorial's checkpoints: its figures, its format both ways, and nothing run in them."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import shutil
import zipfile

import pytest
import torch

from actfunc import get, mlp
from actfunc.errors import CheckpointError, UsageError
from actfunc.storage import tutorial_checkpoint
from actfunc.storage.tutorial_checkpoint import Checkpoint, paths, read, write
from actfunc.training import accuracy
from actfunc.tutorial import SIX
from tests.reference import Network, assert_same

pytestmark = pytest.mark.usefixtures("one_thread")
# validation and test accuracy in percent, as published
PUBLISHED = {
    "sigmoid": ("10.33", "10.00"),
    "tanh": ("88.85", "87.59"),
    "relu": ("89.70", "88.62"),
    "leakyrelu": ("89.95", "88.92"),
    "elu": ("88.52", "87.27"),
    "swish": ("89.28", "88.73"),
}
SIZES = (12, 8, 5, 3)


@pytest.mark.parametrize(
    "name",
    ["leakyrelu", *(pytest.param(n, marks=pytest.mark.full) for n in SIX if n != "leakyrelu")],
)
def test_the_published_accuracies(name, checkpoints, real_split):
    activation, params, *_ = read(checkpoints, name)
    assert activation.spec == get(SIX[name]).spec
    assert mlp.sizes(params) == (784, 512, 256, 256, 128, 10)
    parts = (real_split.validation, real_split.test)
    got = tuple(f"{100 * accuracy(params, activation, part):.2f}" for part in parts)
    assert got == PUBLISHED[name]


def written(folder, name: str = "leakyrelu", sizes=SIZES) -> Checkpoint:
    checkpoint = Checkpoint(get(SIX[name]), mlp.init(sizes, seed=7))
    write(folder, name, checkpoint)
    return checkpoint


def save_state(folder, state, legacy: bool = False, name: str = "leakyrelu") -> None:
    torch.save(state, paths(folder, name)[1], _use_new_zipfile_serialization=not legacy)


def state_of(folder, name: str = "leakyrelu") -> dict[str, torch.Tensor]:
    return torch.load(paths(folder, name)[1], weights_only=True)


@pytest.mark.parametrize("name", SIX)
def test_what_is_written_is_read_back_and_the_notebook_loads_it(name, tmp_path):
    checkpoint = written(tmp_path, name)
    back = read(tmp_path, name)
    assert back.activation.spec == checkpoint.activation.spec
    network = Network(SIZES, checkpoint.activation.f)
    network.load_state_dict(torch.load(paths(tmp_path, name)[1]))
    for got, want, linear in zip(back.params, checkpoint.params, network.linear, strict=True):
        for one, other, theirs in zip(got, want, (linear.weight, linear.bias), strict=True):
            assert_same(one, other)
            assert_same(theirs.detach(), other)
    x = torch.randn(4, 12, generator=torch.Generator().manual_seed(0))
    assert_same(mlp.apply(back.params, x, back.activation), network(x).detach())


@pytest.mark.parametrize("name", SIX)
def test_the_authors_configs_are_what_is_written(name, checkpoints, tmp_path):
    write(tmp_path, name, read(checkpoints, name))
    theirs, ours = (json.loads(paths(f, name)[0].read_text()) for f in (checkpoints, tmp_path))
    assert ours == theirs
    theirs, ours = (
        torch.load(paths(f, name)[1], map_location="cpu") for f in (checkpoints, tmp_path)
    )
    assert list(ours) == list(theirs)
    for key in ours:
        assert_same(ours[key], theirs[key])


@pytest.mark.parametrize("spec", ["gelu", "softplus", "identity", "elu:alpha=2", "silu:beta=1.5"])
def test_what_the_notebook_has_no_class_for_is_an_error(spec, tmp_path):
    with pytest.raises(UsageError, match="the tutorial's notebook has no activation") as error:
        write(tmp_path, "x", Checkpoint(get(spec), mlp.init(SIZES, seed=0)))
    assert get(spec).spec in error.value.message
    assert "LeakyReLU" in error.value.hint
    assert not list(tmp_path.iterdir())


# Damage


@pytest.mark.parametrize("index", [0, 1])
def test_a_missing_file_is_named(tmp_path, index):
    written(tmp_path)
    path = paths(tmp_path, "leakyrelu")[index]
    path.unlink()
    with pytest.raises(CheckpointError, match=f"no file .*{path.name}") as error:
        read(tmp_path, "leakyrelu")
    assert error.value.hint
    assert error.value.exit_code == 3


@pytest.mark.parametrize(
    "config",
    [
        "", "{", "[]", "null", "3", '"x"', "{}", '{"act_fn": "ReLU"}', '{"act_fn": {"name": []}}',
        '{"act_fn": {"name": "GELU"}, "input_size": 12, "num_classes": 3, "hidden_sizes": [8, 5]}',
        '{"act_fn": {"name": "ReLU"}, "input_size": 12, "num_classes": 3, "hidden_sizes": 8}',
        '{"act_fn": {"name": "ReLU"}, "input_size": 12, "num_classes": 3}',
        '{"act_fn": {"name": "LeakyReLU", "alpha": "steep"}, "input_size": 12, "num_classes": 3,'
        ' "hidden_sizes": [8, 5]}',
        '{"act_fn": {"name": "LeakyReLU", "alpha": NaN}, "input_size": 12, "num_classes": 3,'
        ' "hidden_sizes": [8, 5]}',
    ],
)  # fmt: skip
def test_a_config_that_is_none_is_an_error_that_names_it(config, tmp_path):
    written(tmp_path)
    path = paths(tmp_path, "leakyrelu")[0]
    path.write_text(config)
    with pytest.raises(CheckpointError) as error:
        read(tmp_path, "leakyrelu")
    assert str(path) in error.value.message
    assert "--overwrite" not in error.value.hint
    assert "--pretrained" in error.value.hint


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((-1, [8, 5], 3), "input_size: expected a whole number 1 or more, found -1"),
        ((12, ["8", 5], 3), r"hidden_sizes\[0\]: expected a whole number"),
        ((10**13, [10**9], 3), r"should have shape .* by the config, found"),
    ],
)
def test_sizes_that_the_weights_have_not_are_an_error(sizes, said, tmp_path):
    written(tmp_path)
    path = paths(tmp_path, "leakyrelu")[0]
    keys = ("input_size", "hidden_sizes", "num_classes")
    path.write_text(json.dumps({"act_fn": {"name": "ReLU"}, **dict(zip(keys, sizes, strict=True))}))
    with pytest.raises(CheckpointError, match=said):
        read(tmp_path, "leakyrelu")


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda s: s | {"layers.0.weight": torch.ones(3, 3)}, r"should have shape \(8, 12\)"),
        (lambda s: s | {"layers.2.bias": torch.tensor(1.0)}, r"layers\.2\.bias should have shape"),
        (lambda s: s | {"layers.4.bias": [1.0, 2.0, 3.0]}, "found nothing"),
        (lambda s: {k: v for k, v in s.items() if "4.weight" not in k}, "found nothing"),
        (lambda s: s | {"layers.4.bias": torch.full((3,), torch.nan)}, "is not finite"),
        (lambda s: s | {"layers.4.bias": torch.full((3,), torch.inf)}, "is not finite"),
        (lambda s: s | {"layers.4.bias": torch.ones(3, dtype=torch.int64)}, "found torch.int64"),
        (lambda s: s | {"layers.6.bias": torch.ones(3)}, r"holds more .*: layers\.6\.bias"),
        (lambda s: s | {3: torch.ones(3)}, "holds more .*: 3"),
        (lambda s: list(s), "holds a list, expected a state dict"),
        (lambda s: torch.ones(3), "holds a Tensor, expected a state dict"),
    ],
)  # fmt: skip
def test_weights_of_another_network_are_an_error_that_names_the_file(
    damage, said, legacy, tmp_path
):
    written(tmp_path)
    save_state(tmp_path, damage(state_of(tmp_path)), legacy)
    with pytest.raises(CheckpointError, match=said) as error:
        read(tmp_path, "leakyrelu")
    assert str(paths(tmp_path, "leakyrelu")[1]) in error.value.message
    assert "--pretrained" in error.value.hint


ODD = {
    "float8": lambda shape: torch.ones(shape).to(torch.float8_e4m3fn),
    "nothing behind it": lambda shape: torch.empty(shape, device="meta"),
    "sparse": lambda shape: torch.ones(shape).to_sparse(),
    "nested": lambda shape: torch.nested.nested_tensor([torch.ones(shape[1])] * shape[0]),
    "complex": lambda shape: torch.ones(shape, dtype=torch.complex64),
    "too large for float32": lambda shape: torch.full(shape, 1e300, dtype=torch.float64),
    "one number for all": lambda shape: torch.ones(1, 1).expand(shape),
    "a number": lambda shape: 3.0,
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_tensors_that_are_no_plain_weights_are_an_error(odd, tmp_path):
    written(tmp_path)
    state = state_of(tmp_path) | {"layers.0.weight": ODD[odd]((8, 12))}
    save_state(tmp_path, state)
    with pytest.raises(CheckpointError, match=r"layers\.0\.weight|is damaged|refused") as error:
        read(tmp_path, "leakyrelu")
    assert "--pretrained" in error.value.hint
    assert error.value.message.isprintable()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><title>Not Found</title>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git-lfs"),
        (b"", "nothing in it"),
    ],
)
@pytest.mark.parametrize("index", [0, 1])
def test_what_stands_there_instead_of_a_file_is_called_by_its_name(content, said, index, tmp_path):
    written(tmp_path)
    paths(tmp_path, "leakyrelu")[index].write_bytes(content)
    with pytest.raises(CheckpointError, match=said) as error:
        read(tmp_path, "leakyrelu")
    assert "weights_only" not in error.value.message + error.value.hint


def test_an_archive_that_would_grow_is_not_unpacked(tmp_path):
    """torch compresses nothing."""
    written(tmp_path)
    path = paths(tmp_path, "leakyrelu")[1]
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
    with pytest.raises(CheckpointError, match="is compressed"):
        read(tmp_path, "leakyrelu")


def test_weights_or_a_config_of_another_network_of_that_name_are_told_apart(tmp_path):
    for folder, spec in (("one", "elu"), ("other", "relu")):
        write(tmp_path / folder, "elu", Checkpoint(get(spec), mlp.init(SIZES, seed=1)))
    config = paths(tmp_path / "one", "elu")[0]
    config.write_bytes(paths(tmp_path / "other", "elu")[0].read_bytes())
    with pytest.raises(CheckpointError, match="written with another config"):
        read(tmp_path / "one", "elu")


def test_a_network_that_diverged_is_read_as_it_was_written(tmp_path):
    params = mlp.init(SIZES, seed=1)
    params = (params[0]._replace(bias=torch.full((8,), torch.nan)), *params[1:])
    write(tmp_path, "relu", Checkpoint(get("relu"), params))
    assert read(tmp_path, "relu").params[0].bias.isnan().all()


@pytest.mark.parametrize("index", [0, 1])
def test_a_bit_flipped_in_an_authors_file_is_seen(index, checkpoints, tmp_path):
    """In torch's old format nothing else tells; in a config a slope of 0.1 becomes 0.5."""
    for path in paths(checkpoints, "leakyrelu"):
        shutil.copy(path, tmp_path)
    path = paths(tmp_path, "leakyrelu")[index]
    content = bytearray(path.read_bytes())
    place = content.index(b"0.1") + 2 if index == 0 else len(content) - 1001
    content[place] ^= 4 if index == 0 else 0x80
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="published") as error:
        read(tmp_path, "leakyrelu")
    assert path.name in error.value.message


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.filterwarnings("ignore")  # torch warns of what it finds in a garbled file
def test_files_cut_short_or_garbled_are_our_own_error(legacy, tmp_path):
    checkpoint = written(tmp_path)
    save_state(tmp_path, state_of(tmp_path), legacy)
    path = paths(tmp_path, "leakyrelu")[1]
    content, drawn, told = path.read_bytes(), random.Random(0), 0
    for attempt in range(250):
        garbled = bytearray(content)
        if attempt < 100:
            garbled = garbled[: attempt * len(content) // 100]
        else:
            for _ in range(drawn.choice([1, 3, 20])):
                garbled[drawn.randrange(len(content))] = drawn.randrange(256)
        path.write_bytes(garbled)
        try:
            # a flipped bit within a weight is a weight
            got = read(tmp_path, "leakyrelu").params
            assert mlp.sizes(got) == mlp.sizes(checkpoint.params)
        except CheckpointError as error:
            told += str(path) in error.message
    assert told > 150


# Nothing in a file is run


class Malicious:
    """Unpickled, it makes a file."""

    def __init__(self, call, *arguments) -> None:
        self.reduced = (call, arguments)

    def __reduce__(self):
        return self.reduced


def bare(payload, path) -> None:
    path.write_bytes(pickle.dumps(payload))


def zipped(payload, path) -> None:
    torch.save(payload, path)


def legacy(payload, path) -> None:
    torch.save(payload, path, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize("form", [zipped, legacy, bare])
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("call", [os.system, exec, os.mkdir])
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_pickle_that_would_run_code_is_refused_and_runs_nothing(form, deep, call, tmp_path):
    written(tmp_path)
    marker = tmp_path / "marker"
    text = {
        os.system: f"touch '{marker}'",
        exec: f"open({str(marker)!r}, 'w').close()",
        os.mkdir: str(marker),
    }[call]
    payload = Malicious(call, text)
    if deep:
        payload = {**state_of(tmp_path), "layers.0.weight": payload}
    path = paths(tmp_path, "leakyrelu")[1]
    form(payload, path)
    with pytest.raises(CheckpointError, match=r"was refused: .* wants to run code") as error:
        read(tmp_path, "leakyrelu")
    assert str(path) in error.value.message
    assert error.value.exit_code == 3
    assert not marker.exists()
    # and the file is what it says it is
    pickle.loads(path.read_bytes()) if form is bare else torch.load(path, weights_only=False)
    assert marker.exists()


def test_reading_needs_no_gpu(checkpoints, tmp_path):
    """The author's files name a CUDA device."""
    for path in paths(checkpoints, "relu"):
        shutil.copy(path, tmp_path)
    assert b"cuda:0" in paths(tmp_path, "relu")[1].read_bytes()
    assert read(tmp_path, "relu").params[0].weight.device.type == "cpu"


def test_a_learnt_parameter_comes_out_as_a_plain_tensor(tmp_path):
    written(tmp_path)
    state = {key: torch.nn.Parameter(value.double()) for key, value in state_of(tmp_path).items()}
    buffer = io.BytesIO()
    torch.save(state, buffer)
    paths(tmp_path, "leakyrelu")[1].write_bytes(buffer.getvalue())
    for layer in tutorial_checkpoint.read(tmp_path, "leakyrelu").params:
        for leaf in layer:
            assert type(leaf) is torch.Tensor
            assert leaf.dtype == torch.float32
            assert not leaf.requires_grad
