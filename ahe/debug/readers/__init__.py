"""Traces of any known tool, read into one form: `sources.find` lists them, `read.read` reads one."""
