"""The language of Wardrobe: captions of drawn garments and wishes about them, from their exact attributes."""

from train.language.descriptions import caption
from train.language.wishes import MANNER, PLAIN, Manner, Wish, differences, make_wish, word_wish

__all__ = ["MANNER", "PLAIN", "Manner", "Wish", "caption", "differences", "make_wish", "word_wish"]
