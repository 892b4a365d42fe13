"""One safe format for states (arrays and a JSON document), which knows no classes."""
