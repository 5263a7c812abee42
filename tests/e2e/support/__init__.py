"""Building blocks of the end-to-end tests. Nothing here imports sluice: everything is written from the protocols."""
