"""The circuit over named directions: bases, linear maps, and the blocks of a transformer made of them."""
