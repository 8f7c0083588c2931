extension Model {
  /// Writes all parameters as safetensors, each under its name (`dense_1/kernel`), running statistics included, the optimizer's
  /// memory not. The file appears whole or not at all.
  public func saveWeights(to path: String) throws {
    try reading("saveWeights") {
      let tensors = store.specs.indices.map { (name: store.specs[$0].name, tensor: store.tensor($0)) }
      try Safetensors(tensors: tensors, metadata: [:]).write(to: path)
    }
  }

  /// Reads parameters that `saveWeights` wrote from a model of the same architecture. On an error nothing is changed.
  ///
  /// - Throws: `NetError` naming the parameter when one is missing, too many, of another shape or not finite.
  public func loadWeights(from path: String) throws {
    let file = try Safetensors.read(path)
    let tensors = Dictionary(file.tensors.map { (Name($0.name), $0.tensor) }, uniquingKeysWith: { first, _ in first })
    for spec in store.specs {
      guard let tensor = tensors[Name(spec.name)] else {
        throw NetError("\(path): there is no \(spec.name) of shape \(spec.shape), which this network has; \(listing(file))")
      }
      guard tensor.shape == spec.shape else {
        throw NetError("\(path): \(spec.name) has shape \(tensor.shape); this network has \(spec.shape)")
      }
      guard tensor.values.allSatisfy(\.isFinite) else {
        throw NetError("\(path): \(spec.name) holds NaN or infinity; expected finite numbers")
      }
    }
    let known = Set(store.specs.map { Name($0.name) })
    if let extra = file.tensors.first(where: { !known.contains(Name($0.name)) }) {
      throw NetError("\(path): \(extra.name) of shape \(extra.tensor.shape) has no place in this network")
    }
    try changing("loadWeights", reentrant: true) {
      for (i, spec) in store.specs.enumerated() { write(tensors[Name(spec.name)]!, to: i) }
    }
  }

  private func listing(_ file: Safetensors) -> String {
    let names = file.tensors.prefix(8).map { "\($0.name) \($0.tensor.shape)" }.joined(separator: ", ")
    return file.tensors.isEmpty ? "the file holds nothing" : "the file holds \(names)" + (file.tensors.count > 8 ? ", ..." : "")
  }
}
