#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The files that come with the package.
///
/// SwiftPM copies them into a bundle beside the executable and generates `Bundle.module` to find it, which stops the process when
/// it does not. Here a missing bundle is an error like any other, and the source tree is searched too.
enum Resource {
  /// What SwiftPM calls the bundle of this target, on Linux and on Apple's systems (flat, and as Xcode lays it out).
  private static let bundles = ["lanewise_Net.resources", "lanewise_Net.bundle", "lanewise_Net.bundle/Contents/Resources"]

  /// The path of the file or folder called `name`.
  static func path(_ name: String) throws(NetError) -> String {
    let places = Resource.places
    guard let place = places.first(where: { fileStatus("\($0)/\(name)") != nil }) else {
      throw NetError("\(name): this resource of the package is not in any of: \(places.joined(separator: ", "))")
    }
    return "\(place)/\(name)"
  }

  /// Where resources can be, the likeliest first.
  private static var places: [String] {
    let folders = [executable, image].compactMap { $0 }.flatMap(foldersAround)
    let besides = folders.flatMap { folder in bundles.map { "\(folder)/\($0)" } }
    var seen: Set<String> = []
    return (besides + [sourceFolder]).filter { seen.insert($0).inserted }
  }

  /// The folder of `path` and, for a binary inside a bundle (X.xctest/Contents/MacOS/X), the folder of the bundle.
  private static func foldersAround(_ path: String) -> [String] {
    let folder = parent(path)
    return folder.hasSuffix("/Contents/MacOS") ? [folder, parent(parent(parent(folder)))] : [folder]
  }

  /// Sources/Net/Resources of the machine that compiled this file.
  private static var sourceFolder: String { parent(parent(#filePath)) + "/Resources" }

  private static func parent(_ path: String) -> String { folder(of: path) }

  /// The path of the running executable.
  private static var executable: String? {
    #if canImport(Darwin)
      var size: UInt32 = 0
      _ = _NSGetExecutablePath(nil, &size)
      var buffer = [CChar](repeating: 0, count: Int(size))
      guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
      let path = buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    #else
      let path = "/proc/self/exe"
    #endif
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The path of the binary that holds this code: under `swift test` on a Mac the executable is Xcode's, the code in a bundle.
  private static var image: String? {
    #if canImport(Darwin)
      var information = Dl_info()
      guard dladdr(#dsohandle, &information) != 0, let name = information.dli_fname else { return nil }
      return String(cString: name)
    #else
      return nil
    #endif
  }
}
