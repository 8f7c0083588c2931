#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Writes a line to standard output at once: a reader at the other end of a pipe waits for it.
func writeLine(_ line: String) {
  print(line)
  fflush(nil)
}

func writeError(_ line: String) {
  let bytes = Array("\(line)\n".utf8)
  _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

func exitProcess(status: Int32) -> Never { exit(status) }

/// `value` with a fixed number of decimals.
func rounded(_ value: Double, to decimals: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return value.isNaN ? "nan" : "\(value)" }
  var unit = 1
  for _ in 0..<decimals { unit *= 10 }
  let scaled = Int((abs(value) * Double(unit)).rounded())
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard decimals > 0 else { return "\(sign)\(scaled)" }
  let fraction = String(scaled % unit)
  return "\(sign)\(scaled / unit).\(String(repeating: "0", count: decimals - fraction.count))\(fraction)"
}

/// Seconds in the unit that reads best.
func duration(_ seconds: Double) -> String {
  if seconds >= 1 { return "\(rounded(seconds, to: 3)) s" }
  if seconds >= 1e-3 { return "\(rounded(seconds * 1e3, to: 3)) ms" }
  return "\(rounded(seconds * 1e6, to: 2)) us"
}

func padded(_ text: String, to width: Int) -> String {
  text + String(repeating: " ", count: max(1, width - text.count))
}

func geometricMean(_ values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  return exp(values.map { log($0) }.reduce(0, +) / Double(values.count))
}

/// One JSON object, its members in the order they were added.
struct JSONObject {
  private var members: [String] = []

  var text: String { "{\(members.joined(separator: ","))}" }

  mutating func add(_ name: String, _ value: String) { add(name, literal: quoted(value)) }
  mutating func add(_ name: String, _ value: Int) { add(name, literal: "\(value)") }
  mutating func add(_ name: String, _ value: Bool) { add(name, literal: "\(value)") }
  /// Six significant digits; JSON has no infinity, so that is null.
  mutating func add(_ name: String, _ value: Double) {
    guard value.isFinite, value != 0 else { return add(name, literal: value == 0 ? "0" : "null") }
    let step = pow(10, floor(log10(abs(value))) - 5)
    // Dividing by a power of ten is exact enough to print short; multiplying by its inverse is not.
    let digits = (value / step).rounded()
    add(name, literal: "\(step < 1 ? digits / (1 / step).rounded() : digits * step)")
  }

  private mutating func add(_ name: String, literal: String) { members.append("\(quoted(name)):\(literal)") }

  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
