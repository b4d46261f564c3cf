defmodule Odd.MixProject do
  use Mix.Project
  @range "~> 1.0"

  def project, do: [app: :odd, description: ~s(a "quoted" [one), start: ?", name: "#{"in" <> "side"}", deps: all_deps() ++ [{:last, "~> 9.0"}]]

  defp all_deps, do: [
    {:plain, "~> 1.0"},
    {:ranged, @range},
    {:built, "~> #{1 + 1}.0"},
    {name(), "~> 1.0"},
    {:moved, "~> 1.0", only: @environments},
    {:given, "~> 1.0", @options},
    {:hosted, git: System.get_env("REPOSITORY")},
    {:local, path: Path.join("..", "local")},
    {:regular, "~> 2.0", only: [:test]} | more()
  ]
end
