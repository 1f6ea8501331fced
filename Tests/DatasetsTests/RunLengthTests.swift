import Datasets
import Foundation
import Tensors
import Testing

/// Run-length masks and the fill of outlines, exactly as COCO's own tools have them (`Resources/rle.json`).
struct RunLengthTests {
    private struct Shape: Decodable {
        var name: String
        var height: Int
        var width: Int
        var polygons: [[Double]]?
        var counts: [UInt32]
        var compressed: String
        var area: Int
        var bbox: [Double]

        var size: Pair { Pair(height, width) }
    }

    private struct Mask: Decodable {
        var size: [Int]
        var counts: [UInt32]
    }

    private struct Overlaps: Decodable {
        var detections: [Mask]
        var truth: [Mask]
        var iscrowd: [Int]
        var maskOverlap: [[Double]]

        enum CodingKeys: String, CodingKey {
            case detections
            case truth
            case iscrowd
            case maskOverlap = "mask_iou"
        }
    }

    private struct Fixture: Decodable {
        var polygons: [Shape]
        var masks: [Shape]
        var iou: Overlaps
    }

    private static let fixture: Fixture = {
        let url = Bundle.module.url(forResource: "rle", withExtension: "json", subdirectory: "Resources")!
        return try! JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    }()

    private func polygon(_ numbers: [Double]) -> Polygon {
        Polygon(stride(from: 0, to: numbers.count - 1, by: 2).map { Point(numbers[$0], numbers[$0 + 1]) })
    }

    @Test func outlinesAreFilledAsTheReferenceDoes() {
        #expect(Self.fixture.polygons.count == 13)
        for shape in Self.fixture.polygons {
            let mask = RunLengthMask(filling: (shape.polygons ?? []).map(polygon), size: shape.size)
            #expect(mask.counts == shape.counts, "\(shape.name)")
        }
    }

    @Test func textAreaAndBoxAreThoseOfTheReference() throws {
        for shape in Self.fixture.polygons + Self.fixture.masks {
            let mask = try RunLengthMask(size: shape.size, counts: shape.counts)
            #expect(mask.compressed == shape.compressed && mask.area == shape.area, "\(shape.name)")
            #expect(try RunLengthMask(size: shape.size, compressed: shape.compressed) == mask, "\(shape.name)")
            let box = mask.box
            #expect([box.left, box.top, box.width, box.height] == shape.bbox, "\(shape.name)")
            #expect(RunLengthMask(bitmap: mask.bitmap, size: shape.size).bitmap == mask.bitmap)
        }
        for shape in Self.fixture.masks {
            let mask = try RunLengthMask(size: shape.size, counts: shape.counts)
            #expect(RunLengthMask(bitmap: mask.bitmap, size: shape.size) == mask, "\(shape.name)")
        }
    }

    @Test func overlapsAreThoseOfTheReference() throws {
        let given = Self.fixture.iou
        let truths = try given.truth.map { try RunLengthMask(size: Pair($0.size[0], $0.size[1]), counts: $0.counts) }
        for (row, detection) in given.detections.enumerated() {
            let mask = try RunLengthMask(size: Pair(detection.size[0], detection.size[1]), counts: detection.counts)
            for (column, truth) in truths.enumerated() {
                #expect(mask.overlap(truth, isCrowd: given.iscrowd[column] == 1) == given.maskOverlap[row][column])
            }
        }
    }

    private func random(_ size: Pair, _ random: inout Random) -> [UInt8] {
        let density = random.uniform()
        return (0..<size.height * size.width).map { _ in random.chance(density) ? 1 : 0 }
    }

    @Test func unionsAndIntersectionsAreThoseOfThePixels() throws {
        var draws = Random(seed: 1, purpose: "masks")
        for _ in 0..<200 {
            let size = Pair(1 + draws.integer(below: 9), 1 + draws.integer(below: 9))
            let (one, other) = (random(size, &draws), random(size, &draws))
            let (a, b) = (RunLengthMask(bitmap: one, size: size), RunLengthMask(bitmap: other, size: size))
            #expect(a.bitmap == one && a.area == one.count { $0 == 1 })
            #expect(a.union(b) == RunLengthMask(bitmap: zip(one, other).map { $0 | $1 }, size: size))
            #expect(a.intersection(b) == zip(one, other).count { $0 & $1 == 1 })
            #expect(try RunLengthMask(size: size, compressed: a.compressed) == a)
        }
        let empty = RunLengthMask(empty: Pair(3, 4))
        #expect(empty.area == 0 && empty.box.area == 0 && empty.overlap(empty) == 0)
        #expect(RunLengthMask(union: [], size: Pair(3, 4)) == empty)
    }

    @Test func runsOfNoLengthAreFine() throws {
        let mask = try RunLengthMask(size: Pair(2, 3), counts: [0, 2, 0, 1, 0, 0, 3, 0])
        #expect(mask.bitmap == [1, 1, 0, 1, 0, 0] && mask.area == 3)
        #expect(mask.union(mask).counts == [0, 3, 3] && mask.intersection(mask) == 3)
        #expect(try RunLengthMask(size: Pair(2, 3), compressed: mask.compressed) == mask)
    }

    /// What is wrong with the text of runs; nil where nothing is.
    private func problem(_ size: Pair, _ text: String) -> RunLengthError? {
        do throws(RunLengthError) { _ = try RunLengthMask(size: size, compressed: text) } catch { return error }
        return nil
    }

    /// What is wrong with runs; nil where nothing is.
    private func problem(_ size: Pair, _ counts: [UInt32]) -> RunLengthError? {
        do throws(RunLengthError) { _ = try RunLengthMask(size: size, counts: counts) } catch { return error }
        return nil
    }

    @Test func damagedRunsAreNamed() {
        let size = Pair(4, 5)
        #expect(problem(size, [3, 4] as [UInt32]) == .tooFew(found: 7, pixels: 20))
        #expect(problem(size, [3, 40] as [UInt32]) == .tooMany(pixels: 20))
        #expect(problem(size, [] as [UInt32]) == .tooFew(found: 0, pixels: 20))
        for (text, expected) in [
            ("", RunLengthError.tooFew(found: 0, pixels: 20)), ("p", .character(112)), ("/", .character(47)),
            ("\u{e9}", .character(195)), ("d", .truncated), ("oooooooo", .length(run: 0)), ("O", .length(run: 0)),
            ("Z", .truncated), ("1111", .tooFew(found: 5, pixels: 20)), ("222J", .length(run: 3)),
            ("o1", .tooMany(pixels: 20)),
        ] {
            #expect(problem(size, text) == expected, "\(text)")
        }
        for size in [Pair(0, 5), Pair(-3, 5), Pair(.max, 2), Pair(.min, .min), Pair(1 << 20, 1 << 20)] {
            guard case .size = problem(size, "1") else {
                Issue.record("\(size)")
                continue
            }
        }
    }

    @Test func noTextTrapsOrTakesMuchMemory() {
        var random = Random(seed: 3, purpose: "damage")
        let texts = (Self.fixture.polygons + Self.fixture.masks).map { (Array($0.compressed.utf8), $0.size) }
        var read = 0
        for round in 0..<100_000 {
            var (text, size) = texts[round % texts.count]
            for _ in 0..<1 + random.integer(below: 3) where !text.isEmpty {
                let place = random.integer(below: text.count)
                switch random.integer(below: 4) {
                case 0: text[place] = UInt8(48 + random.integer(below: 64))
                case 1: text[place] = UInt8(random.integer(below: 256))
                case 2: text.remove(at: place)
                default: text.insert(UInt8(48 + random.integer(below: 64)), at: place)
                }
            }
            if random.chance(0.1) {
                size = Pair(1 + random.integer(below: 1 << 13), 1 + random.integer(below: 1 << 13))
            }
            guard let mask = try? RunLengthMask(size: size, compressed: String(decoding: text, as: UTF8.self)) else {
                continue
            }
            read += 1
            #expect(mask.counts.reduce(0) { $0 + Int($1) } == size.height * size.width)
        }
        #expect(read > 100)
    }

    @Test func strangeOutlinesAreFilledInLittleTime() {
        let size = Pair(30, 40)
        let far = Polygon([Point(-1e300, -1e18), Point(1e18, 5), Point(3, 1e300)])
        #expect(RunLengthMask(filling: far, size: size).area <= 1200)
        let around = Polygon([Point(-1e8, -1e8), Point(1e8, -1e8), Point(1e8, 1e8), Point(-1e8, 1e8)])
        #expect(RunLengthMask(filling: around, size: size).area == 1200)
        for corners in [[], [Point(1, 1)], [Point(1, 1), Point(5, 5)], [Point(.nan, 1), Point(5, 5), Point(2, 9)]] {
            #expect(RunLengthMask(filling: Polygon(corners), size: size).area == 0)
        }
        // Back and forth, time and again: what is crossed twice is not crossed.
        let zigzag = Polygon((0..<100_001).map { Point($0 % 2 == 0 ? 0 : 40, 10 + Double($0 % 3)) })
        #expect(RunLengthMask(filling: zigzag, size: size).area <= 1200)
        let moved = Polygon([Point(-5.5, -3.25), Point(50, 12), Point(12.5, 80)])
        #expect(RunLengthMask(filling: moved, size: size).area > 100)
    }
}
