exitProcess(Program.run(CommandLine.arguments.dropFirst().map { $0 }))
