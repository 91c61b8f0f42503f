"""How a report looks: its colours, light and dark, and its style sheet."""

LIGHT = {
    "paper": "#fbfaf7",
    "card": "#ffffff",
    "ink": "#22211e",
    "soft": "#5d5a53",
    "link": "#1f6353",
    "mark": "#2f6f5e",
    "interval": "#639283",
    "line": "#dcd8cf",
}
DARK = {
    "paper": "#191a19",
    "card": "#222422",
    "ink": "#eceae4",
    "soft": "#b3b0a7",
    "link": "#7cc7b0",
    "mark": "#8fd6c0",
    "interval": "#4f8f7d",
    "line": "#3b3c39",
}
"""Text is ink, soft or link on paper or card; mark and interval are drawn on either."""


def _variables(colours: dict[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


STYLE = (
    f"""
:root {{ color-scheme: light dark; {_variables(LIGHT)} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} }} }}
"""
    + """
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 58rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .6rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .3rem; padding-top: 1.2rem; border-top: 1px solid var(--line); }
p { max-width: 44rem; margin: .2rem 0 .5rem; color: var(--soft); overflow-wrap: anywhere; }
header p:first-of-type { color: var(--ink); font-size: 1.05rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: 1rem 0 0; padding: 0; list-style: none;
  font-size: .92rem; }
a, summary { color: var(--link); } summary { cursor: pointer; }
a:focus-visible, summary:focus-visible, .wide:focus-visible { outline: 2px solid var(--link); }
.wide { overflow-x: auto; margin: .9rem 0 1.3rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding: .2rem 0; }
th, td { padding: .3rem 0 .3rem .8rem; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: top; }
th:first-child { padding-left: 0; text-align: left; } th { font-weight: 400; }
thead th { color: var(--soft); vertical-align: bottom; }
tbody th { overflow-wrap: anywhere; min-width: 6.5rem; }
.facts tbody th { width: 14rem; color: var(--soft); } .facts td, .facts th { text-align: left; }
.facts td { overflow-wrap: anywhere; }
.measure { white-space: nowrap; }
td b { font-weight: 600; } td small { color: var(--soft); font-size: .82em; }
td svg { display: block; width: 100%; min-width: 4rem; height: .6rem; margin-top: .1rem; }
svg line { vector-effect: non-scaling-stroke; stroke: var(--line); }
svg .interval { stroke: var(--interval); stroke-width: 5; }
svg .mark { stroke: var(--mark); stroke-width: 3; }
.queries { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: .7rem;
  margin: .9rem 0; }
article { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .9rem;
  min-width: 0; }
article h3 { font-size: .95rem; line-height: 1.35; margin: 0; font-weight: 600; overflow-wrap: anywhere; }
article dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 .8rem; margin: .3rem 0 0;
  font-size: .84rem; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.pictures { display: flex; gap: .6rem; flex-wrap: wrap; margin-top: .5rem; }
figure { margin: 0; } figure img { height: 7rem; border-radius: .3rem; display: block; }
figcaption { font-size: .82rem; color: var(--soft); }
@media (max-width: 40rem) { th, td { padding-left: .35rem; } .measure { white-space: normal; }
  td small { display: block; }
  table { font-size: .82rem; } tbody th { min-width: 4.5rem; } .facts tbody th { width: 8rem; }
  td svg { min-width: 3rem; } }
"""
)
