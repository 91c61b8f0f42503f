"""Colours and type for Gradio's own widgets; demo/static/page.css has the same palette for ours."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio.themes import Base


def calm_theme() -> "Base":
    """Paper and ink with one green; the font comes with Gradio, so nothing is fetched."""
    import gradio as gr
    from gradio.themes.utils.fonts import LocalFont

    return gr.themes.Base(
        primary_hue=gr.themes.colors.emerald,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_md,
        font=[LocalFont("Source Sans Pro", (400, 700)), "ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(
        body_background_fill="#faf8f4",
        body_background_fill_dark="#161513",
        body_text_color="#24211c",
        body_text_color_dark="#ece8e0",
        body_text_color_subdued="#6b6458",  # Gradio's own grey is too light to read on paper
        body_text_color_subdued_dark="#a89f90",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1f1d1a",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        block_padding="0px",
        input_background_fill="#ffffff",
        input_background_fill_dark="#1f1d1a",
        input_border_color="#ddd6ca",
        input_border_color_dark="#3a362f",
        button_primary_background_fill="#1f5a48",
        button_primary_background_fill_hover="#17473a",
        button_primary_background_fill_dark="#7fc4a8",
        button_primary_background_fill_hover_dark="#98d3ba",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#10231c",
        slider_color="#1f5a48",
        slider_color_dark="#7fc4a8",
        button_primary_border_color="transparent",
        button_primary_border_color_dark="transparent",
    )
