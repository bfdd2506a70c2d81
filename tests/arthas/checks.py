"""Counts what holds and what does not."""

import sys


class Checks:
    """Every check is printed; one that fails does not keep the others from running."""

    def __init__(self):
        self.passed = 0
        self.failed: list[str] = []

    def __call__(self, ok, what: str, detail="") -> bool:
        if ok:
            self.passed += 1
            print(f"ok    {what}", flush=True)
        else:
            self.failed.append(what)
            print(f"FAIL  {what}{f': {detail}' if detail != '' else ''}", flush=True)
        return bool(ok)

    def equal(self, got, expected, what: str) -> bool:
        return self(got == expected, what, f"{got!r} instead of {expected!r}")

    def report(self) -> None:
        """Ends the process with what was found."""
        print(f"{self.passed} checks hold, {len(self.failed)} do not", flush=True)
        sys.exit(1 if self.failed else 0)
