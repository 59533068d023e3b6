"""The whole pipeline in memory under a seed: crashes, two owners of a partition, late and repeated input."""
