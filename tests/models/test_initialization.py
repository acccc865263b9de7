from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from argus_eval.models.initialization import quick_initialization


def llama(seed: int, dtype: torch.dtype = torch.float32) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=512,
        hidden_size=256,
        intermediate_size=512,
        num_hidden_layers=2,
        num_attention_heads=4,
        attention_bias=True,
    )
    with quick_initialization(seed):
        return LlamaForCausalLM._from_config(config, dtype=dtype)


def test_the_same_seed_gives_the_same_weights() -> None:
    one, same, other = (list(llama(seed).parameters()) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_moments_are_those_of_the_real_initialisation() -> None:
    model = llama(0)
    for layer in model.model.layers:
        weight = layer.mlp.up_proj.weight
        assert weight.std().item() == pytest.approx(0.02, rel=0.05)
        assert abs(weight.mean().item()) < 1e-3
        assert layer.self_attn.q_proj.bias.abs().max() == 0
        assert torch.equal(layer.input_layernorm.weight, torch.ones(256))


def test_layers_and_rows_differ() -> None:
    first, second = (layer.mlp.up_proj.weight for layer in llama(0).model.layers)
    assert not torch.equal(first, second)
    assert len({tuple(row.tolist()) for row in first}) == first.shape[0]


def test_weights_are_finite_in_bfloat16() -> None:
    model = llama(0, torch.bfloat16)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())
    assert torch.isfinite(model(torch.tensor([[1, 2, 3]])).logits).all()


@pytest.mark.parametrize(
    ("initialise", "std"),
    [
        (lambda t: nn.init.uniform_(t, -3, 3), 3**0.5),
        (nn.init.xavier_uniform_, (2 / (200 + 300)) ** 0.5),
        (nn.init.xavier_normal_, (2 / (200 + 300)) ** 0.5),
        (lambda t: nn.init.kaiming_uniform_(t, a=5**0.5), (1 / (3 * 300)) ** 0.5),
        (lambda t: nn.init.trunc_normal_(t, std=0.3), 0.3),
    ],
)
def test_each_initialiser_has_its_own_spread(initialise: object, std: float) -> None:
    tensor = torch.empty(200, 300)
    with quick_initialization(0):
        initialise(tensor)  # type: ignore[operator]
    assert tensor.std().item() == pytest.approx(std, rel=0.05)


def test_torch_gets_its_functions_and_generator_back() -> None:
    before, state = nn.init.normal_, torch.get_rng_state()
    with quick_initialization(0):
        assert nn.init.normal_ is not before
        torch.rand(5)
    assert nn.init.normal_ is before
    assert torch.equal(torch.get_rng_state(), state)


def test_tensors_longer_than_the_pool_and_strided_ones() -> None:
    long = torch.empty(5_000_000)
    strided = torch.zeros(100, 100)
    with quick_initialization(0):
        nn.init.normal_(long)
        nn.init.normal_(strided.t()[::2])
    assert long.std().item() == pytest.approx(1, rel=0.01)
    assert strided[:, 1::2].abs().max() == 0
    assert strided[:, ::2].std().item() == pytest.approx(1, rel=0.1)
