"""The benchmark: the same run in chalknet and in other libraries, checked first, then timed in turns."""
