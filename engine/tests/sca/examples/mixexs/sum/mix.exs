defmodule Sum.MixProject do
  def project do
    [
      app: :sum,
      deps: deps() ++ dev_deps() ++ deps(Mix.env()) ++ counted() ++ [inline: "~> 1.0"]
    ]
  end

  defp deps(), do: [{:first, "~> 1.0"}] ++ dev_deps()

  @doc """
  [{:documented, "~> 1.0"}]
  """
  defp dev_deps() do
    [{:second, "~> 2.0", only: :dev}]
  end

  defp counted do
    base = [{:hidden, "~> 1.0"}]
    base
  end
end
