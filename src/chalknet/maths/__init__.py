"""The mathematics, each formula once: plain functions that arrays, compiled numbers and symbols go through alike."""
