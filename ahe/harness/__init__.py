"""The seven kinds of component: load, inventory, preflight. Evolved code is only read here; it runs in the box."""
