"""Measured errors, collected by the tests and printed at the end of a run."""

ERRORS = {}


def note(runtime, what, case, error):
    """Keeps the largest error of a runtime."""
    key = (runtime, what)
    worst = ERRORS.setdefault(key, [0.0, "", 0, 0])
    worst[2] += 1
    worst[3] += error == 0.0
    if error >= worst[0]:
        worst[0], worst[1] = error, case.name


def lines():
    for (runtime, what), (error, name, programs, exact) in ERRORS.items():
        yield f"{runtime:24} {what:34} largest error {error:9.2e} ({name}); {exact} of {programs} bitwise"
