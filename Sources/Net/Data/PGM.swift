/// Grey images in the PGM format of Netpbm: plain (P2) and raw (P5), up to 65,535 grey levels.
public enum PGM {
  /// The image of a file as a tensor of shape `[1, height, width, 1]`, black 0 and white 1.
  ///
  /// Throws, naming the path, when the file is not PGM or holds more or fewer pixels than its header promises.
  public static func image(_ path: String) throws(NetError) -> Tensor {
    let file = try InputFile(path)
    var parser = PGMParser(path: path, bytes: try file.bytes(at: 0, count: file.size))
    return try parser.image()
  }
}

extension Tensor {
  /// The images of a file as a tensor of shape `[count, height, width, channels]` in 0...1, for `predict`: PGM, or IDX (plain or
  /// gzip), told by the first byte of the file.
  public static func images(_ path: String) throws(NetError) -> Tensor {
    let file = try InputFile(path)
    guard file.size > 0 else { throw NetError("\(path): empty: expected an IDX or PGM file") }
    return try file.bytes(at: 0, count: 1) == [UInt8(ascii: "P")] ? PGM.image(path) : IDX.images(path)
  }
}

private struct PGMParser {
  let path: String
  let bytes: [UInt8]
  private var at = 0

  init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  mutating func image() throws(NetError) -> Tensor {
    guard bytes.count >= 2, bytes[0] == UInt8(ascii: "P"), bytes[1] == UInt8(ascii: "2") || bytes[1] == UInt8(ascii: "5") else {
      throw NetError("\(path): not a PGM file: it does not start with P2 or P5")
    }
    let isRaw = bytes[1] == UInt8(ascii: "5")
    at = 2
    let (width, height) = (try number("width"), try number("height"))
    let white = try number("number of grey levels")
    guard width > 0, height > 0 else { throw NetError("\(path): empty: \(width)x\(height) pixels") }
    guard 1...65535 ~= white else { throw NetError("\(path): \(white) grey levels; 1 to 65535 are possible") }

    // A pixel takes at least one byte, so no header can promise more pixels than the file has bytes.
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, count <= bytes.count else {
      throw NetError("\(path): truncated: its header promises \(width)x\(height) pixels, it has \(bytes.count) bytes")
    }
    let levels = isRaw ? try rawLevels(count, white) : try plainLevels(count)
    let toUnit = 1 / Float(white)
    var values: [Float] = []
    values.reserveCapacity(count)
    for level in levels {
      guard level <= white else { throw NetError("\(path): a pixel of \(level), above the \(white) of its header") }
      values.append(Float(level) * toUnit)
    }
    return try Tensor(shape: [1, height, width, 1], values)
  }

  /// One or two bytes a pixel, the higher first, after exactly one space.
  private func rawLevels(_ count: Int, _ white: Int) throws(NetError) -> [Int] {
    let width = white < 256 ? 1 : 2
    let start = at + 1
    let available = max(0, bytes.count - start)
    guard available >= count * width else {
      throw NetError("\(path): truncated: its header promises \(count * width) bytes, \(available) follow")
    }
    guard available == count * width else {
      throw NetError("\(path): too long: its header promises \(count * width) bytes, \(available) follow")
    }
    return (0..<count).map { pixel in
      bytes[start + pixel * width..<start + (pixel + 1) * width].reduce(0) { $0 << 8 | Int($1) }
    }
  }

  /// Decimal numbers between spaces.
  private mutating func plainLevels(_ count: Int) throws(NetError) -> [Int] {
    var levels: [Int] = []
    levels.reserveCapacity(count)
    for pixel in 0..<count { levels.append(try number("pixel \(pixel) of \(count)")) }
    skipSpace()
    guard at == bytes.count else { throw NetError("\(path): too long: text follows its \(count) pixels") }
    return levels
  }

  /// Skips white space and comments, which run from # to the end of the line.
  private mutating func skipSpace() {
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "#") {
        while at < bytes.count, bytes[at] != 0x0A, bytes[at] != 0x0D { at += 1 }
      } else if bytes[at] == 0x20 || 0x09...0x0D ~= bytes[at] {
        at += 1
      } else {
        return
      }
    }
  }

  /// The next decimal number of at most nine digits.
  private mutating func number(_ what: String) throws(NetError) -> Int {
    skipSpace()
    guard at < bytes.count else { throw NetError("\(path): truncated: it ends before the \(what)") }
    var (value, digits) = (0, 0)
    while at < bytes.count, digits <= 9, 0x30...0x39 ~= bytes[at] {
      value = value * 10 + Int(bytes[at] - 0x30)
      (at, digits) = (at + 1, digits + 1)
    }
    guard 1...9 ~= digits else { throw NetError("\(path): not a PGM file: no number for the \(what) at byte \(at)") }
    return value
  }
}
