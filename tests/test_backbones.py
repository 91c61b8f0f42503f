"""The contract every backbone keeps, whatever is behind it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.backbones import load_backbone
from core.backbones.base import Backbone
from core.backbones.mllm import add_adapters
from core.backbones.saving import save_backbone
from core.errors import HemlineError
from tests.tiny_backbones import KINDS, drawn, tiny

TEXTS: list[str | None] = [
    "is red",
    None,
    "has long sleeves and a floral print, much darker",
    "  ",
    "shorter",
]


@pytest.fixture(params=list(KINDS))
def backbone(request: pytest.FixtureRequest) -> Backbone:
    made = tiny(request.param)
    if made.spec.kind == "mllm":
        add_adapters(made, rank=4)
    return made


def looks() -> list:
    pictures = drawn(5)
    return [pictures[0], pictures[1], None, pictures[3], pictures[4]]


def train_a_little(backbone: Backbone, parts: tuple[str, ...]) -> None:
    """Two steps that pull queries to targets, on the named parts only."""
    optimizer = torch.optim.SGD(backbone.train_only(parts), 0.5)
    features = torch.from_numpy(backbone.encode_pictures(drawn(4)))
    backbone.train()
    for _ in range(2):
        queries = backbone.query_vectors(features, None, ["is red"] * 4)
        optimizer.zero_grad()
        (
            -queries[:, 0].sum() + queries[:, 1].sum() + (queries @ backbone.target_vectors(features).T).sum()
        ).backward()
        optimizer.step()
    backbone.eval()


def test_vectors_are_unit_rows_that_differ(backbone: Backbone) -> None:
    queries = backbone.embed_queries(looks(), TEXTS)
    targets = backbone.embed_targets(drawn(3))
    for vectors, rows in ((queries, 5), (targets, 3)):
        assert vectors.shape == (rows, backbone.spec.dim) and vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        assert np.abs(vectors[:, None] - vectors[None]).max(axis=2)[~np.eye(rows, dtype=bool)].min() > 1e-6


def test_a_vector_is_the_same_alone_and_in_a_batch_and_on_either_padding_side(backbone: Backbone) -> None:
    together = backbone.embed_queries(looks(), TEXTS)
    alone = [backbone.embed_queries([look], [text]) for look, text in zip(looks(), TEXTS, strict=True)]
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-5)
    backbone.spec = replace(backbone.spec, padding="left")
    np.testing.assert_allclose(together, backbone.embed_queries(looks(), TEXTS), atol=1e-5)


def test_both_sides_of_a_query_count(backbone: Backbone) -> None:
    picture, other = drawn(2)
    both = backbone.embed_queries([picture], ["is red"])
    for changed in (
        ([other], ["is red"]),
        ([picture], ["is blue"]),
        ([picture], [None]),
        ([None], ["is red"]),
    ):
        assert np.abs(both - backbone.embed_queries(*changed)).max() > 1e-6


def test_blank_text_is_no_text_and_neither_is_refused(backbone: Backbone) -> None:
    picture = drawn(1)
    assert np.array_equal(backbone.embed_queries(picture, ["  "]), backbone.embed_queries(picture, [None]))
    with pytest.raises(HemlineError, match="query 1 has neither a picture nor a text"):
        backbone.embed_queries([picture[0], None], ["red", " "])


def test_features_stand_for_their_pictures(backbone: Backbone) -> None:
    pictures = drawn(3)
    features = backbone.encode_pictures(pictures)
    assert features.dtype == np.float16 and features.shape == (3, *backbone.feature_shape())
    assert np.array_equal(backbone.embed_targets(pictures), backbone.embed_targets(list(features)))
    mixed = [pictures[0], features[1], pictures[2]]
    assert np.array_equal(
        backbone.embed_queries(pictures, ["red"] * 3), backbone.embed_queries(mixed, ["red"] * 3)
    )
    with pytest.raises(HemlineError, match=r"features of shape \(3, 3\) are not of this model"):
        backbone.embed_targets([np.zeros((3, 3), np.float16)])


def test_gradient_reaches_the_chosen_parts_and_no_others(backbone: Backbone) -> None:
    features = torch.from_numpy(backbone.encode_pictures(drawn(3)))
    for name, parameters in backbone.parts().items():
        backbone.train_only([name])
        backbone.zero_grad(set_to_none=True)
        if not parameters:
            continue
        queries = backbone.query_vectors(features, None, ["is red", None, "shorter"])
        (queries.sum() + backbone.target_vectors(features)[:, 0].sum()).backward()
        chosen = {id(parameter) for parameter in parameters}
        reached = {id(p) for p in backbone.parameters() if p.grad is not None}
        assert reached and reached <= chosen, name
    with pytest.raises(HemlineError, match="no part named nose; this model has"):
        backbone.train_only(["nose"])


def test_training_the_query_side_leaves_targets_bit_equal(backbone: Backbone) -> None:
    pictures = drawn(4)
    targets, queries = backbone.embed_targets(pictures), backbone.embed_queries(pictures, ["is red"] * 4)
    fingerprint = backbone.target_fingerprint()
    train_a_little(backbone, backbone.query_parts)
    assert np.array_equal(targets, backbone.embed_targets(pictures))
    assert np.abs(queries - backbone.embed_queries(pictures, ["is red"] * 4)).max() > 1e-4
    assert backbone.target_fingerprint() == fingerprint


def test_training_the_target_side_changes_its_fingerprint(backbone: Backbone) -> None:
    fingerprint, tower = backbone.target_fingerprint(), backbone.tower_fingerprint()
    train_a_little(backbone, ("target",) if backbone.spec.kind == "mllm" else ("picture",))
    assert backbone.target_fingerprint() != fingerprint
    assert backbone.tower_fingerprint() == tower


def test_saved_and_loaded_it_is_bit_equal(backbone: Backbone, tmp_path: Path) -> None:
    train_a_little(backbone, tuple(backbone.parts()))
    queries, targets = backbone.embed_queries(looks(), TEXTS), backbone.embed_targets(drawn(3))
    save_backbone(backbone, tmp_path / "run")
    loaded = load_backbone(tmp_path / "run")
    assert np.array_equal(queries, loaded.embed_queries(looks(), TEXTS))
    assert np.array_equal(targets, loaded.embed_targets(drawn(3)))
    assert loaded.spec == backbone.spec and loaded.parts().keys() == backbone.parts().keys()
    assert loaded.target_fingerprint() == backbone.target_fingerprint()
    assert loaded.tower_fingerprint() == backbone.tower_fingerprint()
    save_backbone(loaded, tmp_path / "run")
    assert loaded.spec == backbone.spec, "saving what was loaded must write the same bytes"
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".safetensors"}
    assert not [path for path in files if str(tmp_path).encode() in path.read_bytes()]


def test_an_over_long_text_is_refused(backbone: Backbone) -> None:
    with pytest.raises(HemlineError, match=r"this model reads at most \d+: shorten it"):
        backbone.embed_queries(drawn(1), ["long sleeves " * 90])


def test_rows_that_do_not_go_together_are_refused(backbone: Backbone) -> None:
    with pytest.raises(HemlineError, match="2 pictures and 1 texts"):
        backbone.embed_queries(drawn(2), ["red"])
    features = torch.from_numpy(backbone.encode_pictures(drawn(2)))
    with pytest.raises(HemlineError, match="2 rows of features, 3 flags and 3 texts"):
        backbone.query_vectors(features, None, ["red"] * 3)
    with pytest.raises(HemlineError, match="no features are given"):
        backbone.query_vectors(None, [True], ["red"])


def test_nothing_in_gives_nothing_out(backbone: Backbone) -> None:
    assert backbone.embed_queries([], []).shape == (0, backbone.spec.dim)
    assert backbone.embed_targets([]).shape == (0, backbone.spec.dim)
    assert backbone.encode_pictures([]).shape == (0, *backbone.feature_shape())


def test_embedding_leaves_the_training_mode_as_it_was(backbone: Backbone) -> None:
    backbone.train()
    backbone.embed_queries(drawn(1), ["red"])
    assert backbone.training


def test_threads_may_embed_both_sides_at_once(backbone: Backbone) -> None:
    if "target" in backbone.parts():
        train_a_little(backbone, ("query", "target"))
    features = list(backbone.encode_pictures(drawn(2)))
    queries, targets = backbone.embed_queries(features, ["red", None]), backbone.embed_targets(features)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(backbone.embed_queries, features, ["red", None]) for _ in range(8)]
        embedded = [threads.submit(backbone.embed_targets, features) for _ in range(8)]
    assert all(np.array_equal(future.result(), queries) for future in asked)
    assert all(np.array_equal(future.result(), targets) for future in embedded)
