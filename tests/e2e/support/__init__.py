"""What the end-to-end tests are made of. Nothing here imports sluice: all of it is written from the protocols."""
