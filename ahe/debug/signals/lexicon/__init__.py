"""Which mechanism a line shows, learned from a catalogue of what programs print.

`catalogue.txt` is the source: lines by mechanism, and harmless lines below `calm`. `train` makes
`weights.json` of it, and `guess` reads that. To teach a message, add it to the catalogue and train again.
"""
