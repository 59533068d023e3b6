"""Measured rates of this tree on this machine, as ratios within one run."""
