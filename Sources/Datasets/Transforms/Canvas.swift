import CImages
import Foundation
import Tensors

/// Byte memory that grows and is kept from image to image.
final class ScratchBytes {
    private(set) var bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
    private var capacity = 1

    func reserve(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        if count > capacity {
            bytes.deallocate()
            bytes = .allocate(capacity: count)
            capacity = count
        }
        return bytes
    }

    deinit { bytes.deallocate() }
}

/// What lies beyond an image's edges when a crop reaches there.
public enum PaddingMode: String, Codable, Sendable, CaseIterable {
    /// Black.
    case zero
    /// The image reflected at its edge, the edge itself not repeated.
    case reflect
}

/// An image on its way through the byte steps. Crops and flips only move a window; whatever needs the pixels in place
/// copies them into one of three scratch buffers. It keeps account of where its pixels came from.
package struct Canvas {
    private(set) var view: hb_view
    /// From the image at the beginning to the present window. Where a crop reflects the image beyond its edges, the motion
    /// tells of the pixels inside alone, and has no source for the reflected ones.
    package private(set) var motion: Motion
    /// The scratch buffer that the window looks at; nil for the image itself.
    private var current: Int?
    let scratch: [ScratchBytes]

    static func makeScratch() -> [ScratchBytes] { (0..<3).map { _ in ScratchBytes() } }

    /// - Parameters:
    ///   - pixels: must stay valid as long as the canvas.
    ///   - motion: what made the image, if that is to be part of the account.
    init(
        _ image: Image, pixels: UnsafePointer<UInt8>, scratch: [ScratchBytes], motion: Motion? = nil
    ) {
        view = Canvas.whole(pixels, image.width, image.height, image.channels)
        self.scratch = scratch
        self.motion = motion ?? .identity(image.size)
    }

    package var width: Int { Int(view.width) }
    package var height: Int { Int(view.height) }
    package var size: Pair { Pair(height, width) }
    var channels: Int { Int(view.channels) }

    private static func whole(_ pixels: UnsafePointer<UInt8>, _ width: Int, _ height: Int, _ channels: Int) -> hb_view {
        hb_view(
            pixels: pixels, source_width: Int32(width), source_height: Int32(height), channels: Int32(channels), x: 0,
            y: 0, width: Int32(width), height: Int32(height), mirrored: 0, reflect: 0)
    }

    private var isWhole: Bool {
        view.x == 0 && view.y == 0 && view.width == view.source_width && view.height == view.source_height
    }

    func free(except other: Int? = nil) -> Int { (0..<3).first { $0 != current && $0 != other }! }

    /// Makes the window the whole of its buffer, unmirrored.
    mutating func materialize(writable: Bool = false) {
        if isWhole, view.mirrored == 0, !writable || current != nil { return }
        let target = free()
        let output = scratch[target].reserve(width * height * channels)
        hb_view_copy(&view, output)
        view = Canvas.whole(output, width, height, channels)
        current = target
    }

    mutating func adopt(_ buffer: Int, width: Int, height: Int) {
        view = Canvas.whole(scratch[buffer].bytes, width, height, channels)
        current = buffer
    }

    /// Moves the window to [x, x + width) x [y, y + height) of the present one, which it may leave.
    /// - Parameter keepsCenters: whether objects go along only where their centers do.
    package mutating func crop(
        x: Int, y: Int, width: Int, height: Int, padding: PaddingMode = .zero, keepsCenters: Bool = false
    ) {
        let leaves = x < 0 || y < 0 || x + width > self.width || y + height > self.height
        // Beyond the window lies padding, not what the window happens to hide.
        if leaves && !isWhole { materialize() }
        if leaves { view.reflect = padding == .reflect ? 1 : 0 }
        let motion = Motion.crop(size, x: x, y: y, to: Pair(height, width))
        moved(keepsCenters ? motion.keepingCenters : motion)
        view.x += view.mirrored == 0 ? Int32(x) : view.width - Int32(x + width)
        view.y += Int32(y)
        view.width = Int32(width)
        view.height = Int32(height)
    }

    package mutating func mirror() {
        view.mirrored ^= 1
        moved(.flip(size))
    }

    /// Adds to the account of what became of the pixels; whatever moves them calls it.
    mutating func moved(_ next: Motion) { motion = motion.then(next) }

    package mutating func resize(width newWidth: Int, height newHeight: Int, filter: ResizeFilter) {
        if newWidth == width && newHeight == height { return }
        materialize()
        moved(.resize(size, to: Pair(newHeight, newWidth)))
        if newWidth != width {
            let table = ResampleTable(from: width, to: newWidth, filter: filter)
            let target = free()
            let output = scratch[target].reserve(newWidth * height * channels)
            hb_resample_columns(
                view.pixels, view.width, view.height, view.channels, Int32(newWidth), table.starts, table.lengths,
                table.weights, Int32(table.stride), output)
            adopt(target, width: newWidth, height: height)
        }
        if newHeight != height {
            let table = ResampleTable(from: height, to: newHeight, filter: filter)
            let target = free()
            let output = scratch[target].reserve(newWidth * newHeight * channels)
            hb_resample_rows(
                view.pixels, view.width * view.channels, Int32(newHeight), table.starts, table.lengths, table.weights,
                Int32(table.stride), output)
            adopt(target, width: newWidth, height: newHeight)
        }
    }

    /// Puts the image into the middle of a larger one of a colour.
    package mutating func surround(width newWidth: Int, height newHeight: Int, fill: [UInt8]) {
        place(
            left: (newWidth - width) / 2, top: (newHeight - height) / 2, width: newWidth, height: newHeight, fill: fill)
    }

    /// Puts the image with its upper left corner at `left`, `top` of a larger one of a colour.
    package mutating func place(left: Int, top: Int, width newWidth: Int, height newHeight: Int, fill: [UInt8]) {
        if newWidth == width && newHeight == height { return }
        materialize()
        let target = free()
        let output = scratch[target].reserve(newWidth * newHeight * channels)
        for channel in 0..<channels {
            let value = fill[channel < fill.count ? channel : 0]
            for position in stride(from: channel, to: newWidth * newHeight * channels, by: channels) {
                output[position] = value
            }
        }
        moved(.pad(size, left: left, top: top, to: Pair(newHeight, newWidth)))
        let rowBytes = width * channels
        for y in 0..<height {
            let first = ((top + y) * newWidth + left) * channels
            (output + first).update(from: view.pixels + y * rowBytes, count: rowBytes)
        }
        adopt(target, width: newWidth, height: newHeight)
    }

    /// Output (x, y) is the bilinear input at matrix (x, y, 1), in continuous coordinates.
    package mutating func transform(_ matrix: [Double]) {
        materialize()
        moved(Motion(matrix: matrix, from: size, to: size))
        let target = free()
        let output = scratch[target].reserve(width * height * channels)
        hb_affine(view.pixels, view.width, view.height, view.channels, matrix, output)
        adopt(target, width: width, height: height)
    }

    /// The pixels in a buffer of our own.
    mutating func editable() -> UnsafeMutablePointer<UInt8> {
        materialize(writable: true)
        return scratch[current!].bytes
    }

    mutating func blendWithBlack(_ factor: Double) {
        hb_blend_value(editable(), width * height * channels, 0, Float(factor))
    }

    /// Blends with the mean grey value of the image.
    mutating func blendWithMean(_ factor: Double) {
        let pixels = editable()
        let count = width * height
        var gray = pixels
        if channels == 3 {
            gray = scratch[free()].reserve(count)
            hb_grey_from_rgb(pixels, count, gray)
        }
        var sum = 0
        for i in 0..<count { sum += Int(gray[i]) }
        let mean = Int(Double(sum) / Double(count) + 0.5)
        hb_blend_value(pixels, count * channels, Int32(mean), Float(factor))
    }

    mutating func blendWithGray(_ factor: Double) {
        guard channels == 3 else { return }
        hb_blend_grey(editable(), width * height, Float(factor))
    }

    /// - Parameter turns: part of the colour circle, -0.5...0.5.
    mutating func shiftHue(_ turns: Double) {
        guard channels == 3 else { return }
        hb_shift_hue(editable(), width * height, Int32(turns * 255))
    }

    /// Writes every pixel through a table of 256 values per channel.
    func lookUp(_ table: [Float], into output: UnsafeMutablePointer<Float>) {
        withUnsafePointer(to: view) { hb_view_lookup($0, table, output) }
    }

    /// The pixels as an image of its own.
    func image() -> Image {
        let count = width * height * channels
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            withUnsafePointer(to: view) { hb_view_copy($0, buffer.baseAddress!) }
            initialized = count
        }
        return Image(width: width, height: height, channels: channels, pixels: pixels)
    }
}

/// One change of colours, 0 = brightness, 1 = contrast, 2 = saturation (factors), 3 = hue (turns).
package func colorChange(_ operation: Int, _ factor: Double, _ image: Image) -> Image {
    onCanvas(image) { canvas in
        switch operation {
        case 0: canvas.blendWithBlack(factor)
        case 1: canvas.blendWithMean(factor)
        case 2: canvas.blendWithGray(factor)
        default: canvas.shiftHue(factor)
        }
    }
}

/// The image moved by a matrix from output to input.
package func affineMotion(_ matrix: [Double], _ image: Image) -> Image { onCanvas(image) { $0.transform(matrix) } }

/// What becomes of an image, its pixels alone.
func onCanvas(_ image: Image, _ body: (inout Canvas) -> Void) -> Image { movedOnCanvas(image, body).image }

/// What becomes of an image and how its pixels move.
package func movedOnCanvas(_ image: Image, _ body: (inout Canvas) -> Void) -> (image: Image, motion: Motion) {
    image.pixels.withUnsafeBufferPointer { pixels in
        var canvas = Canvas(image, pixels: pixels.baseAddress!, scratch: Canvas.makeScratch())
        body(&canvas)
        return (canvas.image(), canvas.motion)
    }
}
