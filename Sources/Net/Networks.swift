import Kernels

/// Ready networks, each readable as the table it is known by. They answer with logits.
public enum Networks {
  /// The multi-layer perceptron 784-500-500-10 with ReLU, for 28x28 images of 10 classes. 648,010 parameters.
  public static func mlp() -> Sequential {
    Sequential {
      Flatten()
      Dense(500, activation: .relu)
      Dense(500, activation: .relu)
      Dense(10)
    }
  }

  /// LeNet as Caffe has it (after LeCun et al. 1998), for 28x28x1. 431,080 parameters.
  public static func lenet(classes: Int = 10) -> Sequential {
    Sequential {
      Conv2D(20, kernelSize: 5)
      MaxPool2D(2)
      Conv2D(50, kernelSize: 5)
      MaxPool2D(2)
      Flatten()
      Dense(500, activation: .relu)
      Dense(classes)
    }
  }

  /// Two convolutions with pooling and a wide dense layer, the network of TensorFlow's first tutorial, for 28x28x1.
  /// 3,274,634 parameters.
  public static func twoConv(classes: Int = 10) -> Sequential {
    Sequential {
      Conv2D(32, kernelSize: 5, padding: .same, activation: .relu)
      MaxPool2D(2)
      Conv2D(64, kernelSize: 5, padding: .same, activation: .relu)
      MaxPool2D(2)
      Flatten()
      Dense(1024, activation: .relu)
      Dropout(rate: 0.4)
      Dense(classes)
    }
  }

  /// Two convolutions with batch normalisation and pooling, and dropout before the only dense layer, for 28x28x1.
  /// 83,562 trainable parameters.
  public static func twoConvBatchNorm(classes: Int = 10) -> Sequential {
    Sequential {
      convolution(32, 5)
      MaxPool2D(2)
      convolution(64, 5)
      MaxPool2D(2)
      Flatten()
      Dropout(rate: 0.5)
      Dense(classes)
    }
  }

  /// A small network in the manner of VGG (Simonyan and Zisserman 2014) with batch normalisation: two pairs of 3x3 convolutions, dropout
  /// after each part, for 28x28x1. 218,714 trainable parameters.
  public static func vggSmall(classes: Int = 10) -> Sequential {
    Sequential {
      for filters in [16, 32] {
        convolution(filters, 3)
        convolution(filters, 3)
        MaxPool2D(2)
        Dropout(rate: 0.25)
      }
      Flatten()
      Dense(128, useBias: false, kernelInitializer: .heNormal())
      BatchNorm()
      ActivationLayer(.relu)
      Dropout(rate: 0.5)
      Dense(classes)
    }
  }

  /// ResNet-20 (He et al. 2015, section 4.2, with projections) for 28x28x1: three stages of three blocks.
  /// 272,186 trainable parameters.
  public static func resNet20(classes: Int = 10) -> Sequential {
    Sequential {
      convolution(16, 3)
      for (stage, filters) in [16, 32, 64].enumerated() {
        basicBlock(filters, strides: stage == 0 ? 1 : 2)
        basicBlock(filters)
        basicBlock(filters)
      }
      GlobalAvgPool2D()
      Dense(classes)
    }
  }

  /// ResNet-18 (He et al. 2015, table 1) for 224x224x3. 11,689,512 trainable parameters.
  public static func resNet18(classes: Int = 1000) -> Sequential {
    Sequential {
      convolution(64, 7, strides: 2)
      MaxPool2D(3, strides: 2, padding: 1)
      for (stage, filters) in [64, 128, 256, 512].enumerated() {
        basicBlock(filters, strides: stage == 0 ? 1 : 2)
        basicBlock(filters)
      }
      GlobalAvgPool2D()
      Dense(classes)
    }
  }

  /// MobileNet (Howard et al. 2017, table 1) cut down to 28x28x1: a depthwise 3x3, then a pointwise convolution, five times.
  /// 136,202 trainable parameters.
  public static func mobileNetSmall(classes: Int = 10) -> Sequential {
    Sequential {
      convolution(32, 3)
      for (filters, strides) in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1)] {
        depthwise(3, strides: strides)
        convolution(filters, 1)
      }
      GlobalAvgPool2D()
      Dense(classes)
    }
  }

  /// ShuffleNet 0.5x with three groups (Zhang et al. 2017, table 1) cut down to its first two stages, for 28x28x1.
  /// 38,056 trainable parameters.
  public static func shuffleNetSmall(classes: Int = 10) -> Sequential {
    Sequential {
      convolution(24, 3)
      for filters in [120, 240] {
        ShuffleUnit(filters: filters, groups: 3, strides: 2)
        ShuffleUnit(filters: filters, groups: 3)
        ShuffleUnit(filters: filters, groups: 3)
      }
      GlobalAvgPool2D()
      Dense(classes)
    }
  }

  /// Images as sequences of rows: an LSTM reads one row a step, and its last state is classified. For 28x28x1.
  /// 81,674 parameters.
  public static func lstm(units: Int = 128, classes: Int = 10) -> Sequential {
    Sequential {
      Reshape([28, -1])
      LSTM(units)
      Dense(classes)
    }
  }
}

// MARK: Blocks

/// A k x k convolution that keeps the size of the image at stride 1, batch normalisation, and the activation. Weights start as in
/// He et al. 2015, there is no bias: the normalisation has one.
private func convolution(
  _ filters: Int, _ k: Int, strides: Int = 1, groups: Int = 1, activation: Activation = .relu
) -> Sequential {
  Sequential {
    Conv2D(
      filters, kernelSize: Size2D(k), strides: Size2D(strides), padding: .all(k / 2), groups: groups, useBias: false,
      kernelInitializer: .heNormal())
    BatchNorm()
    if activation != .linear { ActivationLayer(activation) }
  }
}

/// The same for each channel on its own.
private func depthwise(_ k: Int, strides: Int = 1, activation: Activation = .relu) -> Sequential {
  Sequential {
    DepthwiseConv2D(
      kernelSize: Size2D(k), strides: Size2D(strides), padding: .all(k / 2), useBias: false, kernelInitializer: .heNormal())
    BatchNorm()
    if activation != .linear { ActivationLayer(activation) }
  }
}

/// Two 3x3 convolutions with a way around them (He et al. 2015, figure 2). A block with strides begins a stage of twice the
/// channels: its shortcut projects with a 1x1 convolution.
private func basicBlock(_ filters: Int, strides: Int = 1) -> Residual {
  Residual {
    convolution(filters, 3, strides: strides)
    convolution(filters, 3, activation: .linear)
  } shortcut: {
    if strides > 1 { convolution(filters, 1, strides: strides, activation: .linear) }
  }
}

/// The unit of ShuffleNet (Zhang et al. 2017, figure 2): a bottleneck of group convolutions whose groups mix in the shuffle, added to its
/// input; with strides, put beside the input pooled.
private struct ShuffleUnit: Layer {
  let filters: Int
  let groups: Int
  var strides = 1
  let kind = "shuffleUnit"

  func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyImage(inputs)
    let added = strides == 1 ? filters : filters - x.shape[2]
    let y = try Sequential {
      convolution(filters / 4, 1, groups: groups)
      ChannelShuffle(groups: groups)
      depthwise(3, strides: strides, activation: .linear)
      convolution(added, 1, groups: groups, activation: .linear)
    }(x)
    let joined = try strides == 1 ? Add()(x, y) : Concatenate()(AvgPool2D(3, strides: Size2D(strides), padding: 1)(x), y)
    return try ActivationLayer(.relu)(joined)
  }
}
