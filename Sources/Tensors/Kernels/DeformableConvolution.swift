import CKernels

/// What `Kernels/DeformableConvolution.swift` asks of an element type.
public protocol DeformableKernels {
    /// The patches of some output rows of the batch, [pixel][tap][channel], read where the offsets say and times the mask.
    static func gatherDeformed(
        _ x: UnsafePointer<Self>, _ offsets: UnsafePointer<Self>, _ mask: UnsafePointer<Self>?,
        _ patches: UnsafeMutablePointer<Self>, _ geometry: hb_window, offsetGroups: Int, rows: Range<Int>,
        channels: Range<Int>)
    /// The adjoint for channels of one offset group: into the map, and by offsets and mask into sums [pixel][tap][3].
    static func scatterDeformed(
        _ g: UnsafePointer<Self>, _ x: UnsafePointer<Self>, _ offsets: UnsafePointer<Self>,
        _ mask: UnsafePointer<Self>?, _ dx: UnsafeMutablePointer<Self>?, _ sums: UnsafeMutablePointer<Self>?,
        _ geometry: hb_window, offsetGroups: Int, rows: Range<Int>, channels: Range<Int>)
    /// Adds the sums of the slices of an offset group, for some pixels.
    static func collectDeformed(
        _ sums: UnsafePointer<Self>, slices: Int, distance: Int, offsets: UnsafeMutablePointer<Self>?,
        mask: UnsafeMutablePointer<Self>?, taps: Int, offsetGroups: Int, group: Int, pixels: Range<Int>)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: DeformableKernels {
    public static func gatherDeformed(
        _ x: UnsafePointer<Float>, _ offsets: UnsafePointer<Float>, _ mask: UnsafePointer<Float>?,
        _ patches: UnsafeMutablePointer<Float>, _ geometry: hb_window, offsetGroups: Int, rows: Range<Int>,
        channels: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_deform_gather(
                x, offsets, mask, patches, $0, offsetGroups, rows.lowerBound, rows.upperBound, channels.lowerBound,
                channels.count)
        }
    }

    public static func scatterDeformed(
        _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ offsets: UnsafePointer<Float>,
        _ mask: UnsafePointer<Float>?, _ dx: UnsafeMutablePointer<Float>?, _ sums: UnsafeMutablePointer<Float>?,
        _ geometry: hb_window, offsetGroups: Int, rows: Range<Int>, channels: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_deform_scatter(
                g, x, offsets, mask, dx, sums, $0, offsetGroups, rows.lowerBound, rows.upperBound,
                channels.lowerBound, channels.count)
        }
    }

    public static func collectDeformed(
        _ sums: UnsafePointer<Float>, slices: Int, distance: Int, offsets: UnsafeMutablePointer<Float>?,
        mask: UnsafeMutablePointer<Float>?, taps: Int, offsetGroups: Int, group: Int, pixels: Range<Int>
    ) {
        hb_deform_collect(
            sums, slices, distance, offsets, mask, taps, offsetGroups, group, pixels.lowerBound, pixels.upperBound)
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: DeformableKernels {
    public static func gatherDeformed(
        _ x: UnsafePointer<Double>, _ offsets: UnsafePointer<Double>, _ mask: UnsafePointer<Double>?,
        _ patches: UnsafeMutablePointer<Double>, _ geometry: hb_window, offsetGroups: Int, rows: Range<Int>,
        channels: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_deform_gather_double(
                x, offsets, mask, patches, $0, offsetGroups, rows.lowerBound, rows.upperBound, channels.lowerBound,
                channels.count)
        }
    }

    public static func scatterDeformed(
        _ g: UnsafePointer<Double>, _ x: UnsafePointer<Double>, _ offsets: UnsafePointer<Double>,
        _ mask: UnsafePointer<Double>?, _ dx: UnsafeMutablePointer<Double>?, _ sums: UnsafeMutablePointer<Double>?,
        _ geometry: hb_window, offsetGroups: Int, rows: Range<Int>, channels: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_deform_scatter_double(
                g, x, offsets, mask, dx, sums, $0, offsetGroups, rows.lowerBound, rows.upperBound,
                channels.lowerBound, channels.count)
        }
    }

    public static func collectDeformed(
        _ sums: UnsafePointer<Double>, slices: Int, distance: Int, offsets: UnsafeMutablePointer<Double>?,
        mask: UnsafeMutablePointer<Double>?, taps: Int, offsetGroups: Int, group: Int, pixels: Range<Int>
    ) {
        hb_deform_collect_double(
            sums, slices, distance, offsets, mask, taps, offsetGroups, group, pixels.lowerBound, pixels.upperBound)
    }
}
