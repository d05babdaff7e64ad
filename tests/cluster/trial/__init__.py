"""A release of the chart under load while it is disturbed: what was acknowledged, what came through. See __main__."""
