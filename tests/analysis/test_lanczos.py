"""Lanczos and random traces on matrices whose eigenvalues are known."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import vmap

from actfunc.analysis.lanczos import (
    gaussian,
    lanczos,
    largest,
    signs,
    smallest,
    spectrum,
)
from actfunc.errors import UsageError
from tests.reference import hutchinson

pytestmark = pytest.mark.usefixtures("one_thread")


def with_eigenvalues(values: torch.Tensor, seed: int = 0) -> torch.Tensor:
    turn = torch.linalg.qr(gaussian(torch.zeros(len(values), len(values)).double(), seed)).Q
    return turn @ torch.diag(values) @ turn.mT


@settings(deadline=None, max_examples=50)
@given(values=st.lists(st.floats(-100, 100), min_size=1, max_size=20), seed=st.integers(0, 99))
def test_all_steps_find_all_eigenvalues_however_often_they_repeat(values, seed):
    wanted = torch.tensor(values, dtype=torch.float64).round(decimals=1)
    a = with_eigenvalues(wanted, seed)
    n, scale = len(wanted), float(wanted.abs().max())
    found = lanczos(a.mv, gaussian(wanted, seed), n)
    descending = wanted.sort(descending=True).values
    assert (largest(found, n).values - descending).abs().max() <= 1e-10 * scale
    assert (smallest(found, n).values - descending.flip(0)).abs().max() <= 1e-10 * scale
    gram = found.basis @ found.basis.mT
    assert (gram - torch.eye(n).double()).abs().max() < 1e-12


def test_residuals_are_those_of_the_vectors_and_bound_the_error():
    wanted = torch.linspace(-1, 3, 200, dtype=torch.float64) ** 3
    a = with_eigenvalues(wanted)
    for steps in (5, 12, 30, 60):
        found = lanczos(a.mv, gaussian(wanted, 1), steps)
        ritz = largest(found, 5)
        projected = found.basis @ a @ found.basis.mT
        vectors = torch.linalg.eigh(projected).eigenvectors.flip(1)[:, :5].mT @ found.basis
        honest = (vectors @ a - ritz.values[:, None] * vectors).norm(dim=1)
        torch.testing.assert_close(ritz.residuals, honest, rtol=1e-6, atol=1e-11)
        nearest = (ritz.values[:, None] - wanted).abs().min(dim=1).values
        assert (nearest <= ritz.residuals + 1e-12).all()


def test_converged_eigenvalues_do_not_come_again_as_ghosts():
    wanted = torch.cat([torch.linspace(0, 1, 195), torch.tensor([10.0, 20, 30, 40, 1e4])])
    a = with_eigenvalues(wanted.double()).float()
    ritz = largest(lanczos(a.mv, gaussian(wanted, 0), 80), 5)
    torch.testing.assert_close(ritz.values, wanted.flip(0)[:5], rtol=1e-5, atol=5e-3)


def test_the_spectrum_sums_to_one_and_has_the_traces_of_powers():
    wanted = torch.linspace(-1, 2, 2000, dtype=torch.float64)
    found = spectrum(lanczos(wanted.mul, gaussian(wanted, 4), 30))
    torch.testing.assert_close(found.weights.sum(), torch.tensor(1.0).double())
    assert (found.nodes.diff() > 0).all()
    for power in (1, 2, 3):
        got = (found.weights * found.nodes**power).sum()
        torch.testing.assert_close(got, (wanted**power).mean(), rtol=0, atol=0.1)


def test_the_error_of_a_trace_is_the_one_that_is_told():
    a = with_eigenvalues(torch.linspace(-1, 2, 30, dtype=torch.float64))
    off = [
        float((found.value - a.trace()) / found.standard_error)
        for found in (hutchinson(a.mv, a[0], 40, seed) for seed in range(200))
    ]
    assert 0.8 < float(torch.tensor(off).std()) < 1.25
    assert abs(float(torch.tensor(off).mean())) < 4 / 200**0.5
    # a probe of signs reads a diagonal matrix exactly
    exact = hutchinson(a[0].mul, a[0], 3, seed=0)
    torch.testing.assert_close(exact.value, a[0].sum())
    assert float(exact.standard_error) < 1e-12
    assert hutchinson(a.mv, a[0], 1, seed=0).standard_error.isnan()


def test_a_seed_draws_the_same_in_every_dtype():
    wide, narrow = torch.zeros(50).double(), torch.zeros(50)
    torch.testing.assert_close(gaussian(wide, 1).float(), gaussian(narrow, 1))
    here, there = (signs(like, torch.Generator().manual_seed(1)) for like in (wide, narrow))
    assert torch.equal(here.float(), there)
    assert there.abs().eq(1).all()


def test_matrices_are_mapped_over_though_one_ends_early():
    full = with_eigenvalues(torch.arange(1.0, 9.0).double())
    stacked = torch.stack([full, torch.ones(8, 8).double(), torch.zeros(8, 8).double()])

    start = gaussian(full[0], 0)

    def top(a: torch.Tensor) -> torch.Tensor:
        return largest(lanczos(a.mv, start, 8), 8).values

    for got, a in zip(vmap(top)(stacked), stacked, strict=True):
        torch.testing.assert_close(got, top(a), rtol=0, atol=1e-10)
        torch.testing.assert_close(got.flip(0), torch.linalg.eigvalsh(a), rtol=0, atol=1e-10)


def test_a_matrix_of_zeros_has_eigenvalues_of_zero_and_nothing_is_divided_by_it():
    for steps in (1, 3, 5):
        found = lanczos(torch.zeros_like, torch.arange(1.0, 6.0), steps)
        for ritz in (largest(found, steps), smallest(found, steps)):
            assert torch.equal(ritz.values, torch.zeros(steps))
            assert torch.equal(ritz.residuals, torch.zeros(steps))
        torch.testing.assert_close(spectrum(found).weights.sum(), torch.tensor(1.0))


def test_what_is_not_finite_is_told_as_nan_after_as_many_steps():
    for lost in (torch.nan, torch.inf):
        calls = []
        a = torch.eye(6) * 2
        a[2, 3] = a[3, 2] = lost

        def product(vector, a=a, calls=calls):
            calls.append(vector)
            return a @ vector

        found = lanczos(product, torch.ones(6), 4)
        assert len(calls) == 4
        for ritz in (largest(found, 3), smallest(found, 3)):
            assert ritz.values.isnan().all()
            assert ritz.residuals.isnan().all()
        assert spectrum(found).nodes.isnan().all()


def test_the_number_of_steps_and_of_eigenvalues_is_checked():
    start = torch.ones(3)
    found = lanczos(start.mul, start, 2)
    for steps in (0, 4):
        with pytest.raises(UsageError, match="from 1 to the vector's length 3"):
            lanczos(start.mul, start, steps)
    for k in (0, 3):
        with pytest.raises(UsageError, match="from 1 to the number of steps 2"):
            largest(found, k)


def test_long_float32_vectors_keep_their_digits():
    """A norm added up in float32 would be wrong in the fifth digit, and so would every value."""
    u = gaussian(torch.zeros(600_000).double(), 1)
    u = 50**0.5 * u / u.norm()

    def product(v: torch.Tensor) -> torch.Tensor:
        return (u * (u @ v.double())).to(v.dtype)

    ritz = largest(lanczos(product, gaussian(u.float(), 0), 4))
    torch.testing.assert_close(ritz.values, torch.tensor([50.0]), rtol=3e-6, atol=0)
