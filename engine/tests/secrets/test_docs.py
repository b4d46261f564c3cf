"""What docs/rules.md says of a file of rules is what the reader takes."""

import re
from pathlib import Path

from vallum_engine.secrets import rulefile as format_of
from vallum_engine.secrets import samples
from vallum_engine.secrets.rulefile import read

TEXT = (Path(__file__).parents[3] / "docs/rules.md").read_text()


def test_the_example_is_a_file_of_rules():
    example, asking = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    [(rule, found)] = read(example + asking, "docs/rules.md")
    assert rule.verify.only == "shopkey-.+"
    assert rule.id == "shop-deploy-key"
    assert re.search(rule.pattern.decode(), samples.fill(found.leaks[0]))


def test_every_key_and_every_hole_is_named():
    assert [key for key in sorted(format_of._KEYS) if f"`{key}`" not in TEXT and f"\n{key} =" not in TEXT] == []
    assert [hole for hole in (*samples._ALPHABETS, *samples._MADE) if f"`{hole}`" not in TEXT] == []
