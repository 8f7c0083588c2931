/// Ready networks, each readable as the table it is known by.
public enum Networks {
  /// The multi-layer perceptron 784-500-500-10 with ReLU, for 28x28 images of 10 classes; it answers with logits.
  /// 648,010 parameters.
  public static func mlp() -> Sequential {
    Sequential {
      Flatten()
      Dense(500, activation: .relu)
      Dense(500, activation: .relu)
      Dense(10)
    }
  }
}
