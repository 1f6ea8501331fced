import CImages
import CZLib

/// The versions of the libraries that read images.
package enum ImageLibraries {
    package static var versions: [(name: String, version: String)] {
        [
            ("libjpeg-turbo", String(cString: hb_image_jpeg_version())),
            ("libpng", String(cString: hb_image_png_version())),
            ("libwebp", String(cString: hb_image_webp_version())), ("zlib", String(cString: zlibVersion())),
        ]
    }
}
