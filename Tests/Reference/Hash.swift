/// FNV-1a-64 of the bytes of `values`.
public func fnv1a(_ values: [Float]) -> UInt64 {
  values.withUnsafeBytes { bytes in
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }
}
