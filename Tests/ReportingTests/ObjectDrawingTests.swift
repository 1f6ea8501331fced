import Reporting
import Testing

/// Boxes, masks and names on pictures.
@Suite struct ObjectDrawingTests {
    private typealias Color = Colormap.Color

    private func plain(_ color: Color, width: Int = 100, height: Int = 80) throws -> ObjectPicture {
        let pixels = (0..<width * height).flatMap { _ in [color.red, color.green, color.blue] }
        return try #require(ObjectPicture(pixels, width: width, height: height))
    }

    private func box(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double) -> DrawnObject.Box {
        .init(left: left, top: top, right: right, bottom: bottom)
    }

    private func pixel(_ picture: ObjectPicture, _ x: Int, _ y: Int) -> Color {
        let at = 3 * (y * picture.width + x)
        return Color(red: picture.pixels[at], green: picture.pixels[at + 1], blue: picture.pixels[at + 2])
    }

    /// How far apart two colors are, the sum over red, green and blue.
    private func distance(_ a: Color, _ b: Color) -> Int {
        abs(Int(a.red) - Int(b.red)) + abs(Int(a.green) - Int(b.green)) + abs(Int(a.blue) - Int(b.blue))
    }

    private let white = Color(red: 255, green: 255, blue: 255)
    private let gray = Color(red: 100, green: 100, blue: 100)

    @Test func anOutlineStandsOutOnAnyBackground() throws {
        let dark = Color(red: 20, green: 20, blue: 60)
        let colors = (0..<20).map { ObjectPalette.color($0) } + DrawnObject.Verdict.allCases.map(\.color) + [dark]
        let grounds = colors + [white, gray, Color(red: 0, green: 0, blue: 0)]
        for ground in grounds {
            let blank = try plain(ground)
            for color in colors {
                let drawn = blank.drawing([DrawnObject(box: box(20, 20, 60, 50), color: color)])
                let (line, around) = (pixel(drawn, 40, 20), pixel(drawn, 40, 19))
                #expect(line == color)
                #expect(max(distance(line, ground), distance(around, ground)) > 150, "\(color) on \(ground)")
                // Nothing else changed: neither beside the box nor within it.
                #expect(pixel(drawn, 40, 18) == ground && pixel(drawn, 40, 22) == ground)
                #expect(pixel(drawn, 59, 30) == color && pixel(drawn, 60, 30) == around)
                #expect(pixel(drawn, 61, 30) == ground && pixel(drawn, 40, 49) == color)
            }
        }
    }

    @Test func dashesHaveGapsAndDotsShorterOnes() throws {
        func gaps(_ style: DrawnObject.Style) throws -> Int {
            let object = DrawnObject(box: box(10, 10, 90, 70), color: ObjectPalette.color(0), style: style)
            let drawn = try plain(white).drawing([object])
            // Of the upper line, where a pixel is white and the one before it is not.
            return (12..<88).count { pixel(drawn, $0, 10) == white && pixel(drawn, $0 - 1, 10) != white }
        }
        #expect(try gaps(.solid) == 0)
        let (dashed, dotted) = (try gaps(.dashed), try gaps(.dotted))
        #expect((8...11).contains(dashed) && (16...22).contains(dotted), "\(dashed) \(dotted)")
    }

    @Test func aMaskIsHalfTransparentWithAStrongerRim() throws {
        let mask = try #require(
            DrawnMask(x: 30, y: 20, width: 20, height: 20, covered: [Bool](repeating: true, count: 400)))
        let color = Color(red: 255, green: 0, blue: 0)
        let object = DrawnObject(box: box(60, 60, 70, 70), color: color, mask: mask)
        let drawn = try plain(gray).drawing([object])
        #expect(pixel(drawn, 40, 30) == Color(red: 167, green: 56, blue: 56))
        #expect(pixel(drawn, 30, 30) == Color(red: 235, green: 12, blue: 12))
        #expect(pixel(drawn, 29, 30) == gray && pixel(drawn, 50, 30) == gray)
    }

    @Test func theFirstObjectLiesOnTop() throws {
        let (first, second) = (ObjectPalette.color(0), ObjectPalette.color(1))
        let drawn = try plain(white).drawing([
            DrawnObject(box: box(20, 20, 60, 50), color: first), DrawnObject(box: box(20, 20, 70, 60), color: second),
        ])
        #expect(pixel(drawn, 40, 20) == first && pixel(drawn, 65, 20) == second)
    }

    @Test func largePicturesHaveThickerLinesAndLetters() throws {
        func marked(_ side: Int) throws -> (line: Int, plate: Int) {
            let object = DrawnObject(
                box: box(0.2 * Double(side), 0.5 * Double(side), 0.9 * Double(side), 0.9 * Double(side)), name: "cat",
                color: ObjectPalette.color(0))
            let drawn = try plain(gray, width: side, height: side).drawing([object])
            let line = (0..<side).count { pixel(drawn, $0, side * 7 / 10) == object.color }
            // The plate's left edge stands above the box's.
            let column = (0..<side).first { pixel(drawn, $0, side * 7 / 10) != gray } ?? 0
            return (line, (0..<side / 2).count { pixel(drawn, column, $0) == object.color })
        }
        let (small, large) = (try marked(200), try marked(1600))
        #expect(small.line == 4 && small.plate == 10)
        #expect(large.line == 10 && large.plate == 40)
    }

    @Test func platesDoNotCoverEachOtherAndKeepTheScoreWhereThereIsNoRoom() throws {
        let color = ObjectPalette.color(0)
        func drawn(_ count: Int, _ names: Bool) throws -> ObjectPicture {
            let objects = (0..<count).map { index -> DrawnObject in
                let x = Double(10 + 14 * index)
                return DrawnObject(
                    box: box(x, 30, x + 12, 42), name: "erythrocyte", detail: "0.9\(index)", color: color)
            }
            return try plain(white, width: 300, height: 80).drawing(objects, names: names)
        }
        // A plate is 10 pixels high; each covers at least the four letters of a score.
        let without = try drawn(10, false).pixels
        let plates = zip(try drawn(10, true).pixels, without).count { $0 != $1 } / 3
        let one = zip(try drawn(1, true).pixels, without).count { $0 != $1 } / 3
        #expect(one > 16 * 6 * 9 && plates > 5 * 25 * 9 && plates > 2 * one)
        // The same picture with no objects at all is the picture.
        #expect(try plain(white).drawing([]) == plain(white))
    }

    @Test func namesAreCutOffAtTheEdgeAndStrangeOnesAreWritten() throws {
        let long = String(repeating: "Übergröße 🐈 ", count: 40)
        let picture = try plain(white).drawing([
            DrawnObject(box: box(0, 0, 100, 80), name: long, color: ObjectPalette.color(2)),
            DrawnObject(box: box(95, 75, 100, 80), name: "\u{202E}\n\0", detail: "", color: ObjectPalette.color(3)),
        ])
        #expect(picture.pixels.count == 3 * 8000)
    }

    @Test func boxesThatAreNoneAreLeftOutAndOthersClipped() throws {
        let color = ObjectPalette.color(4)
        let ground = try plain(white)
        for strange in [
            box(.nan, 0, 10, 10), box(10, 10, 0, 0), box(-.infinity, 0, .infinity, 10), box(200, 10, 210, 20),
            box(-50, -50, -1, -1),
        ] {
            #expect(ground.drawing([DrawnObject(box: strange, name: "x", color: color)]) == ground, "\(strange)")
        }
        let whole = ground.drawing([DrawnObject(box: box(-1e300, -1e300, 1e300, 1e300), color: color)])
        #expect(pixel(whole, 0, 0) == color && pixel(whole, 99, 79) == color && pixel(whole, 50, 40) == white)
        // A box without an area is a point that can be seen.
        let point = ground.drawing([DrawnObject(box: box(40, 40, 40, 40), color: color)])
        #expect(pixel(point, 39, 40) == color && pixel(point, 40, 41) == color)
        #expect(ObjectPicture([1, 2, 3], width: 2, height: 1) == nil && ObjectPicture([], width: 0, height: 0) == nil)
    }

    @Test func masksAreTheSameFromRunsOutlinesAndPixels() throws {
        // A rectangle of 3 x 4 at (2, 1) in a picture of 8 x 6, down the columns: 13 free, then 4 of each column of 6.
        let runs = [2 * 6 + 1, 4, 2, 4, 2, 4, 6 * 3 + 1]
        let fromRuns = try #require(DrawnMask(runs: runs, width: 8, height: 6))
        let expected = try #require(
            DrawnMask(x: 2, y: 1, width: 3, height: 4, covered: [Bool](repeating: true, count: 12)))
        #expect(fromRuns == expected)
        #expect(DrawnMask(outlines: [[2, 1, 5, 1, 5, 5, 2, 5]], width: 8, height: 6) == expected)
        // Two outlines are united, and one that leaves the picture is cut off.
        let both = try #require(
            DrawnMask(outlines: [[0, 0, 2, 0, 2, 2, 0, 2], [1, 1, 99, 1, 99, 2, 1, 2]], width: 4, height: 3))
        #expect(both.covered == [true, true, false, false, true, true, true, true])
        // A run over several columns covers their whole height.
        let tall = try #require(DrawnMask(runs: [4, 9, 5], width: 3, height: 6))
        #expect(tall.x == 0 && tall.y == 0 && tall.width == 3 && tall.height == 6 && tall.covered.count { $0 } == 9)
        #expect(tall.covered[12...14] == [true, true, false] && tall.covered[0...2] == [false, true, true])
        for damaged in [[5], [50], [-1, 49], [Int.max, 1], [48], []] {
            #expect(DrawnMask(runs: damaged, width: 8, height: 6) == nil, "\(damaged)")
        }
        for damaged: [[Double]] in [[], [[1, 1, 2, 2]], [[.nan, 0, 1, 1, 2, 2]], [[9, 9, 10, 9, 10, 10]]] {
            #expect(DrawnMask(outlines: damaged, width: 8, height: 6) == nil, "\(damaged)")
        }
    }

    @Test func masksScaleByTheNearestPixelAndNeverVanish() throws {
        let mask = try #require(
            DrawnMask(x: 2, y: 1, width: 2, height: 1, covered: [true, false]))
        let twice = try #require(mask.scaled(x: 2, y: 3))
        #expect(twice.x == 4 && twice.y == 3 && twice.width == 4 && twice.height == 3)
        #expect(Array(twice.covered[0..<4]) == [true, true, false, false])
        #expect(try #require(mask.scaled(x: 0.1, y: 0.1)).covered.contains(true))
        #expect(mask.scaled(x: .nan, y: 1) == nil && mask.scaled(x: 1e12, y: 1e12) == nil)
        let object = DrawnObject(box: box(1, 2, 3, 4), color: white, mask: mask).scaled(x: 2, y: 3)
        #expect(object.box == box(2, 6, 6, 12) && object.mask == twice)
    }

    @Test func classesHaveColorsOfTheirOwn() {
        let colors = (0..<80).map { ObjectPalette.color($0) }
        #expect(Set(colors).count == 80)
        for (index, color) in colors.prefix(12).enumerated() {
            for other in colors.prefix(index) { #expect(distance(color, other) > 80, "\(index)") }
        }
        #expect(ObjectPalette.color(-5) == ObjectPalette.color(0))
        #expect(ObjectPalette.color(.max) == ObjectPalette.color(.max))
    }

    @Test func smallPicturesAreEnlargedWithTheirObjects() throws {
        #expect(ObjectPicture.enlargement(width: 96, height: 96) == 4)
        #expect(ObjectPicture.enlargement(width: 320, height: 20) == 1)
        let picture = try #require(ObjectPicture([10, 200], width: 2, height: 1, channels: 1))
        let large = picture.enlarged(by: 2)
        #expect(large.width == 4 && large.height == 2)
        #expect(large.pixels == [10, 10, 10, 10, 10, 10, 200, 200, 200, 200, 200, 200] + large.pixels.prefix(12))
        #expect(large.beside(large, gap: 1).pixels.count == 9 * 2 * 3)
    }
}
