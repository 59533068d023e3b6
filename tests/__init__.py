"""Every promise the product makes, as something that can fail. Where things go: README.md."""
