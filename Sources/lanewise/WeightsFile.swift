import Net

/// Weights on disk with the name of their network, so that whoever reads them knows what to build.
enum WeightsFile {
  /// Writes to `path`, or where that fails after all, so that no training is lost, somewhere else: then the error says where.
  static func write(_ model: Model, of network: Network, to path: String) throws {
    let tensors = try model.parameters.map { (name: $0.name, tensor: try model.parameter($0.name)) }
    let metadata = [
      "model": network.name, "input": dimensions(network.input), "classes": "\(network.classes)",
      "producer": "lanewise \(version)",
    ]
    let file = Safetensors(tensors: tensors, metadata: metadata)
    do {
      try file.write(to: path)
    } catch {
      for refuge in AtomicFile.refuges(from: path) where (try? file.write(to: refuge)) != nil {
        throw NetError("\(error); the weights are in \(refuge)")
      }
      throw NetError("\(error); nor could they be written anywhere else: the weights are lost")
    }
  }

  /// The network of the file at `path` with the file's weights. Other programs may have dropped the name of the network; then it is
  /// the one that the names and shapes of the tensors fit.
  static func read(_ path: String) throws -> (Network, Model) {
    let known = Network.all.map(\.name).joined(separator: ", ")
    guard let name = try Safetensors.metadata(of: path)["model"] else {
      _ = try Safetensors.read(path)
      for network in Network.all {
        let model = try network.model()
        if (try? model.loadWeights(from: path)) != nil { return (network, model) }
      }
      throw NetError("\(path): names no model, and its tensors fit none of \(known)")
    }
    guard let network = Network.named(name) else {
      throw NetError("\(path): weights of the model \(name); this version knows \(known)")
    }
    let model = try network.model()
    try model.loadWeights(from: path)
    return (network, model)
  }
}
