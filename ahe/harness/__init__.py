"""The seven kinds of component: load, inventory, preflight. Its code is data here; it runs in the box."""
