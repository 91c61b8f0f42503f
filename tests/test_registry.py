"""The table of released models, and what `--init` does with a name."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from core.backbones import load_backbone
from core.backbones.build import initial, main
from core.backbones.registry import MODELS, entry_of, markdown
from core.errors import HemlineError
from tests.tiny_backbones import drawn
from tests.tiny_released import RELEASED, hub_folder, released

ROOT = Path(__file__).parents[1]


def test_the_document_has_the_table_as_it_is() -> None:
    assert markdown() in (ROOT / "docs" / "backbones.md").read_text(encoding="utf-8")
    assert len({model.name for model in MODELS}) == len(MODELS)


def test_every_model_that_can_be_loaded_has_its_classes_in_the_contract() -> None:
    for model in MODELS:
        if model.refused:
            continue
        name = {"blip-2": "blip2"}.get(model.family, model.family)
        folder = hub_folder(name)
        config = json.loads((folder / "config.json").read_text())
        eye = json.loads((folder / "preprocessor_config.json").read_text())
        words = json.loads((folder / "tokenizer_config.json").read_text())
        seen = (config["architectures"][0], eye["image_processor_type"], words["tokenizer_class"])
        assert [a.removesuffix("Pil") for a in seen] == [a.removesuffix("Pil") for a in model.tested]
        assert model.framing == released(name).spec.framing


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gpt-9", "no backbone is named gpt-9; the names are llava"),
        ("marqo-fashion-clip", "cannot be loaded: it is published for open_clip"),
        ("minigpt4-7b", "convert_minigpt4"),
        ("smolvlm2-256m", "is not in the local cache and the hub cannot be reached"),
    ],
)
def test_a_name_that_gives_no_model_is_one_sentence(name: str, says: str) -> None:
    with pytest.raises(HemlineError, match=says):
        initial(name)


def test_a_folder_becomes_a_model_by_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = ["build", "--init", str(hub_folder("smolvlm")), "--out", str(tmp_path / "run")]
    monkeypatch.setattr(sys, "argv", line)
    main()
    vectors = load_backbone(tmp_path / "run").embed_targets(drawn(2))
    assert np.array_equal(vectors, released("smolvlm").embed_targets(drawn(2)))
    monkeypatch.setattr(sys, "argv", ["build", "--out", str(tmp_path / "two")])
    with pytest.raises(HemlineError, match="give either --data"):
        main()


def test_code_in_a_folder_is_never_run(tmp_path: Path) -> None:
    config = {"model_type": "marqo", "auto_map": {"AutoModel": "code.Model"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "code.py").write_text("raise SystemExit('it ran')")
    with pytest.raises(HemlineError, match="needs code of its own, which is never run"):
        initial(str(tmp_path))
    assert entry_of("google/siglip2-base-patch16-224").family == "siglip" and "siglip" in RELEASED
