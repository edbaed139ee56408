"""The seven kinds of component: load, inventory, preflight. Code in a harness is data here; it runs in the box only."""
