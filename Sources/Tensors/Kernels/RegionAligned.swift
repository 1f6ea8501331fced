import CKernels

/// What `Kernels/RegionAligned.swift` asks of an element type.
public protocol RegionKernels {
    /// The bins of one region [5] over its image's map.
    static func alignRegion(
        _ x: UnsafePointer<Self>, _ region: UnsafePointer<Self>, _ rule: hb_region_rule,
        _ room: UnsafeMutablePointer<hb_region_tap>, _ y: UnsafeMutablePointer<Self>)
    /// The adjoint for some channels: adds to the map's gradient.
    static func scatterRegion(
        _ g: UnsafePointer<Self>, _ region: UnsafePointer<Self>, _ rule: hb_region_rule,
        _ room: UnsafeMutablePointer<hb_region_tap>, channels: Range<Int>, _ dx: UnsafeMutablePointer<Self>)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: RegionKernels {
    public static func alignRegion(
        _ x: UnsafePointer<Float>, _ region: UnsafePointer<Float>, _ rule: hb_region_rule,
        _ room: UnsafeMutablePointer<hb_region_tap>, _ y: UnsafeMutablePointer<Float>
    ) { withUnsafePointer(to: rule) { hb_region_align(x, region, $0, room, y) } }

    public static func scatterRegion(
        _ g: UnsafePointer<Float>, _ region: UnsafePointer<Float>, _ rule: hb_region_rule,
        _ room: UnsafeMutablePointer<hb_region_tap>, channels: Range<Int>, _ dx: UnsafeMutablePointer<Float>
    ) {
        withUnsafePointer(to: rule) {
            hb_region_scatter(g, region, $0, room, channels.lowerBound, channels.count, dx)
        }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: RegionKernels {
    public static func alignRegion(
        _ x: UnsafePointer<Double>, _ region: UnsafePointer<Double>, _ rule: hb_region_rule,
        _ room: UnsafeMutablePointer<hb_region_tap>, _ y: UnsafeMutablePointer<Double>
    ) { withUnsafePointer(to: rule) { hb_region_align_double(x, region, $0, room, y) } }

    public static func scatterRegion(
        _ g: UnsafePointer<Double>, _ region: UnsafePointer<Double>, _ rule: hb_region_rule,
        _ room: UnsafeMutablePointer<hb_region_tap>, channels: Range<Int>, _ dx: UnsafeMutablePointer<Double>
    ) {
        withUnsafePointer(to: rule) {
            hb_region_scatter_double(g, region, $0, room, channels.lowerBound, channels.count, dx)
        }
    }
}

/// How regions are cut out of maps.
package struct RegionRule: Sendable {
    /// Bins along each axis.
    package let size: Pair
    /// Of coordinates, which the map's pixels are in.
    package let scale: Double
    /// Samples along each axis of a bin; 0 for one per pixel, rounded up.
    package let samples: Int
    /// Whether half a pixel is subtracted, and sizes stay as they are.
    package let isAligned: Bool

    package init(size: Pair, scale: Double, samples: Int, isAligned: Bool) {
        (self.size, self.scale, self.samples, self.isAligned) = (size, scale, samples, isAligned)
    }

    fileprivate func onMap(_ shape: Shape) -> hb_region_rule {
        hb_region_rule(
            height: shape[1], width: shape[2], channels: shape[3], out_height: size.height, out_width: size.width,
            scale: scale, samples: samples, aligned: isAligned ? 1 : 0)
    }
}

/// Room for the taps of one region, from the pool of tensors.
private struct TapRoom {
    private let storage: Storage<Double>
    let taps: UnsafeMutablePointer<hb_region_tap>

    init(_ rule: hb_region_rule) {
        let count = withUnsafePointer(to: rule) { hb_region_taps($0) }
        storage = Storage(count: TapRoom.elements(rule))
        taps = UnsafeMutableRawPointer(storage.pointer).bindMemory(to: hb_region_tap.self, capacity: count)
    }

    static func elements(_ rule: hb_region_rule) -> Int {
        let bytes = withUnsafePointer(to: rule) { hb_region_taps($0) } * MemoryLayout<hb_region_tap>.stride
        return bytes / MemoryLayout<Double>.stride
    }
}

extension Tensor {
    /// For self = regions [R, 5]: the image of each.
    package var imagesOfRegions: [Int] {
        read { regions in
            (0..<shape[0]).map { Int(exactly: Double(regions[5 * $0]).rounded()) ?? -1 }
        }
    }

    /// For self = maps [N, H, W, C]: the regions [R, 5] of them, [R, size.height, size.width, C].
    package func alignedRegions(_ regions: Tensor, images: [Int], _ rule: RegionRule) -> Tensor {
        Tensor([regions.shape[0], rule.size.height, rule.size.width, shape[3]]) {
            alignRegions(Array(0..<regions.shape[0]), of: regions, images: images, rule, into: $0)
        }
    }

    /// For self = maps: those of the regions whose rows are given, each at its row of y.
    package func alignRegions(
        _ rows: [Int], of regions: Tensor, images: [Int], _ rule: RegionRule, into y: UnsafeMutablePointer<S>
    ) {
        let channels = shape[3]
        let onMap = rule.onMap(shape)
        let (mapSize, size) = (shape[1] * shape[2] * channels, rule.size.height * rule.size.width * channels)
        let grain = max(1, elementGrain / max(1, size))
        withElements(self, regions) { x, regions in
            reserveScratch(Double.self, TapRoom.elements(onMap), chunks: chunkCount(rows.count, grain: grain))
            parallelFor(rows.count, grain: grain) { range in
                let room = TapRoom(onMap)
                for r in rows[range] {
                    S.alignRegion(x + images[r] * mapSize, regions + 5 * r, onMap, room.taps, y + r * size)
                }
                withExtendedLifetime(room) {}
            }
        }
    }

    /// For self = g: the gradient of the maps, whose shape is given, from the rows of the regions that were read of them. One
    /// task has some channels of an image and takes its regions in order.
    package func alignedRegionsGradient(
        _ rows: [Int], of regions: Tensor, images: [Int], _ rule: RegionRule, input: Shape
    ) -> Tensor {
        let channels = input[3]
        let onMap = rule.onMap(input)
        let (mapSize, size) = (input[1] * input[2] * channels, rule.size.height * rule.size.width * channels)
        let width = max(32, (channels / 4 + 15) / 16 * 16)
        let slices = chunkCount(channels, grain: width)
        var ofImage = [[Int]](repeating: [], count: input[0])
        for r in rows { ofImage[images[r]].append(r) }
        return Tensor(input) { dx in
            parallelFor(input.elementCount, grain: elementGrain) { clear(dx + $0.lowerBound, $0.count) }
            withElements(self, regions) { g, regions in
                reserveScratch(Double.self, TapRoom.elements(onMap), chunks: input[0] * slices)
                parallelFor(input[0] * slices, grain: 1) { task in
                    let (image, slice) = (task.lowerBound / slices, task.lowerBound % slices)
                    let own = slice * width..<min(channels, (slice + 1) * width)
                    let room = TapRoom(onMap)
                    for r in ofImage[image] {
                        S.scatterRegion(
                            g + r * size, regions + 5 * r, onMap, room.taps, channels: own, dx + image * mapSize)
                    }
                    withExtendedLifetime(room) {}
                }
            }
        }
    }
}
