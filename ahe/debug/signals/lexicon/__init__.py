"""Which mechanism a line shows, learned from a catalogue of what programs print.

`catalogue.txt` is the source: lines by mechanism, and harmless lines below `calm`. `train` makes `weights.json` from
it, and `guess` reads the weights. To teach a new message, add it to the catalogue and train again.
"""
