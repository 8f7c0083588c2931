extension Dataset {
  /// MNIST, Fashion-MNIST or another data set in their form: the four files `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
  /// `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte` in one folder, each plain or with `.gz`, also written
  /// `train-images.idx3-ubyte`. A file may lie in a folder of its name, in either spelling; one beside such folders goes first.
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

  /// The file of this stem: in `folder` itself, else in a folder there that has the file's name, as some archives unpack.
  private static func find(_ folder: String, _ stem: String, _ suffix: String) throws(NetError) -> String {
    guard let status = fileStatus(folder) else { throw NetError("\(folder): cannot be read: \(systemReason())") }
    guard status.isDirectory else { throw NetError("\(folder): not a folder") }
    let names = ["-", "."].flatMap { ["\(stem)\($0)\(suffix)", "\(stem)\($0)\(suffix).gz"] }
    func file(in place: String) -> String? {
      names.lazy.map { "\(place)/\($0)" }.first { fileStatus($0).map { !$0.isDirectory } ?? false }
    }
    let folders = names.map { "\(folder)/\($0)" }.filter { fileStatus($0)?.isDirectory ?? false }
    guard let path = file(in: folder) ?? folders.lazy.compactMap(file).first else {
      let inside = folders.map { "; nor does the folder \($0)" }.joined()
      throw NetError("\(folder): holds none of \(names.joined(separator: ", "))\(inside)")
    }
    return path
  }
}
