/// How many of `count` a share of them is, rounded up: the one place where shares become counts.
///
/// A share is meant as the decimal number it is written as: 0.8 of 100 is 80, and so is 1 - 0.2, though neither is exact. So what is
/// within a few roundings of a whole number is that number.
func countOf(share: Double, of count: Int) -> Int {
  let product = Double(count) * share, whole = product.rounded()
  let roundings = 0x1p-51 * Double(count)
  return Int(whole > 0 && (product - whole).magnitude <= roundings ? whole : product.rounded(.up))
}
