"""Shares of a count, from 0 to 1, as a person reads them. Plain.

Probabilities are no such shares: a softmax never gives all, and they are rounded beside their bars.
"""


def percent(share: float, decimals: int = 0, space: str = "") -> str:
    """A share as "45%"; `space` stands before the sign.

    What isn't all or nothing is never told as such: with one decimal, 0.9996 is ">99.9%" and
    0.0004 "<0.1%".
    """
    number = f"{100 * share:.{decimals}f}"
    least = 10.0**-decimals
    if 0 < share < 1 and float(number) == 0:
        number = f"<{least:.{decimals}f}"
    elif 0 < share < 1 and float(number) == 100:
        number = f">{100 - least:.{decimals}f}"
    return f"{number}{space}%"
