from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("clause", "said"),
    [
        pytest.param("PP-4c", "1 passed", id="a clause"),
        pytest.param("PP-99", "No clause of trust/clauses.toml has the id PP-99.", id="no clause"),
    ],
)
def test_a_test_bears_only_what_is_a_clause(
    clause: str, said: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(f"import pytest\n@pytest.mark.policy({clause!r})\ndef test_one(): assert True\n")
    pytester.makeini("[pytest]\nmarkers = policy(ids)\n")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    run = pytester.runpytest_subprocess("-p", "dev.policy.plugin", "-k", "one")
    assert said in run.stdout.str() + run.stderr.str()
