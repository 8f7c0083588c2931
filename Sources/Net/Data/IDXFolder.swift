extension Dataset {
  /// MNIST, Fashion-MNIST or another data set in their form: the four files `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
  /// `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte` in one folder, each plain or with `.gz`, also written `train-images.idx3-ubyte`.
  ///
  /// Inputs are `[count, height, width, channels]`, scaled to 0...1. Targets are classes: `classes` of them, or as many as the
  /// training labels have. Throws when a file is missing, damaged or empty, when images and labels differ in number, when the images
  /// of both sets differ in size, and when a label is outside the classes.
  public static func idx(folder: String, classes: Int? = nil) throws(NetError) -> (train: Dataset, test: Dataset) {
    let trainPair = try IDXPair(folder: folder, prefix: "train")
    let testPair = try IDXPair(folder: folder, prefix: "t10k")
    guard trainPair.imageShape == testPair.imageShape else {
      throw NetError("\(folder): the training images are \(trainPair.imageShape), the test images \(testPair.imageShape)")
    }
    let train = try trainPair.dataset(classes: classes)
    let test = try testPair.dataset(classes: train.classCount)
    return (train, test)
  }

  private var classCount: Int? {
    guard case .classes(_, let count) = targets else { return nil }
    return count
  }
}

/// A file of images and the file of their labels.
private struct IDXPair {
  let imagesPath, labelsPath: String
  let images, labels: IDXReader

  /// Finds both files and compares what their headers promise.
  init(folder: String, prefix: String) throws(NetError) {
    imagesPath = try IDXPair.find(folder, prefix + "-images", "idx3-ubyte")
    labelsPath = try IDXPair.find(folder, prefix + "-labels", "idx1-ubyte")
    images = try IDXReader(imagesPath, content: .images)
    labels = try IDXReader(labelsPath, content: .labels)
    guard images.count == labels.count else {
      throw NetError("\(imagesPath): \(images.count) images, but \(labels.count) labels in \(labelsPath)")
    }
  }

  var imageShape: [Int] { Array(images.shape.dropFirst()) }

  func dataset(classes: Int?) throws(NetError) -> Dataset {
    let labels = try labels.labels()
    let classes = classes ?? Int(labels.max()!) + 1
    if let at = labels.firstIndex(where: { $0 >= classes }) {
      throw NetError("\(labelsPath): label \(labels[at]) of example \(at) is outside the classes 0..<\(classes)")
    }
    return try Dataset(inputs: images.images(), targets: .classes(labels, count: classes))
  }

  private static func find(_ folder: String, _ stem: String, _ suffix: String) throws(NetError) -> String {
    guard let status = fileStatus(folder) else { throw NetError("\(folder): cannot be read: \(systemReason())") }
    guard status.isDirectory else { throw NetError("\(folder): not a folder") }
    let names = ["-", "."].flatMap { ["\(stem)\($0)\(suffix)", "\(stem)\($0)\(suffix).gz"] }
    guard let path = names.lazy.map({ "\(folder)/\($0)" }).first(where: { fileStatus($0) != nil }) else {
      throw NetError("\(folder): holds none of \(names.joined(separator: ", "))")
    }
    return path
  }
}
