# SPDX-License-Identifier: BSD-2-Clause
"""The picture of docs/accuracy.md: RMS against the interval, and against the noise of the path."""
import math

POLLS = (3, 4, 5, 6, 7, 8)
NOISE = {"lan": 10.0, "lan100": 100.0, "wan": 1000.0}  # mean queueing, us
WIDTH, HEIGHT, LEFT, TOP, GAP = 340, 300, 70, 50, 90
BOTTOM = 0.5  # us
TOPMOST = 200.0
STYLES = {
    "chrony, unicast": ("#c0392b", "6 3"),
    "ours, multicast": ("#1f5fa8", ""),
    "ours, unicast": ("#2e8b57", ""),
    "limit, one-way": ("#1f5fa8", "2 3"),
    "limit, two-way": ("#2e8b57", "2 3"),
}


def place(value, low, high, length):
    return length * math.log(value / low) / math.log(high / low)


class Panel:
    """Both axes are logarithmic."""

    def __init__(self, number, title, label, low, high, ticks):
        self.left = LEFT + number * (WIDTH + GAP)
        self.low, self.high = low, high
        self.parts = [
            f'<rect x="{self.left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" class="frame"/>',
            f'<text x="{self.left + WIDTH / 2:.0f}" y="{TOP - 12}" class="title">{title}</text>',
            f'<text x="{self.left + WIDTH / 2:.0f}" y="{TOP + HEIGHT + 38}" class="mid">{label}</text>',
        ]
        for value, text in ticks:
            x = self.x(value)
            self.parts.append(f'<path d="M{x:.1f} {TOP}v{HEIGHT}" class="grid"/>')
            self.parts.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 18}" class="mid">{text}</text>')
        for value in (0.5, 1, 2, 5, 10, 20, 50, 100, 200):
            y = self.y(value)
            self.parts.append(f'<path d="M{self.left} {y:.1f}h{WIDTH}" class="grid"/>')
            self.parts.append(f'<text x="{self.left - 6}" y="{y + 4:.1f}" class="end">{value:g}</text>')

    def x(self, value):
        return self.left + place(value, self.low, self.high, WIDTH)

    def y(self, value):
        return TOP + HEIGHT - place(value, BOTTOM, TOPMOST, HEIGHT)

    def curve(self, name, points):
        colour, dashes = STYLES[name]
        points = [(self.x(a), self.y(b)) for a, b in points if b]
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in points)
        self.parts.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dashes}"/>'
        )
        self.parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in points]


def legend():
    parts, x = [], LEFT
    for name, (colour, dashes) in STYLES.items():
        y = TOP + HEIGHT + 66
        parts.append(
            f'<path d="M{x} {y}h28" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>'
        )
        parts.append(f'<text x="{x + 34}" y="{y + 4}">{name}</text>')
        x += 155
    return parts


def curves(ours, limits, peers, cases):
    """{name: points}; a case is where it is drawn, the profile and the interval."""

    def points(value):
        return [(x, value(profile, poll)) for x, profile, poll in cases]

    return {
        "chrony, unicast": points(lambda f, p: peers.get((f, p), {}).get("chrony")),
        "ours, multicast": points(lambda f, p: ours["multicast", f, p]),
        "ours, unicast": points(lambda f, p: ours["unicast", f, p]),
        "limit, one-way": points(lambda f, p: limits[f, p].get("multicast")),
        "limit, two-way": points(lambda f, p: limits[f, p].get("unicast")),
    }


def draw(ours, limits, peers, seeds):
    by_interval = Panel(
        0,
        "20 us + 10 us queueing",
        "interval, s",
        2 ** POLLS[0] / 1.2,
        2 ** POLLS[-1] * 1.2,
        [(2**p, str(2**p)) for p in POLLS],
    )
    by_noise = Panel(
        1, "interval 16 s", "mean queueing, us", 7, 1400, [(10, "10"), (100, "100"), (1000, "1000")]
    )
    for name, points in curves(ours, limits, peers, [(2**p, "lan", p) for p in POLLS]).items():
        by_interval.curve(name, points)
    for name, points in curves(ours, limits, peers, [(q, f, 4) for f, q in NOISE.items()]).items():
        by_noise.curve(name, points)
    width = LEFT + 2 * WIDTH + GAP + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + 90}" '
        f'font-family="sans-serif" font-size="12">',
        "<style>.frame{fill:none;stroke:#444}.grid{stroke:#ddd}.mid{text-anchor:middle}"
        ".end{text-anchor:end}.title{text-anchor:middle;font-weight:bold}</style>",
        f'<rect width="{width}" height="{TOP + HEIGHT + 90}" fill="#fff"/>',
        f'<text x="{LEFT - 40}" y="18">RMS error of the clock, us; medians of {seeds} seeds</text>',
        *by_interval.parts,
        *by_noise.parts,
        *legend(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
