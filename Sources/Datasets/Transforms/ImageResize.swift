import Tensors

extension Image {
    /// The picture at another size, antialiased; its edges lie on the edges of the new one.
    public func resized(to size: Pair, filter: ResizeFilter = .bilinear) -> Image {
        if size == self.size { return self }
        return pixels.withUnsafeBufferPointer { pixels in
            guard let start = pixels.baseAddress else { return self }
            var canvas = Canvas(self, pixels: start, scratch: Canvas.makeScratch())
            canvas.resize(width: size.width, height: size.height, filter: filter)
            return canvas.image()
        }
    }
}
