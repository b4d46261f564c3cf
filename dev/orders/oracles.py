"""The ecosystems' own programs, asked in batches: which of two versions is the later one.

None of them is needed to run or to test: tests fall back on the tables in `engine/tests/sca/orders`, which hold what these
answered. All are packages of Debian but apk, which Alpine has, and the last two, which come with the development tools.
The table of apk is not apk's own answer yet: its first line says whose.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

Pair = tuple[str, str]
Answer = int | None
"""-1, 0 or 1 as the first is earlier, equal or later; None where the program refuses one of the two."""

_RUBY = r"""
STDIN.each_line(chomp: true) { |line|
  a, b = line.split("\t", -1)
  ok = Gem::Version.correct?(a) && Gem::Version.correct?(b)
  puts(ok ? (Gem::Version.new(a) <=> Gem::Version.new(b)) : "x")
}
"""
_PHP = r"""
spl_autoload_register(function ($name) { require "/usr/share/php/" . strtr($name, "\\", "/") . ".php"; });
$parser = new Composer\Semver\VersionParser();
while (($line = fgets(STDIN)) !== false) {
  [$a, $b] = explode("\t", rtrim($line, "\n"));
  try { $a = $parser->normalize($a); $b = $parser->normalize($b); } catch (UnexpectedValueException $e) { echo "x\n"; continue; }
  if (Composer\Semver\Comparator::lessThan($a, $b)) echo "-1\n";
  else echo Composer\Semver\Comparator::equalTo($a, $b) ? "0\n" : "1\n";
}
"""
_JAVA = r"""
import java.io.*;
import org.apache.maven.artifact.versioning.ComparableVersion;
class Order {
  public static void main(String[] given) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = in.readLine()) != null; ) {
      String[] pair = line.split("\t", -1);
      System.out.println(Integer.signum(new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]))));
    }
  }
}
"""
_NODE = r"""
const semver = require(process.argv[1]), loose = { loose: true };
for (const line of require("fs").readFileSync(0, "utf8").split("\n").slice(0, -1)) {
  const [a, b] = line.split("\t");
  console.log(semver.valid(a, loose) && semver.valid(b, loose) ? semver.compare(a, b, loose) : "x");
}
"""
_ELIXIR = r"""
for line <- IO.stream(:stdio, :line) do
  [a, b] = line |> String.trim_trailing("\n") |> String.split("\t")
  IO.puts(case {Version.parse(a), Version.parse(b)} do
    {{:ok, a}, {:ok, b}} -> Map.get(%{lt: -1, eq: 0, gt: 1}, Version.compare(a, b))
    _ -> "x"
  end)
end
"""
_LUA = r"""%{lua:
for line in io.lines("FILE") do
  local a, b = line:match("^(.-)\t(.*)$")
  local fine, answer = pcall(rpm.vercmp, a, b)
  print((fine and answer or "x") .. "\n")
end}"""
_MAVEN = Path("/usr/share/maven/lib/maven-artifact-3.x.jar")
_COMPOSER = Path("/usr/share/php/Composer/Semver/Comparator.php")
_SEMVER = tuple(
    Path(folder) / "node_modules/npm/node_modules/semver"
    for folder in ("/usr/lib", "/usr/local/lib", "/usr/share/nodejs", "/usr/share")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    name: str
    ecosystem: str
    """One whose order it is."""
    ready: Callable[[], bool]
    compare: Callable[[Sequence[Pair]], list[Answer]]
    version: Sequence[str]
    """A command that says which version of the program answers."""
    last_line: bool = False
    """Whether the command's last line says it, not its first."""
    slow: bool = False
    """Whether it is begun anew for each question."""


def _lines(pairs: Sequence[Pair]) -> str:
    return "".join(f"{one}\t{other}\n" for one, other in pairs)


def _answers(command: Sequence[str], given: str) -> list[Answer]:
    said = subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout.split()
    return [None if word == "x" else int(word) for word in said]


def _piped(*command: str) -> Callable[[Sequence[Pair]], list[Answer]]:
    return lambda pairs: _answers(command, _lines(pairs))


def _rpm(pairs: Sequence[Pair]) -> list[Answer]:
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.write(_lines(pairs))
        file.flush()
        return _answers(["rpm", "--eval", _LUA.replace("FILE", file.name)], "")


def _dpkg(pairs: Sequence[Pair]) -> list[Answer]:
    return [_dpkg_once(one, other) for one, other in pairs]


def _dpkg_once(one: str, other: str) -> Answer:
    for relation, answer in (("lt", -1), ("gt", 1)):
        said = subprocess.run(["dpkg", "--compare-versions", one, relation, other], capture_output=True, check=False)
        if said.stderr:
            return None
        if said.returncode == 0:
            return answer
    return 0


def _apk(pairs: Sequence[Pair]) -> list[Answer]:
    return [_apk_once(one, other) for one, other in pairs]


def _apk_once(one: str, other: str) -> Answer:
    said = subprocess.run(["apk", "version", "-t", one, other], capture_output=True, text=True, check=False)
    return {"<": -1, "=": 0, ">": 1}.get(said.stdout.strip())


def _java(pairs: Sequence[Pair]) -> list[Answer]:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "Order.java"
        source.write_text(_JAVA)
        jars = ":".join(map(str, _MAVEN.parent.glob("*.jar")))
        return _answers(["java", "-cp", jars, str(source)], _lines(pairs))


def _node(pairs: Sequence[Pair]) -> list[Answer]:
    return _answers(["node", "-e", _NODE, str(next(filter(Path.is_dir, _SEMVER)))], _lines(pairs))


def _packaging(pairs: Sequence[Pair]) -> list[Answer]:
    found: list[Answer] = []
    for one, other in pairs:
        try:
            left, right = Version(one), Version(other)
        except InvalidVersion:
            found.append(None)
        else:
            found.append((left > right) - (left < right))
    return found


def _has(program: str, *files: Path) -> Callable[[], bool]:
    return lambda: bool(shutil.which(program)) and all(file.exists() for file in files)


ORACLES = (
    Oracle(name="apk", ecosystem="Alpine", ready=_has("apk"), compare=_apk, version=("apk", "--version"), slow=True),
    Oracle(
        name="dpkg",
        ecosystem="Debian",
        ready=_has("dpkg"),
        compare=_dpkg,
        version=("dpkg", "--version"),
        slow=True,
    ),
    Oracle(name="rpm", ecosystem="Red Hat", ready=_has("rpm"), compare=_rpm, version=("rpm", "--version")),
    Oracle(
        name="rubygems",
        ecosystem="RubyGems",
        ready=_has("ruby"),
        compare=_piped("ruby", "-rrubygems", "-e", _RUBY),
        version=("gem", "--version"),
    ),
    Oracle(
        name="composer",
        ecosystem="Packagist",
        ready=_has("php", _COMPOSER),
        compare=_piped("php", "-r", _PHP),
        version=("composer", "--version", "--no-ansi"),
    ),
    Oracle(
        name="maven",
        ecosystem="Maven",
        ready=_has("javac", _MAVEN),
        compare=_java,
        version=("mvn", "--version"),
    ),
    Oracle(
        name="elixir",
        ecosystem="Hex",
        ready=_has("elixir"),
        compare=_piped("elixir", "-e", _ELIXIR),
        version=("elixir", "--version"),
        last_line=True,
    ),
    Oracle(
        name="npm",
        ecosystem="npm",
        ready=lambda: bool(shutil.which("node")) and any(map(Path.is_dir, _SEMVER)),
        compare=_node,
        version=("npm", "--version"),
    ),
    Oracle(
        name="packaging",
        ecosystem="PyPI",
        ready=lambda: True,
        compare=_packaging,
        version=("python3", "-c", "import packaging; print(packaging.__version__)"),
    ),
)


def said_version(oracle: Oracle) -> str:
    """The name and the number of the program that answers."""
    said = subprocess.run(oracle.version, capture_output=True, text=True, check=True).stdout
    numbers = [line for line in said.splitlines() if re.search(r"\d+\.\d", line)]
    plain = re.sub(r"\x1b\[\d*m", "", numbers[-1] if oracle.last_line else numbers[0])
    return f"{oracle.name} {re.findall(r'[0-9][^ ,]*[0-9]', plain)[0]}"
