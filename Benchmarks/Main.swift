import Kernels

/// The entry point: `Benchmarks [run WORKLOAD ... | serve | gemm-vs LIBRARY ...] [OPTIONS]`.
@main struct Main {
  static func main() {
    do {
      let command = try Command(CommandLine.arguments.dropFirst())
      guard command.mode != .help else { return writeLine(Command.help) }
      let options = command.options
      try withTier(options.tier) {
        try withThreads(options.threads) { try run(command.mode, options) }
      }
    } catch {
      writeError("Benchmarks: \(error)")
      exitProcess(status: 2)
    }
  }

  private static func run(_ mode: Command.Mode, _ options: Options) throws {
    switch mode {
    case .help: break
    case .workloads(let lines): report(lines, options)
    case .serve: serve(options)
    case .versus(let libraries): try compareGEMM(with: libraries, options)
    }
  }

  /// Measures the given workloads, or every family's own list when there are none, and prints a table or JSON lines.
  private static func report(_ lines: [String]?, _ options: Options) {
    let machine = Machine()
    if !options.json { writeLine(machine.description) }
    for family in families where lines == nil {
      if !options.json { writeLine("\n\(family.name): \(family.summary)") }
      for line in family.examples { write(line: line, machine, options) }
    }
    for line in lines ?? [] { write(line: line, machine, options) }
  }

  private static func write(line: String, _ machine: Machine, _ options: Options) {
    let answer = answer(line, machine, seconds: options.seconds)
    writeLine(options.json ? answer.json : answer.text)
  }

  /// Answers each line of standard input with one JSON line, until the end of input.
  private static func serve(_ options: Options) {
    let machine = Machine()
    while let line = readLine() { writeLine(answer(line, machine, seconds: options.seconds).json) }
  }
}
