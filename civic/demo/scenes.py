"""What is reported, drawn: each scene as it was found, or once it is put right, at the same place."""

from collections.abc import Callable

from civic.demo.drawing import HEIGHT_PX, WIDTH_PX, Canvas

Scene = Callable[[Canvas], None]


def pothole(c: Canvas) -> None:
    c.road()
    x, y = c.between(420, 860), c.between(730, 800)
    wide, high = c.between(170, 270), c.between(60, 95)
    if c.mended:
        return c.patch(x, y)
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
    if c.mended:
        return
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
    c.road()
    x, y = c.between(460, 820), c.between(700, 780)
    c.draw.ellipse([x - 190, y - 80, x + 190, y + 80], fill=c.shade((70, 70, 74)))
    if c.mended:
        c.draw.ellipse([x - 160, y - 64, x + 160, y + 64], fill=c.shade((112, 108, 104)))
        for i in range(7):
            c.draw.line([(x - 120 + i * 40, y - 30), (x - 120 + i * 40, y + 30)], fill=c.shade((80, 78, 76)), width=6)
        return
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
    if c.mended:
        for i in range(12):
            light = (58 + i * 7, 56 + i * 6, 54 + i * 2)
            c.draw.polygon([(x + 170, 230), (x - 300 + i * 24, 900), (x + 640 - i * 24, 900)], fill=light)
    c.draw.line([(x, 900), (x, 250)], fill=(96, 100, 108), width=16)
    c.draw.arc([x - 10, 200, x + 220, 330], 180, 300, fill=(96, 100, 108), width=12)
    c.draw.polygon([(x + 110, 196), (x + 230, 226), (x + 222, 250), (x + 104, 222)], fill=(70, 74, 84))
    if c.mended:
        c.draw.ellipse([x + 118, 214, x + 220, 256], fill=(255, 240, 190))


def traffic_light(c: Canvas) -> None:
    c.road()
    x = c.between(520, 780)
    c.draw.line([(x, 940), (x, 190)], fill=c.shade((88, 92, 96)), width=22)
    c.draw.rounded_rectangle([x - 66, 150, x + 66, 470], 22, fill=c.shade((38, 40, 44)))
    for i in range(3):
        c.draw.ellipse(
            [x - 42, 170 + i * 100, x + 42, 254 + i * 100],
            fill=(70, 210, 120) if c.mended and i == 2 else c.shade((58, 58, 60)),
            outline=c.shade((24, 24, 26)),
            width=5,
        )


def sign(c: Canvas) -> None:
    c.road()
    x = c.between(500, 780)
    lean = 0.0 if c.mended else c.between(60, 150)
    c.draw.line([(x, 930), (x + lean, 300)], fill=c.shade((128, 130, 134)), width=18)
    c.draw.ellipse(
        [x + lean - 110, 170, x + lean + 110, 390],
        fill=c.shade((244, 242, 238) if c.mended else (206, 202, 196)),
        outline=c.shade((176, 60, 54)),
        width=30,
    )
    c.draw.line(
        [(x + lean - 40, 280), (x + lean + 40, 280)],
        fill=c.shade((60, 56, 52) if c.mended else (150, 146, 140)),
        width=18,
    )


def leak(c: Canvas) -> None:
    c.road()
    x, y = c.between(450, 820), c.between(640, 700)
    if c.mended:
        return c.patch(x, y + 90)
    for i in range(6):
        c.blob(x + c.between(-120, 120), y + 90 + i * 26, 240 + i * 60, 40, (118, 142, 158), 0.18)
    for i in range(-3, 4):
        c.draw.line([(x, y + 70), (x + i * 34, y - c.between(90, 220))], fill=c.shade((196, 214, 224)), width=7)
    c.blob(x, y + 70, 70, 24, (210, 222, 228))


def flood(c: Canvas) -> None:
    c.road()
    if c.mended:
        x = c.between(300, 820)
        c.draw.rectangle([x, 700, x + 220, 780], fill=c.shade((60, 60, 62)))
        for i in range(8):
            c.draw.rectangle([x + 14 + i * 25, 712, x + 26 + i * 25, 768], fill=c.shade((22, 22, 24)))
        return
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
    if c.mended:
        return
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
    if c.mended:
        return c.blob(x + 220, 760, 330, 70, (138, 128, 104), 0.2)
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
    if c.mended:
        c.draw.rectangle([x + 40, 560, x + 130, 660], fill=c.shade((96, 68, 48)))
        c.draw.ellipse([x + 40, 544, x + 130, 578], fill=c.shade((206, 176, 132)))
        return
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
    for i, broken in ((520, False), (740, not c.mended)):
        c.draw.line([(i, 250), (i, 660)], fill=c.shade((70, 70, 74)), width=6)
        if broken:
            c.draw.line([(i + 90, 250), (i + 110, 400)], fill=c.shade((70, 70, 74)), width=6)
            c.draw.polygon([(i - 4, 660), (i + 90, 780), (i + 74, 796), (i - 18, 676)], fill=c.shade((60, 90, 150)))
        else:
            c.draw.line([(i + 90, 250), (i + 90, 660)], fill=c.shade((70, 70, 74)), width=6)
            c.draw.rectangle([i - 6, 656, i + 96, 676], fill=c.shade((60, 90, 150)))


def parking(c: Canvas) -> None:
    c.road()
    colour = c.random.choice([(176, 52, 48), (60, 84, 130), (222, 222, 218), (48, 50, 54), (196, 168, 84)])
    x = c.between(300, 560)
    if c.mended:
        for i in range(3):
            c.draw.rectangle([x + i * 240, 560, x + 24 + i * 240, 720], fill=c.shade((70, 74, 80)))
            c.draw.rectangle([x + i * 240, 590, x + 24 + i * 240, 614], fill=c.shade((236, 200, 70)))
        return
    c.draw.rounded_rectangle([x, 610, x + 560, 770], 40, fill=c.shade(colour))
    c.draw.polygon([(x + 90, 612), (x + 160, 500), (x + 400, 500), (x + 480, 612)], fill=c.shade(colour, 0.92))
    c.draw.polygon([(x + 120, 606), (x + 176, 520), (x + 268, 520), (x + 268, 606)], fill=c.shade((120, 140, 152)))
    c.draw.polygon([(x + 288, 606), (x + 288, 520), (x + 388, 520), (x + 446, 606)], fill=c.shade((120, 140, 152)))
    for wheel in (x + 120, x + 440):
        c.draw.ellipse([wheel - 58, 710, wheel + 58, 826], fill=c.shade((26, 26, 28)))
        c.draw.ellipse([wheel - 26, 742, wheel + 26, 794], fill=c.shade((150, 152, 156)))


def bikes(c: Canvas) -> None:
    c.road()
    for i in range(9):
        x, y = (80 + i * 100, 640.0) if c.mended else (c.between(60, 1020), c.between(600, 800))
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
        depth = 120 + i * 60 + (380 if i == 3 and not c.mended else 0)
        points = [(220 + 840 * t / 20, 170 + i * 16 + depth * 4 * (t / 20) * (1 - t / 20)) for t in range(21)]
        c.draw.line(points, fill=c.shade((30, 30, 32)), width=7)


def bench(c: Canvas) -> None:
    c.sky((158, 190, 180), (200, 212, 196), 460)
    c.ground((126, 138, 104), 460)
    x = c.between(300, 460)
    for i, (dy, gap) in enumerate(((470, False), (520, True), (600, False), (640, True))):
        right = x + (320 if gap and not c.mended else 560)
        c.draw.rectangle([x, dy, right, dy + 30], fill=c.shade((134, 92, 58), 1 - i * 0.04))
    for leg in (x + 40, x + 500):
        c.draw.rectangle([leg, 470, leg + 26, 800], fill=c.shade((70, 70, 74)))


def river(c: Canvas) -> None:
    c.sky((166, 184, 196), (206, 212, 208), 380)
    c.ground((112, 126, 92), 380)
    c.draw.polygon([(0, 520), (WIDTH_PX, 470), (WIDTH_PX, 900), (0, 860)], fill=c.shade((88, 112, 104)))
    for _ in range(0 if c.mended else 30):
        c.blob(c.between(0, WIDTH_PX), c.between(540, 840), c.between(30, 120), c.between(8, 24), (196, 200, 188), 0.3)


def site(c: Canvas) -> None:
    c.sky(*(((150, 180, 205), (205, 216, 222)) if c.mended else ((28, 32, 52), (64, 66, 88))), 700)
    c.ground((58, 52, 46), 700)
    c.draw.line([(420, 760), (420, 130)], fill=(208, 168, 60), width=22)
    c.draw.line([(200, 190), (1080, 190)], fill=(208, 168, 60), width=16)
    c.draw.line([(960, 190), (960, 460)], fill=(120, 120, 120), width=4)
    for i in range(4):
        c.draw.rectangle([600 + i * 120, 420 + i * 40, 700 + i * 120, 760], fill=(86, 84, 88))
    if not c.mended:
        c.draw.ellipse([380, 90, 460, 170], fill=(250, 236, 190))


def flowers(c: Canvas) -> None:
    """A flower bed: dry and full of weeds, or planted anew."""
    c.sky((160, 190, 214), (206, 216, 214), 380)
    c.houses(390)
    c.ground((128, 146, 96), 390)
    c.draw.rounded_rectangle(
        [140, 560, 1140, 860], 60, fill=c.shade((122, 92, 66)), outline=c.shade((176, 170, 160)), width=22
    )
    for _ in range(110):
        x, y = c.between(190, 1090), c.between(600, 830)
        stem = (70, 128, 64) if c.mended else c.random.choice([(150, 134, 70), (120, 124, 62)])
        c.draw.line([(x, y), (x + c.between(-14, 14), y - c.between(24, 60))], fill=c.shade(stem), width=5)
        if c.mended:
            c.blob(x, y - 50, 13, 13, c.random.choice([(214, 66, 80), (240, 196, 70), (180, 96, 190)]))


def tap(c: Canvas) -> None:
    """A wash-basin whose tap runs, or is closed."""
    c.ground((206, 212, 212), 0)
    for i in range(12):
        c.draw.line([(i * 120, 0), (i * 120, HEIGHT_PX)], fill=c.shade((186, 192, 192)), width=4)
        c.draw.line([(0, i * 100), (WIDTH_PX, i * 100)], fill=c.shade((186, 192, 192)), width=4)
    x = c.between(480, 700)
    c.draw.rounded_rectangle(
        [x - 330, 600, x + 330, 800], 70, fill=c.shade((240, 240, 238)), outline=c.shade((170, 174, 176)), width=8
    )
    c.draw.ellipse([x - 240, 610, x + 240, 700], fill=c.shade((190, 198, 202)))
    c.draw.line([(x - 90, 610), (x - 90, 400), (x + 20, 400), (x + 20, 450)], fill=c.shade((132, 138, 144)), width=34)
    if not c.mended:
        c.draw.line([(x + 20, 456), (x + 20, 650)], fill=c.shade((104, 164, 214)), width=18)
        c.blob(x + 20, 660, 90, 20, (104, 164, 214), 0.2)


def dry_tap(c: Canvas) -> None:
    """A tap without water, or with it."""
    c.mended = not c.mended
    tap(c)


def glass(c: Canvas) -> None:
    """A glass of tap water: yellow, or clear."""
    c.ground((214, 210, 202), 0)
    c.ground((150, 116, 84), 640)
    x = c.between(480, 700)
    water = (206, 222, 228) if c.mended else (206, 166, 78)
    c.draw.polygon([(x - 130, 260), (x + 130, 260), (x + 100, 780), (x - 100, 780)], fill=c.shade((226, 232, 232)))
    c.draw.polygon([(x - 120, 380), (x + 120, 380), (x + 98, 768), (x - 98, 768)], fill=c.shade(water))
    if not c.mended:
        for _ in range(30):
            c.blob(x + c.between(-90, 90), c.between(690, 760), 5, 4, (120, 84, 40))


def stalls(c: Canvas) -> None:
    """Stalls on the carriageway, or none."""
    c.road()
    for i in range(0 if c.mended else 4):
        left = 60 + i * 300 + c.between(-20, 20)
        c.draw.rectangle([left + 20, 640, left + 230, 760], fill=c.shade((156, 116, 80)))
        for post in (left + 20, left + 224):
            c.draw.line([(post, 480), (post, 800)], fill=c.shade((90, 90, 94)), width=8)
        roof = c.random.choice([(196, 66, 56), (66, 124, 180), (228, 178, 70)])
        c.draw.polygon([(left - 10, 500), (left + 125, 420), (left + 260, 500)], fill=c.shade(roof))
        for _ in range(14):
            c.blob(
                left + c.between(40, 210), 636, 16, 14, c.random.choice([(220, 90, 60), (120, 160, 70), (230, 190, 80)])
            )


def wall(c: Canvas) -> None:
    """An old wall that bulges and cracks, or is propped up."""
    c.sky((168, 186, 200), (208, 214, 214), 300)
    c.ground((120, 116, 110), 760)
    for row in range(12):
        for column in range(15):
            left, top = column * 96 - (row % 2) * 48, 240 + row * 44
            c.draw.rectangle([left, top, left + 90, top + 38], fill=c.shade((158, 92, 72), c.between(0.85, 1.1)))
    x = c.between(400, 800)
    if c.mended:
        for foot in (x - 260, x, x + 260):
            c.draw.line([(foot, 300), (foot + 130, 820)], fill=c.shade((176, 140, 90)), width=26)
        return
    points = [(x + c.between(-60, 60), 240 + i * 58) for i in range(10)]
    c.draw.line(points, fill=c.shade((40, 30, 28)), width=16)
    for _ in range(16):
        c.blob(x + c.between(-160, 160), c.between(770, 830), c.between(16, 44), c.between(10, 24), (146, 84, 66), 0.25)


SCENES: dict[str, Scene] = {
    one.__name__: one
    for one in (
        pothole, pavement, manhole, lamp, traffic_light, sign, leak, flood, rubbish, dumping, tree, playground,
        parking, bikes, cable, bench, river, site, flowers, tap, dry_tap, glass, stalls, wall,
    )
}  # fmt: skip


def draw_photo(scene: str, seed: int, *, mended: bool = False) -> bytes:
    """Draw the scene as a JPEG; the same seed gives the same picture, and with `mended` the same place put right."""
    canvas = Canvas(seed, mended=mended)
    SCENES[scene](canvas)
    return canvas.photo()
