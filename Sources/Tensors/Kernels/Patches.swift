import CKernels

/// What `Kernels/Patches.swift` asks of an element type.
public protocol PatchKernels {
    /// The patches of some output rows of the batch, [pixel][tap][channel], zero outside the map.
    static func gatherPatches(
        _ x: UnsafePointer<Self>, _ patches: UnsafeMutablePointer<Self>, _ geometry: hb_window, rows: Range<Int>,
        channels: Range<Int>)
    /// The adjoint: adds each patch element to where it was read from.
    static func scatterPatches(
        _ patches: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>, _ geometry: hb_window, rows: Range<Int>,
        channels: Range<Int>)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: PatchKernels {
    public static func gatherPatches(
        _ x: UnsafePointer<Float>, _ patches: UnsafeMutablePointer<Float>, _ geometry: hb_window, rows: Range<Int>,
        channels: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_gather_patches(
                x, patches, $0, rows.lowerBound, rows.upperBound, channels.lowerBound, channels.count)
        }
    }

    public static func scatterPatches(
        _ patches: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ geometry: hb_window, rows: Range<Int>,
        channels: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_scatter_patches(
                patches, dx, $0, rows.lowerBound, rows.upperBound, channels.lowerBound, channels.count)
        }
    }
}

/// Sets numbers to zero. As bytes, because a generic loop over numbers is not compiled for any one type.
func clear<S: Scalar>(_ x: UnsafeMutablePointer<S>, _ count: Int) {
    let bytes = count * MemoryLayout<S>.stride
    UnsafeMutableRawPointer(x).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: PatchKernels {
    public static func gatherPatches(
        _ x: UnsafePointer<Double>, _ patches: UnsafeMutablePointer<Double>, _ geometry: hb_window, rows: Range<Int>,
        channels: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_gather_patches_double(
                x, patches, $0, rows.lowerBound, rows.upperBound, channels.lowerBound, channels.count)
        }
    }

    public static func scatterPatches(
        _ patches: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>, _ geometry: hb_window,
        rows: Range<Int>, channels: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_scatter_patches_double(
                patches, dx, $0, rows.lowerBound, rows.upperBound, channels.lowerBound, channels.count)
        }
    }
}
