import Foundation

/// A folder that lives as long as the test that made it.
final class TemporaryFolder {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "lanewise-" + UUID().uuidString
    try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The names in the folder.
  var contents: [String] { try! FileManager.default.contentsOfDirectory(atPath: path).sorted() }

  func path(_ name: String) -> String { path + "/" + name }

  /// Puts `bytes` into a file of that name; the result is its path.
  @discardableResult
  func write(_ bytes: [UInt8], _ name: String) -> String {
    let file = fopen(path(name), "wb")!
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    return path(name)
  }

  func remove(_ name: String) { try! FileManager.default.removeItem(atPath: path(name)) }

  func read(_ name: String) -> [UInt8] { Array(try! Data(contentsOf: URL(fileURLWithPath: path(name)))) }
}

/// The message of the NetError that `body` throws, with the folder's path cut off; nil when it throws none.
func message(in folder: TemporaryFolder? = nil, _ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch {
    let text = "\(error)"
    return folder.map { text.replacingOccurrences(of: $0.path + "/", with: "") } ?? text
  }
}
