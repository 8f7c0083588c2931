import Foundation
import Net
import Testing

@Suite struct IDXFolderTests {
  let folder = TemporaryFolder()

  /// Four files of tiny images, two to train and one to test.
  private func writeAll(trainLabels: [UInt8] = [0, 2], testLabels: [UInt8] = [1], testSide: Int = 1) throws {
    try IDX.write(shape: [2, 1, 1], [10, 20], to: folder.path("train-images-idx3-ubyte"))
    try IDX.write(shape: [trainLabels.count], trainLabels, to: folder.path("train-labels-idx1-ubyte"))
    let pixels = [UInt8](repeating: 30, count: testSide * testSide)
    try IDX.write(shape: [1, testSide, testSide], pixels, to: folder.path("t10k-images-idx3-ubyte"))
    try IDX.write(shape: [testLabels.count], testLabels, to: folder.path("t10k-labels-idx1-ubyte"))
  }

  private func error(classes: Int? = nil) -> String? {
    message(in: folder) { _ = try Dataset.idx(folder: folder.path, classes: classes) }?
      .replacing(folder.path, with: "FOLDER")
  }

  @Test func readsFourFiles() throws {
    try writeAll()
    let (train, test) = try Dataset.idx(folder: folder.path)
    #expect(train.inputs.shape == [2, 1, 1, 1])
    #expect(train.inputs.values == [10 * (1 / Float(255)), 20 * (1 / Float(255))])
    #expect(test.inputs.shape == [1, 1, 1, 1])
    guard case .classes([0, 2], count: 3) = train.targets, case .classes([1], count: 3) = test.targets else {
      Issue.record("wrong targets: \(train.targets) and \(test.targets)")
      return
    }
  }

  @Test func knowsTheOtherSpelling() throws {
    try writeAll()
    let images = folder.read("train-images-idx3-ubyte")
    for (index, name) in ["train-images", "t10k-images"].enumerated() {
      folder.write(index == 0 ? images : folder.read("t10k-images-idx3-ubyte"), "\(name).idx3-ubyte")
      folder.remove("\(name)-idx3-ubyte")
    }
    #expect(try Dataset.idx(folder: folder.path).train.count == 2)
  }

  /// The four files, each moved to what `place` makes of its name.
  private func move(_ place: (String) -> String) throws {
    for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] {
      let bytes = folder.read(name)
      folder.remove(name)
      let path = folder.path(place(name))
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      folder.write(bytes, place(name))
    }
  }

  private static func dotted(_ name: String) -> String { name.replacing("-idx", with: ".idx") }

  /// What archives of widespread mirrors unpack to: folders called like the files, in either spelling.
  @Test(arguments: ["dash/dash", "dash/dot", "dot/dash", "dot/dot", "gz/dash", "gz/dot"])
  func looksIntoFoldersOfTheFilesNames(place: String) throws {
    try writeAll()
    try move { name in
      place.split(separator: "/").map { $0 == "dash" ? name : $0 == "dot" ? Self.dotted(name) : name + ".gz" }
        .joined(separator: "/")
    }
    let (train, test) = try Dataset.idx(folder: folder.path)
    #expect(train.inputs.values == [10 * (1 / Float(255)), 20 * (1 / Float(255))] && test.count == 1)
  }

  @Test func aFileGoesBeforeAFolder() throws {
    // Folders in the place of each dashed file, full or empty, beside the files with dots.
    try writeAll()
    try move(Self.dotted)
    try FileManager.default.createDirectory(atPath: folder.path("train-images-idx3-ubyte"), withIntermediateDirectories: true)
    folder.write([1, 2, 3], "train-images-idx3-ubyte/train-images-idx3-ubyte")
    for name in ["train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz"] {
      try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
    }
    #expect(try Dataset.idx(folder: folder.path).train.inputs.values == [10 * (1 / Float(255)), 20 * (1 / Float(255))])
  }

  @Test func anEmptyFolderInAFilesPlaceIsNamed() throws {
    try writeAll()
    folder.remove("train-images-idx3-ubyte")
    // A folder within the folder is not searched.
    let deep = folder.path("train-images-idx3-ubyte/train-images-idx3-ubyte")
    try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("train-images.idx3-ubyte"), withDestinationPath: "nowhere")
    let text = error()
    #expect(text?.hasPrefix("FOLDER: holds none of train-images-idx3-ubyte, train-images-idx3-ubyte.gz, ") == true)
    #expect(text?.hasSuffix("; nor does the folder train-images-idx3-ubyte") == true)
  }

  @Test func refusesWhatDoesNotFit() throws {
    try writeAll(trainLabels: [0, 1, 1])
    #expect(error() == "train-images-idx3-ubyte: 2 images, but 3 labels in train-labels-idx1-ubyte")
    try writeAll(testLabels: [3])
    #expect(error() == "t10k-labels-idx1-ubyte: label 3 of example 0 is outside the classes 0..<3")
    try writeAll()
    #expect(error(classes: 2) == "train-labels-idx1-ubyte: label 2 of example 1 is outside the classes 0..<2")
    try writeAll(testSide: 2)
    #expect(error() == "FOLDER: the training images are [1, 1], the test images [2, 2]")
  }

  @Test func namesMissingFiles() throws {
    #expect(message { _ = try Dataset.idx(folder: "/no/such") } == "/no/such: cannot be read: No such file or directory")
    #expect(message { _ = try Dataset.idx(folder: "/dev/null") } == "/dev/null: not a folder")
    try writeAll()
    folder.remove("t10k-labels-idx1-ubyte")
    let names = ["-idx1-ubyte", "-idx1-ubyte.gz", ".idx1-ubyte", ".idx1-ubyte.gz"].map { "t10k-labels\($0)" }
    #expect(error() == "FOLDER: holds none of \(names.joined(separator: ", "))")
  }
}
