extension Dataset {
  /// 5,000 handwritten digits that come with the package: 4,000 to train and 1,000 to test, `[count, 28, 28, 1]` in 0...1, ten
  /// classes alike in number. Image i shows the digit i mod 10.
  ///
  /// A subset of MNIST; Sources/Net/Resources/digits/README.md tells its origin and licence. Throws when the files are not found,
  /// listing the folders where they were looked for.
  public static func digits() throws(NetError) -> (train: Dataset, test: Dataset) {
    try idx(folder: Resource.path("digits"), classes: 10)
  }
}
