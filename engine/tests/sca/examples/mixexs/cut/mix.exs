defmodule Cut do
  def project do
    [deps: [{:a, "~> 1.0"}