"""Photos for the made-up city, drawn: nobody's picture, and no two alike.

A scene is a function that draws on a canvas of WIDE x HIGH pixels with a seeded random generator; `photo` gives the
picture, made a little smaller so that its edges are soft, as the bytes of a file.
"""

import io
import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw

WIDTH_PX, HEIGHT_PX = 1280, 960
Colour = tuple[int, int, int]
Scene = Callable[["Canvas"], None]


class Canvas:
    """A picture being drawn, with its own random generator, so that no two are the same."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  # for pictures, not for secrets
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


def road(c: Canvas) -> float:
    """Draw a street with houses; return the y at which its surface begins."""
    c.sky((150, 180, 205), (205, 216, 222), 420)
    c.houses(430)
    c.ground((98, 100, 103), 430)
    c.draw.polygon([(0, 430), (WIDTH_PX, 430), (WIDTH_PX, 500), (0, 520)], fill=c.shade((140, 136, 128)))
    c.speckle(900, (84, 86, 90), 520)
    for i in range(5):
        left = i * 290 + c.between(0, 60)
        c.draw.polygon(
            [(left, 610), (left + 130, 604), (left + 140, 622), (left + 5, 628)], fill=c.shade((228, 224, 205))
        )
    return 520


def pothole(c: Canvas) -> None:
    road(c)
    x, y = c.between(420, 860), c.between(730, 800)
    wide, high = c.between(170, 270), c.between(60, 95)
    c.blob(x, y, wide * 1.25, high * 1.3, (80, 80, 82))
    c.blob(x, y, wide, high, (44, 44, 46))
    c.blob(x + 12, y + 10, wide * 0.7, high * 0.6, (26, 26, 28))
    c.speckle(120, (60, 60, 62), 650, 6)


def pavement(c: Canvas) -> None:
    c.ground((168, 160, 150), 0)
    for row in range(9):
        for column in range(9):
            left, top = column * 150 - (row % 2) * 75, row * 115
            tone = c.between(0.86, 1.08)
            c.draw.rectangle([left, top, left + 144, top + 109], fill=c.shade((172, 164, 152), tone))
    x, y = c.between(350, 800), c.between(350, 600)
    for _ in range(5):
        dx, dy = c.between(-170, 170), c.between(-120, 120)
        turn = c.between(-18, 18)
        corners = [
            (x + dx, y + dy),
            (x + dx + 140, y + dy + turn),
            (x + dx + 126, y + dy + 100),
            (x + dx - 10, y + dy + 92),
        ]
        c.draw.polygon(corners, fill=c.shade((150, 140, 126), c.between(0.8, 1.1)), outline=c.shade((70, 64, 58)))
    c.blob(x + 40, y + 40, 120, 70, (74, 66, 58), 0.25)


def manhole(c: Canvas) -> None:
    road(c)
    x, y = c.between(460, 820), c.between(700, 780)
    c.draw.ellipse([x - 190, y - 80, x + 190, y + 80], fill=c.shade((70, 70, 74)))
    c.draw.ellipse([x - 160, y - 64, x + 160, y + 64], fill=c.shade((14, 14, 16)))
    c.draw.ellipse(
        [x + 90, y - 120, x + 380, y - 6], fill=c.shade((112, 108, 104)), outline=c.shade((60, 58, 56)), width=8
    )
    for i in range(6):
        left = x + 130 + i * 36
        c.draw.line([(left, y - 100), (left + 10, y - 26)], fill=c.shade((80, 78, 76)), width=6)


def lamp(c: Canvas) -> None:
    c.sky((16, 22, 44), (46, 54, 86))
    c.ground((22, 24, 30), 760)
    for i in range(9):
        x = i * 150 + c.between(-30, 30)
        c.draw.rectangle([x, 760 - c.between(120, 330), x + 120, 760], fill=(24, 27, 38))
        if c.random.random() < 0.6:
            c.draw.rectangle([x + 30, 640, x + 60, 680], fill=(222, 186, 108))
    x = c.between(430, 760)
    c.draw.line([(x, 900), (x, 250)], fill=(96, 100, 108), width=16)
    c.draw.arc([x - 10, 200, x + 220, 330], 180, 300, fill=(96, 100, 108), width=12)
    c.draw.polygon([(x + 110, 196), (x + 230, 226), (x + 222, 250), (x + 104, 222)], fill=(70, 74, 84))


def traffic_light(c: Canvas) -> None:
    road(c)
    x = c.between(520, 780)
    c.draw.line([(x, 940), (x, 190)], fill=c.shade((88, 92, 96)), width=22)
    c.draw.rounded_rectangle([x - 66, 150, x + 66, 470], 22, fill=c.shade((38, 40, 44)))
    for i in range(3):
        c.draw.ellipse(
            [x - 42, 170 + i * 100, x + 42, 254 + i * 100],
            fill=c.shade((58, 58, 60)),
            outline=c.shade((24, 24, 26)),
            width=5,
        )


def sign(c: Canvas) -> None:
    road(c)
    x = c.between(500, 780)
    lean = c.between(60, 150)
    c.draw.line([(x, 930), (x + lean, 300)], fill=c.shade((128, 130, 134)), width=18)
    c.draw.ellipse(
        [x + lean - 110, 170, x + lean + 110, 390],
        fill=c.shade((206, 202, 196)),
        outline=c.shade((176, 60, 54)),
        width=30,
    )
    c.draw.line([(x + lean - 40, 280), (x + lean + 40, 280)], fill=c.shade((150, 146, 140)), width=18)


def leak(c: Canvas) -> None:
    road(c)
    x, y = c.between(450, 820), c.between(640, 700)
    for i in range(6):
        c.blob(x + c.between(-120, 120), y + 90 + i * 26, 240 + i * 60, 40, (118, 142, 158), 0.18)
    for i in range(-3, 4):
        c.draw.line([(x, y + 70), (x + i * 34, y - c.between(90, 220))], fill=c.shade((196, 214, 224)), width=7)
    c.blob(x, y + 70, 70, 24, (210, 222, 228))


def flood(c: Canvas) -> None:
    road(c)
    c.draw.rectangle([0, 640, WIDTH_PX, HEIGHT_PX], fill=c.shade((104, 118, 122)))
    for _ in range(40):
        x, y = c.between(0, WIDTH_PX), c.between(650, HEIGHT_PX)
        c.draw.line([(x, y), (x + c.between(40, 200), y)], fill=c.shade((146, 160, 166)), width=4)
    for _ in range(9):
        c.blob(c.between(0, WIDTH_PX), c.between(660, 900), c.between(12, 40), c.between(6, 14), (96, 108, 62))


def rubbish(c: Canvas) -> None:
    c.sky((170, 184, 160), (196, 204, 180), 520)
    c.houses(540)
    c.ground((140, 138, 122), 540)
    x = c.between(480, 720)
    c.draw.rounded_rectangle([x, 400, x + 230, 760], 18, fill=c.shade((56, 98, 80)))
    c.draw.rounded_rectangle([x - 14, 372, x + 244, 420], 14, fill=c.shade((40, 74, 60)))
    bags = [(44, 46, 50), (226, 222, 210), (66, 104, 158), (214, 186, 96), (186, 74, 62), (236, 236, 232)]
    for _ in range(26):
        c.blob(
            x + c.between(-320, 480),
            c.between(690, 850),
            c.between(26, 74),
            c.between(20, 52),
            c.random.choice(bags),
            0.2,
        )


def dumping(c: Canvas) -> None:
    c.sky((176, 190, 200), (206, 210, 204), 480)
    c.ground((150, 144, 118), 480)
    for _ in range(30):
        x = c.between(0, WIDTH_PX)
        c.draw.line([(x, 500), (x + c.between(-20, 20), c.between(380, 470))], fill=c.shade((92, 112, 64)), width=6)
    x = c.between(300, 520)
    c.draw.polygon([(x, 620), (x + 420, 600), (x + 450, 760), (x + 20, 790)], fill=c.shade((120, 84, 66)))
    c.draw.rectangle([x + 40, 560, x + 400, 640], fill=c.shade((150, 108, 84)))
    for _ in range(22):
        c.blob(
            x + c.between(-160, 640), c.between(740, 900), c.between(30, 90), c.between(18, 44), (172, 164, 150), 0.3
        )


def tree(c: Canvas) -> None:
    c.sky((152, 178, 170), (196, 208, 190), 500)
    c.ground((112, 126, 98), 500)
    c.draw.polygon([(0, 650), (WIDTH_PX, 600), (WIDTH_PX, 840), (0, 900)], fill=c.shade((120, 116, 110)))
    x, y = c.between(120, 240), c.between(700, 780)
    c.draw.polygon([(x, y), (x + 560, y - 120), (x + 580, y - 84), (x + 10, y + 52)], fill=c.shade((96, 68, 48)))
    for _ in range(26):
        c.blob(
            x + c.between(430, 860), y + c.between(-260, 20), c.between(50, 110), c.between(40, 90), (78, 118, 64), 0.2
        )


def playground(c: Canvas) -> None:
    c.sky((160, 196, 220), (212, 224, 220), 470)
    c.ground((174, 150, 116), 470)
    for x in (330, 930):
        c.draw.line([(x - 90, 830), (x, 250)], fill=c.shade((190, 66, 52)), width=18)
        c.draw.line([(x + 90, 830), (x, 250)], fill=c.shade((190, 66, 52)), width=18)
    c.draw.line([(330, 250), (930, 250)], fill=c.shade((190, 66, 52)), width=18)
    for i, broken in ((520, False), (740, True)):
        c.draw.line([(i, 250), (i, 660)], fill=c.shade((70, 70, 74)), width=6)
        if broken:
            c.draw.line([(i + 90, 250), (i + 110, 400)], fill=c.shade((70, 70, 74)), width=6)
            c.draw.polygon([(i - 4, 660), (i + 90, 780), (i + 74, 796), (i - 18, 676)], fill=c.shade((60, 90, 150)))
        else:
            c.draw.line([(i + 90, 250), (i + 90, 660)], fill=c.shade((70, 70, 74)), width=6)
            c.draw.rectangle([i - 6, 656, i + 96, 676], fill=c.shade((60, 90, 150)))


def parking(c: Canvas) -> None:
    road(c)
    colour = c.random.choice([(176, 52, 48), (60, 84, 130), (222, 222, 218), (48, 50, 54), (196, 168, 84)])
    x = c.between(300, 560)
    c.draw.rounded_rectangle([x, 610, x + 560, 770], 40, fill=c.shade(colour))
    c.draw.polygon([(x + 90, 612), (x + 160, 500), (x + 400, 500), (x + 480, 612)], fill=c.shade(colour, 0.92))
    c.draw.polygon([(x + 120, 606), (x + 176, 520), (x + 268, 520), (x + 268, 606)], fill=c.shade((120, 140, 152)))
    c.draw.polygon([(x + 288, 606), (x + 288, 520), (x + 388, 520), (x + 446, 606)], fill=c.shade((120, 140, 152)))
    for wheel in (x + 120, x + 440):
        c.draw.ellipse([wheel - 58, 710, wheel + 58, 826], fill=c.shade((26, 26, 28)))
        c.draw.ellipse([wheel - 26, 742, wheel + 26, 794], fill=c.shade((150, 152, 156)))


def bikes(c: Canvas) -> None:
    road(c)
    for _ in range(9):
        x, y = c.between(60, 1020), c.between(600, 800)
        colour = c.random.choice([(236, 190, 60), (70, 140, 200), (90, 170, 110)])
        for dx in (0, 150):
            c.draw.ellipse([x + dx - 56, y, x + dx + 56, y + 112], outline=c.shade((34, 34, 36)), width=8)
        c.draw.line(
            [(x, y + 56), (x + 60, y - 30), (x + 150, y + 56), (x + 76, y + 56), (x + 60, y - 30)],
            fill=c.shade(colour),
            width=12,
        )
        c.draw.line([(x + 150, y + 56), (x + 120, y - 60), (x + 150, y - 70)], fill=c.shade(colour), width=10)


def cable(c: Canvas) -> None:
    c.sky((180, 192, 200), (214, 216, 210), 640)
    c.houses(660)
    c.ground((132, 130, 124), 660)
    for x in (220, 1060):
        c.draw.rectangle([x - 14, 120, x + 14, 860], fill=c.shade((104, 92, 80)))
    for i in range(4):
        depth = 120 + i * 60 + (380 if i == 3 else 0)
        points = [(220 + 840 * t / 20, 170 + i * 16 + depth * 4 * (t / 20) * (1 - t / 20)) for t in range(21)]
        c.draw.line(points, fill=c.shade((30, 30, 32)), width=7)


def bench(c: Canvas) -> None:
    c.sky((158, 190, 180), (200, 212, 196), 460)
    c.ground((126, 138, 104), 460)
    x = c.between(300, 460)
    for i, (dy, gap) in enumerate(((470, False), (520, True), (600, False), (640, True))):
        right = x + (320 if gap else 560)
        c.draw.rectangle([x, dy, right, dy + 30], fill=c.shade((134, 92, 58), 1 - i * 0.04))
    for leg in (x + 40, x + 500):
        c.draw.rectangle([leg, 470, leg + 26, 800], fill=c.shade((70, 70, 74)))


def river(c: Canvas) -> None:
    c.sky((166, 184, 196), (206, 212, 208), 380)
    c.ground((112, 126, 92), 380)
    c.draw.polygon([(0, 520), (WIDTH_PX, 470), (WIDTH_PX, 900), (0, 860)], fill=c.shade((88, 112, 104)))
    for _ in range(30):
        c.blob(c.between(0, WIDTH_PX), c.between(540, 840), c.between(30, 120), c.between(8, 24), (196, 200, 188), 0.3)


def site(c: Canvas) -> None:
    c.sky((28, 32, 52), (64, 66, 88), 700)
    c.ground((58, 52, 46), 700)
    c.draw.line([(420, 760), (420, 130)], fill=(208, 168, 60), width=22)
    c.draw.line([(200, 190), (1080, 190)], fill=(208, 168, 60), width=16)
    c.draw.line([(960, 190), (960, 460)], fill=(120, 120, 120), width=4)
    for i in range(4):
        c.draw.rectangle([600 + i * 120, 420 + i * 40, 700 + i * 120, 760], fill=(86, 84, 88))
    c.draw.ellipse([380, 90, 460, 170], fill=(250, 236, 190))


def mended(c: Canvas) -> None:
    """A fresh patch of asphalt: the photo that a department adds when it has finished."""
    road(c)
    x, y = c.between(420, 820), c.between(720, 780)
    c.draw.polygon(
        [(x - 270, y - 70), (x + 250, y - 84), (x + 280, y + 76), (x - 290, y + 88)], fill=c.shade((52, 52, 54))
    )
    for i in (-1, 1):
        c.draw.polygon(
            [(x + i * 380 - 34, y + 60), (x + i * 380 + 34, y + 60), (x + i * 380, y - 70)],
            fill=c.shade((226, 104, 48)),
        )
        c.draw.rectangle([x + i * 380 - 20, y - 10, x + i * 380 + 20, y + 8], fill=c.shade((240, 240, 236)))


SCENES: dict[str, Scene] = {
    one.__name__: one
    for one in (
        pothole, pavement, manhole, lamp, traffic_light, sign, leak, flood, rubbish, dumping, tree, playground,
        parking, bikes, cable, bench, river, site, mended,
    )
}  # fmt: skip


def draw_photo(scene: str, seed: int) -> bytes:
    """Draw the scene as a JPEG; the same seed gives the same picture."""
    canvas = Canvas(seed)
    SCENES[scene](canvas)
    file = io.BytesIO()
    taken = _take_photo(canvas)
    taken.resize((WIDTH_PX * 3 // 4, HEIGHT_PX * 3 // 4), Image.Resampling.BILINEAR).save(file, "JPEG", quality=86)
    return file.getvalue()


def _take_photo(canvas: Canvas) -> Image.Image:
    """What somebody's camera gets of the scene: from either side, nearer or farther, more or less level."""
    chance, image = canvas.random, canvas.image
    if chance.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = image.rotate(chance.uniform(-3, 3), Image.Resampling.BILINEAR)
    share = chance.uniform(0.7, 0.9)  # the corners that turning leaves empty are cut off
    wide, high = WIDTH_PX * share, HEIGHT_PX * share
    left = (WIDTH_PX - wide) / 2 + chance.uniform(-0.05, 0.05) * WIDTH_PX * (1 - share) * 4
    top = (HEIGHT_PX - high) / 2 + chance.uniform(0.0, 0.05) * HEIGHT_PX * (1 - share) * 4
    return image.crop((round(left), round(top), round(left + wide), round(top + high)))
