"""What `install` was asked for."""

import dataclasses


@dataclasses.dataclass
class Settings:
    """How models that are compiled from now on behave."""

    undefined: str = "none"
    """`none`: undefined decodes as None; `upstream`: as the first value of the output."""


CURRENT = Settings()
