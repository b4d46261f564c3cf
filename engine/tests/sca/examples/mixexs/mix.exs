defmodule Shop.MixProject do
  use Mix.Project

  @version "1.0.0"

  def project do
    [
      app: :shop,
      version: @version,
      elixir: "~> 1.15",
      aliases: [setup: ["deps.get", "ecto.setup"], deps: ["deps.get"]],
      docs: [main: "readme", deps: [ecto: "https://hexdocs.pm/ecto"]],
      deps: deps()
    ]
  end

  def application do
    [extra_applications: [:logger]]
  end

  # {:commented, "~> 9.0"},
  defp deps do
    [
      {:phoenix, "~> 1.7.0"},
      {:plug, ">= 1.0.0 and < 2.0.0", override: true},
      {:exact, "1.2.3"},
      {:pinned, "== 2.0.0-rc.1"},
      {:credo, "~> 1.7", only: [:dev, :test], runtime: false},
      {:ex_doc, "~> 0.31", [only: :dev]},
      {:metrics, "~> 1.0", only: [:prod, :test]},
      {:perhaps, "~> 3.0", optional: true},
      {:renamed, "~> 0.4", hex: :other_name},
      {:forked, git: "https://code.example/forked.git", ref: "0123456789abcdef0123456789abcdef01234567"},
      {:hub, github: "acme/hub", tag: "v1.0", only: :test},
      {:any, ">= 0.0.0"},
      {:near, path: "../near"},
      {:sibling, in_umbrella: true},
      shorthand: "~> 5.0",
      listed: [git: "https://code.example/listed.git"]
    ]
  end
end
