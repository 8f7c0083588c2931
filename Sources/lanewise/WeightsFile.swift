import Net

/// Weights on disk with the name of their network, so that whoever reads them knows what to build.
enum WeightsFile {
  static func write(_ model: Model, of network: Network, to path: String) throws {
    let tensors = try model.parameters.map { (name: $0.name, tensor: try model.parameter($0.name)) }
    let metadata = [
      "model": network.name, "input": dimensions(network.input), "classes": "\(network.classes)",
      "producer": "lanewise \(version)",
    ]
    try Safetensors(tensors: tensors, metadata: metadata).write(to: path)
  }

  /// The network of the file at `path` with the file's weights. Other programs may have dropped the name of the network; then it is
  /// the default one, and the names and shapes of the tensors decide whether it fits.
  static func read(_ path: String) throws -> (Network, Model) {
    let name = try Safetensors.metadata(of: path)["model"] ?? Network.all[0].name
    guard let network = Network.named(name) else {
      let known = Network.all.map(\.name).joined(separator: ", ")
      throw NetError("\(path): weights of the model \(name); this version knows \(known)")
    }
    let model = try network.model()
    try model.loadWeights(from: path)
    return (network, model)
  }
}
