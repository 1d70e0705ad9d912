"""Photos for the made-up city, drawn: nobody's picture, and no two alike.

A scene (scenes.py) is a function that draws on a canvas of WIDTH_PX x HEIGHT_PX pixels with a seeded random generator;
`draw_photo` gives the picture, made a little smaller so that its edges are soft, as the bytes of a file.
"""

import io
import math
import random

from PIL import Image, ImageDraw

WIDTH_PX, HEIGHT_PX = 1280, 960
Colour = tuple[int, int, int]


class Canvas:
    """A picture being drawn, with its own random generator, so that no two are the same.

    `mended`: it shows the place once all is well there; the same seed gives the same place.
    """

    def __init__(self, seed: int, *, mended: bool = False) -> None:
        self.mended = mended
        self.random = random.Random(seed)  # noqa: S311  # for pictures, not for secrets
        self._camera = random.Random(seed + 1)  # noqa: S311  # it stands at the same side when all is well again
        self.image = Image.new("RGB", (WIDTH_PX, HEIGHT_PX))
        self.draw = ImageDraw.Draw(self.image)
        self.light = self.random.uniform(0.82, 1.08)

    def shade(self, colour: Colour, by: float = 1.0) -> Colour:
        factor = by * self.light
        return tuple(max(0, min(255, round(part * factor))) for part in colour)  # type: ignore[return-value]

    def between(self, low: float, high: float) -> float:
        return self.random.uniform(low, high)

    def sky(self, top: Colour, bottom: Colour, down_to: float = HEIGHT_PX) -> None:
        for y in range(int(down_to)):
            t = y / down_to
            mixed = tuple(round(a + (b - a) * t) for a, b in zip(top, bottom, strict=True))
            self.draw.line([(0, y), (WIDTH_PX, y)], fill=self.shade(mixed))  # type: ignore[arg-type]

    def ground(self, colour: Colour, start: float) -> None:
        self.draw.rectangle([0, start, WIDTH_PX, HEIGHT_PX], fill=self.shade(colour))

    def speckle(self, count: int, colour: Colour, top: float, size: float = 3) -> None:
        for _ in range(count):
            x, y = self.between(0, WIDTH_PX), self.between(top, HEIGHT_PX)
            r = self.between(0.5, size)
            self.draw.ellipse([x - r, y - r, x + r, y + r], fill=self.shade(colour, self.between(0.8, 1.2)))

    def blob(self, x: float, y: float, wide: float, high: float, colour: Colour, rough: float = 0.12) -> None:
        """Draw an uneven round shape."""
        points = []
        for i in range(28):
            angle = 2 * math.pi * i / 28
            r = 1 + self.between(-rough, rough)
            points.append((x + wide * r * math.cos(angle), y + high * r * math.sin(angle)))
        self.draw.polygon(points, fill=self.shade(colour))

    def houses(self, base: float) -> None:
        x = -40.0
        while x < WIDTH_PX:
            wide, high = self.between(120, 240), self.between(120, 330)
            wall = self.random.choice([(188, 172, 152), (170, 160, 150), (205, 196, 180), (150, 140, 136)])
            self.draw.rectangle([x, base - high, x + wide, base], fill=self.shade(wall))
            for row in range(int(high // 60)):
                for column in range(int(wide // 50)):
                    left, top = x + 14 + column * 50, base - high + 16 + row * 60
                    self.draw.rectangle([left, top, left + 22, top + 32], fill=self.shade((92, 108, 122)))
            x += wide + self.between(0, 30)

    def road(self) -> None:
        """Draw a street with houses."""
        self.sky((150, 180, 205), (205, 216, 222), 420)
        self.houses(430)
        self.ground((98, 100, 103), 430)
        self.draw.polygon([(0, 430), (WIDTH_PX, 430), (WIDTH_PX, 500), (0, 520)], fill=self.shade((140, 136, 128)))
        self.speckle(900, (84, 86, 90), 520)
        for i in range(5):
            left = i * 290 + self.between(0, 60)
            self.draw.polygon(
                [(left, 610), (left + 130, 604), (left + 140, 622), (left + 5, 628)], fill=self.shade((228, 224, 205))
            )

    def patch(self, x: float, y: float) -> None:
        """Draw a fresh patch of asphalt, with cones beside it."""
        self.draw.polygon(
            [(x - 270, y - 70), (x + 250, y - 84), (x + 280, y + 76), (x - 290, y + 88)], fill=self.shade((52, 52, 54))
        )
        for i in (-1, 1):
            self.draw.polygon(
                [(x + i * 380 - 34, y + 60), (x + i * 380 + 34, y + 60), (x + i * 380, y - 70)],
                fill=self.shade((226, 104, 48)),
            )
            self.draw.rectangle([x + i * 380 - 20, y - 10, x + i * 380 + 20, y + 8], fill=self.shade((240, 240, 236)))

    def photo(self) -> bytes:
        """What somebody's camera gets of it, as a JPEG."""
        file = io.BytesIO()
        taken = self._take()
        taken.resize((WIDTH_PX * 3 // 4, HEIGHT_PX * 3 // 4), Image.Resampling.BILINEAR).save(file, "JPEG", quality=86)
        return file.getvalue()

    def _take(self) -> Image.Image:
        """From either side, nearer or farther, more or less level."""
        chance, image = self._camera, self.image
        if chance.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        image = image.rotate(chance.uniform(-3, 3), Image.Resampling.BILINEAR)
        share = chance.uniform(0.7, 0.9)  # the corners that turning leaves empty are cut off
        wide, high = WIDTH_PX * share, HEIGHT_PX * share
        left = (WIDTH_PX - wide) / 2 + chance.uniform(-0.05, 0.05) * WIDTH_PX * (1 - share) * 4
        top = (HEIGHT_PX - high) / 2 + chance.uniform(0.0, 0.05) * HEIGHT_PX * (1 - share) * 4
        return image.crop((round(left), round(top), round(left + wide), round(top + high)))
