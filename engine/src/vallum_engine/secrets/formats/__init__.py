"""Configuration read by its own format: names and values, wherever the format puts them."""
