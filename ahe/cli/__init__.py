"""The command line: each command parses and prints, and does nothing else."""

from ahe.cli.app import main as main
