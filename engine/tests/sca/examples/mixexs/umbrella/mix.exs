defmodule Umbrella.MixProject do
  use Mix.Project

  def project do
    [
      apps_path: "apps",
      deps: [{:credo, "~> 1.7", only: :dev}]
    ]
  end
end
