"""What two versions make of judged hits and of everything else, on vectors made by hand."""

import numpy as np
import pytest

from core.flag_effect import (
    Asked,
    Collateral,
    collateral,
    drift,
    judged_changes,
    ranked,
    recall_change,
    summary,
)

IDS = [f"g{n}" for n in range(40)]


def circle(*degrees: float) -> np.ndarray:
    """Unit rows in the plane."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


VECTORS = circle(*range(40))  # g0 at 0 degrees, g1 at 1 degree, ...
QUERY = Asked("but red", "g0", frozenset({"g0"}))


def test_ranks_and_scores_of_judged_hits_before_and_after() -> None:
    judged = [[("g3", "negative", 3), ("g25", "positive", 25), ("g30", "negative", 30)]]
    changes = judged_changes([QUERY], judged, circle(0), circle(25.2), VECTORS, IDS)
    assert [(c.hit, c.old_rank, c.new_rank, c.left) for c in changes] == [
        ("g3", 3, 37, True),  # g0 is hidden, so g1 is first
        ("g25", 25, 1, False),
        ("g30", 30, 10, False),
    ]
    assert changes[0].old_score == pytest.approx(np.cos(np.radians(3)))
    assert changes[0].new_score == pytest.approx(np.cos(np.radians(22.2)))
    told = summary(changes)
    assert (told["flagged"], told["in_ten_before"], told["in_ten_after"], told["left"]) == (2, 1, 1, 100.0)
    assert told["right"]["mean_rank_before"] == 25 and told["right"]["mean_rank_after"] == 1


def test_equal_scores_rank_in_the_order_of_the_index() -> None:
    same = np.repeat(circle(0), 5, axis=0)
    changes = judged_changes([Asked("x")], [[("g3", "negative", 4)]], circle(0), circle(9), same, IDS[:5])
    assert changes[0].old_rank == changes[0].new_rank == 4


def test_without_flags_in_the_first_ten_no_share_is_told() -> None:
    changes = judged_changes([QUERY], [[("g30", "negative", 30)]], circle(0), circle(0), VECTORS, IDS)
    assert summary(changes)["left"] is None and summary([])["flagged"] == 0


def test_recall_and_collateral_of_unjudged_queries() -> None:
    asked = [Asked("a", "g0", frozenset({"g0"})), Asked("b", "g39", frozenset({"g39"}))]
    old, new = circle(0, 39), circle(5.2, 39)
    old_ranks, old_ten = ranked(asked, old, VECTORS, IDS, ["g12", "g38"])
    new_ranks, new_ten = ranked(asked, new, VECTORS, IDS, ["g12", "g38"])
    assert old_ranks.tolist() == [12, 1] and new_ranks.tolist() == [12, 1]
    assert old_ten[0] == [f"g{n}" for n in range(1, 11)]
    found = collateral(old, new, old_ten, new_ten)
    # the first query keeps g1 to g10 as a set, in another order; the second keeps all
    assert found.queries == 2 and found.changed == 0 and found.overlap == 100 and found.top_hit == 50
    assert found.cosine == pytest.approx((1 + np.cos(np.radians(5.2))) / 2)
    change = recall_change(np.array([12, 1]), np.array([5, 1]), ["x", "x"])["R@10"]
    assert (change.before, change.after, change.difference) == (50, 100, 50)


def test_drift_is_warned_of_where_little_was_judged_and_much_moved() -> None:
    calm, moved = (Collateral(100, 50.0, overlap, 90.0, 0.99) for overlap in (90.0, 40.0))
    assert drift(10, calm) == ""
    assert "10 judged hits moved much" in drift(10, moved)
    assert drift(1000, moved) == ""
